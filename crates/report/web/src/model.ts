// What follows from the run: lanes, operations and their clients, values, searches.

import { DELIVERED, type Run } from './data';

export type LaneKind = 'node' | 'service' | 'client';

export interface Lane {
  name: string;
  kind: LaneKind;
}

/** An event of the run: what one steps through and selects. */
export type Event =
  | { what: 'sent' | 'arrived'; n: number }
  | { what: 'op' | 'mark'; n: number };

const BLOCK = 1024;

export class Model {
  readonly lanes: Lane[] = [];
  /** The lane of each name. */
  readonly laneOf: Int32Array;
  /** The lane of the client of each operation, by entry; -1: the nemesis. */
  readonly opLane: Int32Array;
  /** The lane of the node that each operation asks. */
  readonly opNode: Int32Array;
  /** Per block of messages: the last end, so that a window finds what reaches into it. */
  private readonly blockEnd: Float64Array;
  private byEnd: Uint32Array | null = null;
  private mentions: Map<string, number[]> | null = null;

  constructor(readonly run: Run) {
    const { meta, messages } = run;
    const isNode = new Set(meta.nodes);
    const isClient = (name: string) => /^c\d+$/.test(name) && !isNode.has(name);
    this.laneOf = new Int32Array(meta.names.length).fill(-1);
    meta.nodes.forEach((name) => this.lanes.push({ name, kind: 'node' }));
    meta.names.forEach((name, n) => {
      if (isNode.has(name)) this.laneOf[n] = meta.nodes.indexOf(name);
      else if (!isClient(name)) {
        this.laneOf[n] = this.lanes.length;
        this.lanes.push({ name, kind: 'service' });
      }
    });
    [this.opLane, this.opNode] = this.clients(isClient);
    this.blockEnd = new Float64Array(Math.ceil(messages.count / BLOCK));
    let last = -Infinity;
    for (let n = 0; n < messages.count; n++) {
      const end = Number.isFinite(messages.end[n]!) ? messages.end[n]! : messages.sent[n]!;
      last = Math.max(last, end);
      this.blockEnd[(n / BLOCK) | 0] = last;
    }
  }

  /** Gives each worker a lane, and finds which client of the network it was. */
  private clients(isClient: (name: string) => boolean): [Int32Array, Int32Array] {
    const { meta, messages, ops } = this.run;
    const workers = Math.max(1, meta.concurrency);
    const used = new Set<number>();
    for (let n = 0; n < ops.count; n++) if (ops.process[n]! >= 0) used.add(ops.process[n]! % workers);
    const lanes = new Map<number, number>();
    [...used].sort((a, b) => a - b).forEach((worker) => {
      lanes.set(worker, this.lanes.length);
      this.lanes.push({ name: `client ${worker}`, kind: 'client' });
    });
    const asked = new Map<number, number[]>();
    const fromClient = meta.names.map(isClient);
    for (let n = 0; n < messages.count; n++) {
      if (!fromClient[messages.src[n]!]) continue;
      const at = messages.sent[n]!;
      const all = asked.get(at);
      if (all) all.push(n);
      else asked.set(at, [n]);
    }
    const opLane = new Int32Array(ops.count).fill(-1);
    const opNode = new Int32Array(ops.count).fill(-1);
    const known = new Map<number, number>();
    const taken = new Set<number>();
    for (let n = 0; n < ops.count; n++) {
      const process = ops.process[n]!;
      if (process < 0) continue;
      const lane = lanes.get(process % workers)!;
      opLane[n] = lane;
      opNode[n] = ops.node[n]!;
      if (ops.kind[n] !== 0) continue;
      const request = asked
        .get(ops.time[n]!)
        ?.find((m) => !taken.has(m) && (known.get(messages.src[m]!) ?? lane) === lane
          && this.laneOf[messages.dest[m]!] === opNode[n]);
      if (request === undefined) continue;
      taken.add(request);
      known.set(messages.src[request]!, lane);
    }
    known.forEach((lane, name) => (this.laneOf[name] = lane));
    // Clients that only set the cluster up share one lane.
    const others = meta.names.flatMap((name, n) => (isClient(name) && this.laneOf[n]! < 0 ? [n] : []));
    if (others.length) {
      others.forEach((n) => (this.laneOf[n] = this.lanes.length));
      this.lanes.push({ name: 'set-up', kind: 'client' });
    }
    return [opLane, opNode];
  }

