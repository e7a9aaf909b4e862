// The colours of pictures, on light and on dark ground.

/** Colours that colour-blind people tell apart (after Okabe and Ito). */
const LIGHT = {
  ground: '#ffffff',
  ink: '#1b1f24',
  faint: '#5c6570',
  line: '#d5dae0',
  lost: '#c2410c',
  mark: '#7a4fbf',
  lit: '#fff3c4',
  select: '#0b57d0',
  ok: '#bfdcf5',
  fail: '#dfe3e8',
  info: '#fde7b8',
  fault: ['#d55e00', '#0072b2', '#cc79a7', '#009e73'],
  kinds: ['#0072b2', '#009e73', '#8a6d00', '#a0488a', '#56708a', '#2a9db5', '#7a5230', '#5a5ad0'],
};
const DARK: typeof LIGHT = {
  ground: '#14181d',
  ink: '#e8ecf1',
  faint: '#9aa5b1',
  line: '#313943',
  lost: '#ff8a4c',
  mark: '#c3a4ff',
  lit: '#4a3f12',
  select: '#8ab4ff',
  ok: '#1f4a6e',
  fail: '#3a424c',
  info: '#5f4a12',
  fault: ['#ff9d5c', '#6db9ee', '#e6a5c8', '#4fd0a5'],
  kinds: ['#6db9ee', '#4fd0a5', '#e0c04a', '#e6a5c8', '#a9bdd2', '#6ad5ea', '#d3a273', '#a9a9ff'],
};

export type Colours = typeof LIGHT;

export function colours(): Colours {
  return matchMedia('(prefers-color-scheme: dark)').matches && !matchMedia('print').matches ? DARK : LIGHT;
}
