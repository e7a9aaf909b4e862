// Words and numbers as they are shown.

/** What moves the cursor, turns letters around or hides is shown as an escape. */
const HARMFUL =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

export function printable(text: string): string {
  return text.replace(HARMFUL, (letters) => {
    if (letters === '\n') return '\\n';
    if (letters === '\t') return '\\t';
    if (letters === '\r') return '\\r';
    return Array.from({ length: letters.length }, (_, n) =>
      '\\u' + letters.charCodeAt(n).toString(16).padStart(4, '0'),
    ).join('');
  });
}

export function clipped(text: string, most: number): string {
  const shown = printable(text);
  return shown.length > most ? shown.slice(0, most) + '…' : shown;
}

/** A moment in µs: `4.123456 s`. */
export function moment(micros: number, digits = 6): string {
  if (!Number.isFinite(micros)) return 'never';
  const text = (micros / 1e6).toFixed(digits);
  return `${/^-0\.?0*$/.test(text) ? text.slice(1) : text} s`;
}

/** A length of time in µs. */
export function span(micros: number): string {
  if (!Number.isFinite(micros)) return 'never ended';
  if (micros < 1000) return `${micros.toFixed(0)} µs`;
  if (micros < 1e6) return `${+(micros / 1000).toPrecision(4)} ms`;
  return `${+(micros / 1e6).toPrecision(5)} s`;
}

export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

const FATES: Record<string, string> = {
  delivered: 'arrived',
  'in-flight': 'still under way when the run ended',
  lost: 'lost by the network',
  partitioned: 'cut by a partition',
  'node-down': 'its receiver was down',
  'dropped-by-plan': 'dropped, as the Plan says',
  'client-gone': 'its client had given up',
  'lost-by-fault': 'lost by a fault',
};

export function fate(name: string): string {
  return FATES[name] ?? name;
}

const HARMS = ['doubled', 'held up', 'on a slow link', 'at a slow node', 'waited while its receiver was paused'];

export function harms(bits: number): string {
  return HARMS.filter((_, n) => bits & (1 << n)).join(', ');
}
