// The run: columns of numbers as the page carries them, unpacked.

import { fromBase64, inflate } from './inflate';

export interface Column {
  name: string;
  count: number;
  planes: number;
}

export interface Fault {
  kind: string;
  text: string;
  effects: string;
  from: number;
  until: number | null;
}

export interface FindingMeta {
  name: string;
  summary: string;
  ops: number[];
  node: string | null;
  time: number | null;
}

export interface Meta {
  version: number;
  title: string;
  workload: string;
  nodes: string[];
  concurrency: number;
  store: string;
  command: string;
  names: string[];
  kinds: string[];
  fates: string[];
  labels: string[];
  functions: string[];
  faults: Fault[];
  findings: FindingMeta[];
  states: { time: number; state: string; nodes: string[] }[];
  cut: boolean;
  /** Where the whole bodies are, if a server has them. */
  bodies: string | null;
  stable: { observed: Quantiles | null; true: Quantiles | null };
  last: number;
  columns: Column[];
}

export type Quantiles = Record<string, number>;

export const DELIVERED = 0;
export const IN_FLIGHT = 1;
/** The time of what never ends. */
export const NEVER = Infinity;

/** Times are in µs from the moment from which operations count. */
export interface Messages {
  count: number;
  id: Float64Array;
  sent: Float64Array;
  /** When it arrived or was lost; NEVER if neither. */
  end: Float64Array;
  src: Uint32Array;
  dest: Uint32Array;
  kind: Uint32Array;
  fate: Uint8Array;
  harm: Uint8Array;
  content: Uint32Array;
  msgId: Float64Array;
  reply: Float64Array;
}

export interface Ops {
  count: number;
  time: Float64Array;
  /** -1: the nemesis. */
  process: Int32Array;
  /** 0 invoke, 1 ok, 2 fail, 3 info. */
  kind: Uint8Array;
  f: Uint32Array;
  value: Uint32Array;
  error: Uint32Array;
  final: Uint8Array;
  /** The place of the node that was asked, or -1. */
  node: Int32Array;
  texts: string[];
  /** The other end of an operation, or -1. */
  pair: Int32Array;
}

export interface Marks {
  count: number;
  time: Float64Array;
  node: Uint32Array;
  label: Uint32Array;
  value: Uint32Array;
  texts: string[];
}

export interface Copies {
  of: Uint32Array;
  end: Float64Array;
  fate: Uint8Array;
}

/** How far consumers of logs were behind, where that changed. */
export interface Lags {
  count: number;
  /** How long a part of the run is, µs. */
  part: number;
  /** The part at whose end it changed. */
  at: Float64Array;
  client: Uint32Array;
  key: Uint32Array;
  /** -1: the client has the key no longer. */
  lag: Int32Array;
  keys: string[];
}

export interface Run {
  meta: Meta;
  lags: Lags | null;
  messages: Messages;
  copies: Copies;
  ops: Ops;
  marks: Marks;
  contents: string[];
  first: number;
  last: number;
}

class Columns {
  private places = new Map<string, { column: Column; at: number }>();

  constructor(
    columns: Column[],
    private bytes: Uint8Array,
  ) {
    let at = 0;
    for (const column of columns) {
      this.places.set(column.name, { column, at });
      at += column.count * column.planes;
    }
    if (at !== bytes.length) throw new Error(`${bytes.length} bytes where ${at} should be`);
  }

  private place(name: string) {
    const place = this.places.get(name);
    if (!place) throw new Error(`there is no column ${name}`);
    return place;
  }

  /** Planes are added up in one kind of array, so that one loop serves all columns fast. */
  numbers<T extends { [at: number]: number; length: number }>(
    name: string,
    make: new (from: ArrayLike<number>) => T,
  ): T {
    const { column, at } = this.place(name);
    const { bytes } = this;
    const { count, planes } = column;
    const low = new Uint32Array(count);
    for (let plane = 0; plane < Math.min(4, planes); plane++) {
      const start = at + plane * count;
      const shift = 8 * plane;
      for (let n = 0; n < count; n++) low[n]! |= bytes[start + n]! << shift;
    }
    const numbers = new make(low);
    for (let plane = 4; plane < planes; plane++) {
      const start = at + plane * count;
      const factor = 256 ** plane;
      for (let n = 0; n < count; n++) numbers[n]! += bytes[start + n]! * factor;
    }
    return numbers;
  }

  floats(name: string): Float64Array {
    return this.numbers(name, Float64Array);
  }

  has(name: string): boolean {
    return this.places.has(name);
  }

  texts(name: string): string[] {
    const { column, at } = this.place(name);
    return JSON.parse(new TextDecoder().decode(this.bytes.subarray(at, at + column.count)));
  }
}

const unzigzag = (number: number) => (number % 2 ? -(number + 1) / 2 : number / 2);

/** Turns differences into what they are differences of. */
function summed(numbers: Float64Array): Float64Array {
  let last = 0;
  for (let n = 0; n < numbers.length; n++) numbers[n] = last += unzigzag(numbers[n]!);
  return numbers;
}

