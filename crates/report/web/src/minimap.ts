// The map of the whole run at the right, and which part of it is in view.

import type { Colours } from './colours';
import { IN_FLIGHT } from './data';
import type { Layout } from './geometry';
import type { State } from './state';

/** The picture of the whole run, and what it was made for. */
interface Overview {
  height: number;
  key: string;
  image: HTMLCanvasElement;
}

export class Minimap {
  private overview: Overview | null = null;

  /** The whole run at the right, and which part of it is in view. */
  draw(context: CanvasRenderingContext2D, layout: Layout, colour: Colours, state: State, isLit: (n: number) => boolean) {
    const left = layout.width - layout.map;
    const height = layout.height;
    const key = `${colour.ground} ${state.lostOnly} ${[...state.hiddenKinds]} ${state.follow?.kind} ${JSON.stringify(state.follow)} ${height} ${layout.map}`;
    if (this.overview?.key !== key) this.overview = makeOverview(layout, colour, state, isLit, key);
    context.drawImage(this.overview.image, left, 0, layout.map, height);
    const { first, last } = state.model.run;
    const at = (time: number) => ((time - first) / (last - first)) * height;
    const [y1, y2] = [Math.max(0, at(state.from)), Math.min(height, at(state.until))];
    context.fillStyle = colour.select;
    context.globalAlpha = 0.16;
    context.fillRect(left, y1, layout.map, Math.max(3, y2 - y1));
    context.globalAlpha = 1;
    context.strokeStyle = colour.select;
    context.lineWidth = 1.5;
    context.strokeRect(left + 0.75, y1 + 0.75, layout.map - 1.5, Math.max(3, y2 - y1) - 1.5);
    const dot = (time: number, shade: string, size: number) => {
      context.fillStyle = shade;
      context.fillRect(left, at(time) - size / 2, 7, size);
    };
    for (const finding of state.model.run.meta.findings) {
      if (finding.time !== null) dot(finding.time, colour.lost, 3);
    }
    state.found?.events.slice(0, 2000).forEach((event) => dot(state.model.time(event), colour.mark, 1.5));
  }
}

function makeOverview(layout: Layout, colour: Colours, state: State, isLit: (n: number) => boolean, key: string): Overview {
  const { height } = layout;
  const { messages, first, last, meta } = state.model.run;
  const scale = devicePixelRatio || 1;
  const image = document.createElement('canvas');
  image.width = layout.map * scale;
  image.height = Math.max(1, height * scale);
  const context = image.getContext('2d')!;
  context.scale(scale, scale);
  context.fillStyle = colour.ground;
  context.fillRect(0, 0, layout.map, height);
  context.fillStyle = colour.line;
  context.fillRect(0, 0, 1, height);
  const bins = Math.max(1, Math.ceil(height / 2));
  const good = new Uint32Array(bins);
  const bad = new Uint32Array(bins);
  for (let n = 0; n < messages.count; n++) {
    if (!state.takes(n) || !isLit(n)) continue;
    const at = Math.min(bins - 1, (((messages.sent[n]! - first) / (last - first)) * bins) | 0);
    if (messages.fate[n]! > IN_FLIGHT) bad[at]!++;
    else good[at]!++;
  }
  let most = 1;
  for (let n = 0; n < bins; n++) most = Math.max(most, good[n]! + bad[n]!);
  for (const fault of meta.faults) {
    const [y1, y2] = [fault.from, fault.until ?? last].map((time) => ((time - first) / (last - first)) * height) as [number, number];
    const kinds = [...new Set(meta.faults.map((fault) => fault.kind))];
    context.fillStyle = colour.fault[kinds.indexOf(fault.kind) % colour.fault.length]!;
    context.globalAlpha = 0.35;
    context.fillRect(2, y1, 8, Math.max(1, y2 - y1));
    context.globalAlpha = 1;
  }
  for (let n = 0; n < bins; n++) {
    const width = Math.sqrt((good[n]! + bad[n]!) / most) * (layout.map - 16);
    const part = good[n]! + bad[n]! ? (width * bad[n]!) / (good[n]! + bad[n]!) : 0;
    context.fillStyle = colour.faint;
    context.fillRect(12, n * 2, width - part, 1.6);
    context.fillStyle = colour.lost;
    context.fillRect(12 + width - part, n * 2, part, 1.6);
  }
  return { height, key, image };
}
