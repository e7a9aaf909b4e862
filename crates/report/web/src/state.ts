// What is being looked at. All of it can be written as a fragment of the address.

import { DELIVERED } from './data';
import type { Event, Model } from './model';
import { type Found, ofValue, search } from './search';

export type Follow = { kind: 'value'; value: string } | { kind: 'causes'; message: number } | null;

export interface Lit {
  messages: Uint8Array;
  ops: Uint8Array | null;
  marks: Uint8Array | null;
}

export class State {
  from: number;
  until: number;
  selected: Event | null = null;
  query = '';
  found: Found | null = null;
  /** Which of what was found is selected. */
  at = -1;
  follow: Follow = null;
  lit: Lit | null = null;
  hiddenKinds = new Set<string>();
  hiddenLanes = new Set<string>();
  lostOnly = false;
  clients: boolean;
  /** Whether the whole bodies are searched at the server, and the answer is not there yet. */
  asking = false;
  private listeners: (() => void)[] = [];
  /** Which lanes and kinds are shown; null: something has changed since. */
  private filter: { lanes: Uint8Array; kinds: Uint8Array } | null = null;
  private timer = 0;

  /** `alone`: the address of the page is the place in this trace. */
  constructor(
    readonly model: Model,
    private alone = true,
  ) {
    const { run } = model;
    this.from = run.first;
    this.until = run.last;
    // On a phone there is room for the nodes alone.
    this.clients = model.lanes.length <= (innerWidth < 560 && run.meta.nodes.length > 2 ? 5 : 20);
  }

  listen(listener: () => void) {
    this.listeners.push(listener);
  }

  /** Draws again, and tells nobody else. */
  redraw() {
    this.filter = null;
    this.listeners.forEach((listener) => listener());
  }