  /** Places of messages that may be seen between two moments: from, until. */
  window(from: number, until: number): [number, number] {
    const { messages } = this.run;
    let low = 0;
    let high = this.blockEnd.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.blockEnd[middle]! < from) low = middle + 1;
      else high = middle;
    }
    return [low * BLOCK, lowerBound(messages.sent, until)];
  }

  /** Messages in the order of their ends. */
  ended(): Uint32Array {
    if (this.byEnd) return this.byEnd;
    const { end, count } = this.run.messages;
    const order = new Uint32Array(count);
    for (let n = 0; n < count; n++) order[n] = n;
    order.sort((a, b) => end[a]! - end[b]! || a - b);
    return (this.byEnd = order);
  }

  opText(n: number): string {
    const { ops, meta } = this.run;
    const value = ops.texts[ops.value[n]!] ?? '';
    const error = ops.texts[ops.error[n]!] ?? '';
    const shown = value === 'null' || value === '' ? '' : ` ${value}`;
    return `${meta.functions[ops.f[n]!]}${shown}${error && error !== 'null' ? ` (${error})` : ''}`;
  }

  body(n: number): string {
    const { messages, meta, contents } = this.run;
    const parts = [`"type":${JSON.stringify(meta.kinds[messages.kind[n]!] ?? '')}`];
    if (!Number.isNaN(messages.msgId[n]!)) parts.push(`"msg_id":${messages.msgId[n]}`);
    if (!Number.isNaN(messages.reply[n]!)) parts.push(`"in_reply_to":${messages.reply[n]}`);
    const rest = contents[messages.content[n]!]!;
    if (rest) parts.push(rest);
    else if (this.run.meta.cut && messages.content[n] === 0) parts.push('…');
    return `{${parts.join(',')}}`;
  }

  /** The contents of bodies in which a value stands by itself. */
  holding(value: string): Uint8Array {
    const found = new Uint8Array(this.run.contents.length);
    for (const n of this.mentioned().get(value) ?? []) found[n] = 1;
    return found;
  }

  /** Every value and the contents that it stands in. */
  private mentioned(): Map<string, number[]> {
    if (this.mentions) return this.mentions;
    const mentions = new Map<string, number[]>();
    this.run.contents.forEach((content, n) => {
      for (const word of new Set(content.match(/"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d+(?:\.\d+)?(?![\w"])/g) ?? [])) {
        const all = mentions.get(word);
        if (all) all.push(n);
        else mentions.set(word, [n]);
      }
    });
    return (this.mentions = mentions);
  }

  /** The place of the message with this network id, or -1. */
  byId(id: number): number {
    const ids = this.run.messages.id;
    const at = lowerBound(ids, id);
    return ids[at] === id ? at : ids.indexOf(id);
  }

  /** Messages from which this one follows, and which follow from it. */
  causes(n: number): { past: Uint8Array; future: Uint8Array } {
    const { messages } = this.run;
    const lanes = this.lanes.length;
    const lane = (name: number) => this.laneOf[name]!;
    const future = new Uint8Array(messages.count);
    const since = new Float64Array(lanes).fill(Infinity);
    future[n] = 1;
    if (messages.fate[n] === DELIVERED) since[lane(messages.dest[n]!)] = messages.end[n]!;
    for (let m = n + 1; m < messages.count; m++) {
      const at = lane(messages.src[m]!);
      if (at < 0 || messages.sent[m]! < since[at]!) continue;
      future[m] = 1;
      if (messages.fate[m] !== DELIVERED) continue;
      const to = lane(messages.dest[m]!);
      since[to] = Math.min(since[to]!, messages.end[m]!);
    }
    const past = new Uint8Array(messages.count);
    const until = new Float64Array(lanes).fill(-Infinity);
    past[n] = 1;
    until[lane(messages.src[n]!)] = messages.sent[n]!;
    const order = this.ended();
    for (let at = order.length - 1; at >= 0; at--) {
      const m = order[at]!;
      if (m >= n || messages.fate[m] !== DELIVERED) continue;
      if (messages.end[m]! > until[lane(messages.dest[m]!)]!) continue;
      past[m] = 1;
      const from = lane(messages.src[m]!);
      until[from] = Math.max(until[from]!, messages.sent[m]!);
    }
    return { past, future };
  }

  /** The moment of an event. */
  time(event: Event): number {
    const { messages, ops, marks } = this.run;
    if (event.what === 'sent') return messages.sent[event.n]!;
    if (event.what === 'arrived') return messages.end[event.n]!;
    return event.what === 'op' ? ops.time[event.n]! : marks.time[event.n]!;
  }

  /** Causes before effects at one moment, as the text trace has them. */
  private key(event: Event): [number, number, number, number] {
    const time = this.time(event);
    if (event.what === 'sent') return [time, 3, event.n, 0];
    if (event.what === 'arrived') return [time, 3, event.n, 1];
    if (event.what === 'mark') return [time, 4, event.n, 0];
    return [time, this.run.ops.kind[event.n] === 0 ? 2 : 5, event.n, 0];
  }

  /** The next event in a direction, after an event or a moment, that is wanted. */
  step(from: Event | number, forward: boolean, wanted: (event: Event) => boolean): Event | null {
    const { messages, ops, marks } = this.run;
    let key = typeof from === 'number' ? ([from, forward ? -1 : 9, 0, 0] as const) : this.key(from);
    const order = this.ended();
    const less = (a: readonly number[], b: readonly number[]) => {
      for (let n = 0; n < 4; n++) if (a[n] !== b[n]) return a[n]! < b[n]!;
      return false;
    };
    const lists: { length: number; at: (n: number) => Event }[] = [
      { length: messages.count, at: (n) => ({ what: 'sent', n }) },
      { length: messages.count, at: (n) => ({ what: 'arrived', n: order[n]! }) },
      { length: ops.count, at: (n) => ({ what: 'op', n }) },
      { length: marks.count, at: (n) => ({ what: 'mark', n }) },
    ];
    const places = lists.map((list) => {
      // In each list those at one moment are few, and may stand in another order.
      let low = 0;
      let high = list.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.time(list.at(middle)) < key[0] + (forward ? 0 : 1e-9)) low = middle + 1;
        else high = middle;
      }
      return low;
    });
    for (let tries = 0; tries < 200_000; tries++) {
      let best: Event | null = null;
      let bestKey: readonly number[] = key;
      lists.forEach((list, which) => {
        const start = places[which]!;
        for (let n = forward ? start : start - 1; n >= 0 && n < list.length; n += forward ? 1 : -1) {
          const event = list.at(n);
          const eventKey = this.key(event);
          if (best && (forward ? eventKey[0] > bestKey[0]! : eventKey[0] < bestKey[0]!)) break;
          const beyond = forward ? less(key, eventKey) : less(eventKey, key);
          if (!beyond) continue;
          if (!Number.isFinite(eventKey[0])) break;
          if (!best || (forward ? less(eventKey, bestKey) : less(bestKey, eventKey))) {
            best = event;
            bestKey = eventKey;
          }
          if (eventKey[0] !== bestKey[0]) break;
        }
      });
      if (!best) return null;
      const isArrival = (best as Event).what === 'arrived';
      if (wanted(best) && !(isArrival && this.run.messages.end[(best as Event).n] === Infinity)) return best;
      key = bestKey as [number, number, number, number];
      lists.forEach((list, which) => {
        if (forward) {
          while (places[which]! < list.length && this.time(list.at(places[which]!)) < key[0]) places[which]!++;
        } else {
          while (places[which]! > 0 && this.time(list.at(places[which]! - 1)) > key[0]) places[which]!--;
        }
      });
    }
    return null;
  }

  /** What each node last said of itself until a moment: by node and label. */
  marksAt(time: number): Map<number, Map<number, { value: number; count: number; at: number }>> {
    const { marks } = this.run;
    const found = new Map<number, Map<number, { value: number; count: number; at: number }>>();
    for (let n = 0; n < marks.count && marks.time[n]! <= time; n++) {
      const lane = this.laneOf[marks.node[n]!]!;
      let of = found.get(lane);
      if (!of) found.set(lane, (of = new Map()));
      const before = of.get(marks.label[n]!);
      of.set(marks.label[n]!, {
        value: marks.value[n]!,
        count: (before?.count ?? 0) + 1,
        at: marks.time[n]!,
      });
    }
    return found;
  }
}

/** The first place whose number is not less. */
export function lowerBound(numbers: ArrayLike<number>, number: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