function messages(columns: Columns): Messages {
  const id = summed(columns.floats('m.id'));
  const sent = summed(columns.floats('m.sent'));
  const end = columns.floats('m.took');
  const src = columns.numbers('m.src', Uint32Array);
  const dest = columns.numbers('m.dest', Uint32Array);
  const msgId = columns.floats('m.msg_id');
  const reply = columns.floats('m.reply');
  const ids = new Map<number, number>();
  const replies = new Map<number, number>();
  for (let n = 0; n < id.length; n++) {
    end[n] = end[n] === 0 ? NEVER : sent[n]! + end[n]! - 1;
    msgId[n] = next(ids, src[n]!, msgId[n]!);
    reply[n] = next(replies, src[n]! * 4294967296 + dest[n]!, reply[n]!);
  }
  return {
    count: id.length,
    id,
    sent,
    end,
    src,
    dest,
    kind: columns.numbers('m.kind', Uint32Array),
    fate: columns.numbers('m.fate', Uint8Array),
    harm: columns.numbers('m.harm', Uint8Array),
    content: columns.numbers('m.content', Uint32Array),
    msgId,
    reply,
  };
}

function next(last: Map<number, number>, key: number, packed: number): number {
  if (packed === 0) return NaN;
  const id = (last.get(key) ?? 0) + 1 + unzigzag(packed - 1);
  last.set(key, id);
  return id;
}

function ops(columns: Columns): Ops {
  const time = summed(columns.floats('o.time'));
  const process = columns.numbers('o.process', Int32Array);
  const kind = columns.numbers('o.kind', Uint8Array);
  const pair = new Int32Array(time.length).fill(-1);
  const open = new Map<number, number>();
  for (let n = 0; n < time.length; n++) {
    process[n]!--;
    const who = process[n]!;
    if (who < 0) continue;
    if (kind[n] === 0) {
      open.set(who, n);
      continue;
    }
    const began = open.get(who);
    if (began === undefined) continue;
    open.delete(who);
    pair[began] = n;
    pair[n] = began;
  }
  return {
    count: time.length,
    time,
    process,
    kind,
    f: columns.numbers('o.f', Uint32Array),
    value: columns.numbers('o.value', Uint32Array),
    error: columns.numbers('o.error', Uint32Array),
    final: columns.numbers('o.final', Uint8Array),
    node: columns.numbers('o.node', Int32Array).map((node) => node - 1),
    texts: columns.texts('o.texts'),
    pair,
  };
}

function lags(columns: Columns): Lags | null {
  if (!columns.has('l.at')) return null;
  const at = summed(columns.floats('l.at'));
  return {
    count: at.length,
    part: columns.floats('l.part')[0]!,
    at,
    client: columns.numbers('l.client', Uint32Array),
    key: columns.numbers('l.key', Uint32Array),
    lag: columns.numbers('l.lag', Int32Array).map((lag) => lag - 1),
    keys: columns.texts('l.keys'),
  };
}

/** When messages arrived at each name, in order. */
function arrivals({ count, dest, fate, end }: Messages, names: number): Float64Array[] {
  const counts = new Uint32Array(names);
  for (let n = 0; n < count; n++) if (fate[n] === DELIVERED) counts[dest[n]!]!++;
  const all = Array.from(counts, (count) => new Float64Array(count));
  counts.fill(0);
  for (let n = 0; n < count; n++) if (fate[n] === DELIVERED) all[dest[n]!]![counts[dest[n]!]!++] = end[n]!;
  all.forEach((times) => times.sort());
  return all;
}

/** Marks, most of which stand at the arrival of a message; they are packed by node. */
function marks(columns: Columns, messages: Messages, names: number): Marks {
  const gap = columns.floats('k.gap');
  const own = summed(columns.floats('k.time'));
  const node = summed(columns.floats('k.node'));
  const label = columns.numbers('k.label', Uint32Array);
  const value = columns.numbers('k.value', Uint32Array);
  const { length: count } = gap;
  const at = count ? arrivals(messages, names) : [];
  const times = new Float64Array(count);
  for (let n = 0, passed = 0, owned = 0; n < count; n++) {
    if (n && node[n] !== node[n - 1]) passed = 0;
    if (gap[n] === 0) times[n] = own[owned++]!;
    else times[n] = at[node[n]!]![(passed += gap[n]! - 1) - 1]!;
  }
  const order = Uint32Array.from(gap, (_, n) => n).sort((a, b) => times[a]! - times[b]! || a - b);
  return {
    count,
    time: Float64Array.from(order, (n) => times[n]!),
    node: Uint32Array.from(order, (n) => node[n]!),
    label: Uint32Array.from(order, (n) => label[n]!),
    value: Uint32Array.from(order, (n) => value[n]!),
    texts: columns.texts('k.texts'),
  };
}

export async function unpack(meta: Meta, packed: string): Promise<Run> {
  const columns = new Columns(meta.columns, await inflate(fromBase64(packed)));
  const all = messages(columns);
  const of = columns.numbers('c.of', Uint32Array);
  const took = columns.floats('c.took');
  const copies = {
    of,
    end: took.map((took, n) => all.sent[of[n]!]! + took - 1),
    fate: columns.numbers('c.fate', Uint8Array),
  };
  const first = all.count ? Math.min(0, all.sent[0]!) : 0;
  return {
    meta,
    messages: all,
    copies,
    ops: ops(columns),
    lags: lags(columns),
    marks: marks(columns, all, meta.names.length),
    contents: columns.texts('contents'),
    first,
    last: Math.max(meta.last, first + 1),
  };
}