  changed() {
    this.redraw();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.write(), 250);
  }

  /** Shows these moments, within the run, and no less than 10 µs. */
  show(from: number, until: number) {
    const { first, last } = this.model.run;
    const room = (last - first) * 0.02 + 10;
    let length = Math.min(Math.max(until - from, 10), last - first + 2 * room);
    from = Math.min(Math.max(from, first - room), last + room - length);
    this.from = from;
    this.until = from + length;
    this.changed();
  }

  zoom(factor: number, around = (this.from + this.until) / 2) {
    this.show(around - (around - this.from) * factor, around + (this.until - around) * factor);
  }

  fit() {
    const { first, last } = this.model.run;
    this.show(first, last);
  }

  /** Whether filters let a message through. */
  takes(n: number): boolean {
    const { messages } = this.model.run;
    const { laneOf } = this.model;
    const { lanes, kinds } = (this.filter ??= this.makeFilter());
    if (this.lostOnly && messages.fate[n] === DELIVERED) return false;
    return !!(kinds[messages.kind[n]!]! & lanes[laneOf[messages.src[n]!]!]! & lanes[laneOf[messages.dest[n]!]!]!);
  }

  private makeFilter() {
    const { lanes, run } = this.model;
    return {
      lanes: Uint8Array.from(lanes, (_, lane) => Number(this.shows(lane))),
      kinds: Uint8Array.from(run.meta.kinds, (kind) => Number(!this.hiddenKinds.has(kind))),
    };
  }

  /** Whether a lane has a column. */
  shows(lane: number): boolean {
    const { kind, name } = this.model.lanes[lane]!;
    return (this.clients || kind !== 'client') && !this.hiddenLanes.has(name);
  }

  takesEvent(event: Event): boolean {
    if (event.what === 'sent' || event.what === 'arrived') {
      return this.takes(event.n) && (!this.lit || !!this.lit.messages[event.n]);
    }
    if (event.what === 'op') {
      const { process } = this.model.run.ops;
      return process[event.n]! >= 0 && (!this.lit?.ops || !!this.lit.ops[event.n]);
    }
    return !this.lit?.marks || !!this.lit.marks[event.n];
  }

  /** Selects an event, and brings it into view. */
  select(event: Event | null, closer = false) {
    this.selected = event;
    if (event) {
      const begin = this.model.time(event.what === 'arrived' ? { what: 'sent', n: event.n } : event);
      const { messages, ops } = this.model.run;
      let end = begin;
      if (event.what === 'sent' || event.what === 'arrived') {
        end = Number.isFinite(messages.end[event.n]!) ? messages.end[event.n]! : begin;
        const lanes = [messages.src[event.n]!, messages.dest[event.n]!].map((n) => this.model.laneOf[n]!);
        for (const lane of lanes) {
          if (this.model.lanes[lane]?.kind === 'client') this.clients = true;
          this.hiddenLanes.delete(this.model.lanes[lane]?.name ?? '');
        }
      } else if (event.what === 'op' && ops.pair[event.n]! >= 0) {
        end = Math.max(begin, ops.time[ops.pair[event.n]!]!);
      }
      const length = this.until - this.from;
      const time = this.model.time(event);
      const least = Math.max((end - begin) * 3, 200);
      if (closer && length > 60 * least) {
        const half = Math.max(least * 2, 2000);
        this.show((begin + end) / 2 - half, (begin + end) / 2 + half);
      } else if (time < this.from + length * 0.08 || time > this.until - length * 0.08) {
        this.show(time - length / 2, time + length / 2);
      }
    }
    this.changed();
  }

  step(forward: boolean) {
    const from = this.selected ?? (forward ? this.from : this.until);
    const event = this.model.step(from, forward, (event) => this.takesEvent(event));
    if (event) this.select(event);
  }

  find(query: string) {
    this.query = query;
    this.found = query.trim() ? search(this.model, query) : null;
    this.at = -1;
    this.askServer(query.trim());
    this.changed();
  }

  /** The server knows bodies whole. */
  private askServer(query: string) {
    const { bodies, cut } = this.model.run.meta;
    if (!bodies || !cut || query.length < 2) return;
    this.asking = true;
    fetch(`${bodies}?q=${encodeURIComponent(query)}`)
      .then((response) => response.json())
      .then((answer: { ids: number[] }) => {
        if (this.query.trim() !== query) return;
        this.found = search(this.model, query, new Set(answer.ids));
      })
      .catch(() => undefined)
      .finally(() => {
        this.asking = false;
        this.changed();
      });
  }

  /** Selects the next of what was found. */
  next(step: number) {
    const events = this.found?.events ?? [];
    if (!events.length) return;
    if (this.at < 0) {
      // From where one is.
      const time = this.selected ? this.model.time(this.selected) : this.from;
      const first = events.findIndex((event) => this.model.time(event) >= time);
      this.at = step > 0 ? Math.max(0, first) : (first < 0 ? events.length : first) - 1;
    } else this.at += step;
    this.at = (this.at + events.length) % events.length;
    this.select(events[this.at]!, true);
  }

  light(follow: Follow) {
    this.follow = follow;
    if (!follow) this.lit = null;
    else if (follow.kind === 'value') this.lit = ofValue(this.model, follow.value);
    else {
      const { past, future } = this.model.causes(follow.message);
      this.lit = { messages: past.map((is, n) => is | future[n]!), ops: null, marks: null };
    }
    this.changed();
  }

  private write() {
    if (!this.alone) return;
    const place = this.fragment();
    if (place && place !== location.hash) history.replaceState(null, '', place);
  }

  fragment(): string {
    const parts = new URLSearchParams();
    parts.set('from', this.from.toFixed(0));
    parts.set('until', this.until.toFixed(0));
    if (this.selected) parts.set('at', name(this.model, this.selected));
    if (this.query) parts.set('find', this.query);
    if (this.follow?.kind === 'value') parts.set('value', this.follow.value);
    if (this.follow?.kind === 'causes') {
      parts.set('causes', String(this.model.run.messages.id[this.follow.message]));
    }
    if (this.hiddenKinds.size) parts.set('without', JSON.stringify([...this.hiddenKinds]));
    if (this.hiddenLanes.size) parts.set('hide', JSON.stringify([...this.hiddenLanes]));
    if (this.lostOnly) parts.set('lost', '1');
    parts.set('clients', this.clients ? '1' : '0');
    return `#trace?${parts}`;
  }

  /** Goes to the place that a fragment names. `false`: it names none of the trace. */
  read(fragment: string): boolean {
    const short = /^#(op|message|mark|t|follow)-(.+)$/.exec(fragment);
    if (short) {
      const [, what, rest] = short as unknown as [string, string, string];
      if (what === 't') {
        const time = Number(rest);
        if (Number.isFinite(time)) this.show(time - 50_000, time + 50_000);
      } else if (what === 'follow') {
        let value = rest;
        try {
          value = decodeURIComponent(rest);
        } catch {
          // It stays as it is written.
        }
        this.light({ kind: 'value', value });
        const events = (this.lit as Found | null)?.events ?? [];
        if (events.length) {
          const [first, last] = [this.model.time(events[0]!), this.model.time(events[events.length - 1]!)];
          void last;
          this.show(first - 5000, first + 45_000);
        }
      } else {
        const event = parse(this.model, `${what}-${rest}`);
        if (!event) return false;
        this.select(event, true);
      }
      document.getElementById('trace')?.scrollIntoView();
      return true;
    }
    if (!fragment.startsWith('#trace?')) return false;
    const parts = new URLSearchParams(fragment.slice('#trace?'.length));
    const number = (key: string) => Number(parts.get(key) ?? NaN);
    const list = (key: string) => {
      try {
        const value = JSON.parse(parts.get(key) ?? '[]');
        return new Set<string>(Array.isArray(value) ? value.map(String) : []);
      } catch {
        return new Set<string>();
      }
    };
    this.lostOnly = parts.get('lost') === '1';
    if (parts.has('clients')) this.clients = parts.get('clients') === '1';
    this.hiddenKinds = list('without');
    this.hiddenLanes = list('hide');
    if ((parts.get('find') ?? '') !== this.query) this.find(parts.get('find') ?? '');
    const causes = this.model.byId(number('causes'));
    if (parts.has('value')) this.light({ kind: 'value', value: parts.get('value')! });
    else if (causes >= 0) this.light({ kind: 'causes', message: causes });
    else this.light(null);
    this.selected = parse(this.model, parts.get('at') ?? '');
    if (number('until') > number('from')) this.show(number('from'), number('until'));
    document.getElementById('trace')?.scrollIntoView();
    return true;
  }
}

/** An event as a fragment names it. */
export function name(model: Model, event: Event): string {
  if (event.what === 'op' || event.what === 'mark') return `${event.what}-${event.n}`;
  const id = model.run.messages.id[event.n];
  return event.what === 'sent' ? `message-${id}` : `message-${id}-arrives`;
}

function parse(model: Model, text: string): Event | null {
  const parts = /^(op|message|mark)-(\d+)(-arrives)?$/.exec(text);
  if (!parts) return null;
  const number = Number(parts[2]);
  if (parts[1] === 'message') {
    const n = model.byId(number);
    return n < 0 ? null : { what: parts[3] ? 'arrived' : 'sent', n };
  }
  const what = parts[1] as 'op' | 'mark';
  const count = what === 'op' ? model.run.ops.count : model.run.marks.count;
  return number < count ? { what, n: number } : null;
}
