// The space-time view: time downwards, a column a lane, drawn on a canvas.

import { colours } from './colours';
import { DELIVERED, IN_FLIGHT } from './data';
import { type Layout, arrow, toSegment, upperOp } from './geometry';
import { Minimap } from './minimap';
import type { Event } from './model';
import type { State } from './state';
import { clipped, moment } from './text';

/** Above so many messages in view, counts are drawn in place of arrows. */
export const MOST_ARROWS = 1600;
const HEAD = 30;
const LEFT = 92;
const MINIMAP = 56;
/** On a phone it leaves room for the columns. */
const NARROW = 560;

export class View {
  readonly context: CanvasRenderingContext2D;
  layout: Layout = { width: 0, height: 0, x: new Float64Array(0), left: 0, right: 0, top: HEAD, map: MINIMAP };
  hover: Event | null = null;
  colours = colours();
  /** How many messages are sent or end in view. */
  inView = 0;
  /** How many are under way all the time that is in view. */
  passing = 0;
  isDense = false;
  private readonly minimap = new Minimap();

  constructor(
    readonly canvas: HTMLCanvasElement,
    readonly state: State,
  ) {
    this.context = canvas.getContext('2d')!;
  }

  /** Fits the canvas to its place on the page. */
  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const scale = devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * scale) || this.canvas.height !== Math.round(height * scale)) {
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
    }
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    const { lanes } = this.state.model;
    const x = new Float64Array(lanes.length).fill(NaN);
    const shown = lanes.flatMap((_, n) => (this.state.shows(n) ? [n] : []));
    const left = width < NARROW ? 80 : LEFT;
    const map = width < NARROW ? MINIMAP / 2 : MINIMAP;
    const right = width - map - 8;
    const step = (right - left) / Math.max(1, shown.length);
    shown.forEach((lane, place) => (x[lane] = left + step * (place + 0.5)));
    this.layout = { width, height, x, left, right, top: HEAD, map };
  }

  y(time: number): number {
    const { from, until } = this.state;
    return HEAD + ((time - from) / (until - from)) * (this.layout.height - HEAD);
  }

  timeAt(y: number): number {
    const { from, until } = this.state;
    return from + ((y - HEAD) / (this.layout.height - HEAD)) * (until - from);
  }

  draw() {
    this.resize();
    this.colours = colours();
    const { context, layout, colours: colour } = this;
    context.fillStyle = colour.ground;
    context.fillRect(0, 0, layout.width, layout.height);
    context.save();
    context.beginPath();
    context.rect(0, HEAD, layout.right, layout.height - HEAD);
    context.clip();
    this.axis();
    this.lanes();
    const [start, end] = this.state.model.window(this.state.from, this.state.until);
    this.count(start, end);
    this.isDense = this.inView > MOST_ARROWS;
    this.operations();
    if (this.isDense) this.density(start, end);
    else this.arrows(start, end);
    if (this.isDense && this.state.lit) this.litArrows(start, end);
    this.marks();
    this.faults();
    this.emphasis();
    context.restore();
    this.heads();
    this.minimap.draw(context, layout, colour, this.state, (n) => this.isLit(n));
  }

  private count(start: number, end: number) {
    const { messages } = this.state.model.run;
    const { from } = this.state;
    this.inView = this.passing = 0;
    for (let n = start; n < end; n++) {
      if ((messages.end[n]! < from && messages.sent[n]! < from) || !this.state.takes(n)) continue;
      if (this.passes(n)) this.passing++;
      else this.inView++;
    }
  }

  /** Whether a message that is under way in view neither begins nor ends there. */
  private passes(n: number): boolean {
    const { messages } = this.state.model.run;
    return messages.sent[n]! < this.state.from && !(messages.end[n]! <= this.state.until);
  }

  /** Whether it would only hide others: it passes by, as many do. */
  private hides(n: number): boolean {
    return this.inView + this.passing > MOST_ARROWS && !this.state.lit?.messages[n] && this.passes(n);
  }

  private axis() {
    const { context, layout, colours: colour } = this;
    const { from, until } = this.state;
    const pixels = layout.height - HEAD;
    const raw = ((until - from) / pixels) * 64;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= raw)!;
    const digits = Math.max(0, Math.min(6, 6 - Math.floor(Math.log10(step))));
    context.font = `${layout.width < NARROW ? 10 : 11}px system-ui, sans-serif`;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (let time = Math.ceil(from / step) * step; time <= until; time += step) {
      const y = this.y(time);
      context.strokeStyle = colour.line;
      context.lineWidth = 0.5;
      context.beginPath();
      context.moveTo(layout.left - 22, y);
      context.lineTo(layout.right, y);
      context.stroke();
      context.fillStyle = colour.faint;
      context.fillText(moment(time, digits), layout.left - 26, Math.max(y, HEAD + 8));
    }
  }

  private lanes() {
    const { context, layout, colours: colour, state } = this;
    const { lanes, run } = state.model;
    layout.x.forEach((x, lane) => {
      if (Number.isNaN(x)) return;
      context.lineWidth = lanes[lane]!.kind === 'node' ? 1.6 : 1;
      const pieces: [number, number, string][] = [];
      let since = run.first;
      let how = 'up';
      for (const change of run.meta.states) {
        if (!change.nodes.includes(lanes[lane]!.name) || lanes[lane]!.kind !== 'node') continue;
        pieces.push([since, change.time, how]);
        [since, how] = [change.time, change.state];
      }
      pieces.push([since, run.last, how]);
      for (const [begin, end, how] of pieces) {
        if (end < state.from || begin > state.until) continue;
        const [y1, y2] = [Math.max(this.y(begin), HEAD), Math.min(this.y(end), layout.height)];
        if (how === 'down') {
          context.fillStyle = colour.line;
          context.fillRect(x - 7, y1, 14, y2 - y1);
          if (y2 - y1 > 14) this.label('down', x, y1 + 9, colour.ink, 'center');
          continue;
        }
        context.strokeStyle = lanes[lane]!.kind === 'node' ? colour.faint : colour.line;
        context.setLineDash(how === 'paused' ? [2, 5] : []);
        context.beginPath();
        context.moveTo(x, y1);
        context.lineTo(x, y2);
        context.stroke();
        if (how === 'paused' && y2 - y1 > 14) this.label('paused', x + 4, y1 + 9, colour.ink, 'left');
      }
      context.setLineDash([]);
    });
  }

  private label(text: string, x: number, y: number, colour: string, align: CanvasTextAlign = 'left', back = true) {
    const { context } = this;
    context.font = '11px system-ui, sans-serif';
    context.textAlign = align;
    context.textBaseline = 'middle';
    if (back) {
      const width = context.measureText(text).width;
      const left = align === 'center' ? x - width / 2 : align === 'right' ? x - width : x;
      context.globalAlpha = 0.85;
      context.fillStyle = this.colours.ground;
      context.fillRect(left - 2, y - 7, width + 4, 14);
      context.globalAlpha = 1;
    }
    context.fillStyle = colour;
    context.fillText(text, x, y);
  }

  kindColour(kind: number): string {
    return this.colours.kinds[kind % this.colours.kinds.length]!;
  }

  private isLit(n: number): boolean {
    const { lit } = this.state;
    return !lit || !!lit.messages[n];
  }

  private arrows(start: number, end: number) {
    // What is lit lies upon what is not.
    const { lit } = this.state;
    if (lit) this.arrowsOf(start, end, false);
    this.arrowsOf(start, end, true);
  }

  private arrowsOf(start: number, end: number, lit: boolean) {
    const { context, layout, state } = this;
    const { messages } = state.model.run;
    context.globalAlpha = lit ? 1 : 0.13;
    const heads = this.inView < 1500;
    // Arrows of one colour are one path.
    const paths = new Map<number, Path2D>();
    const lost: number[] = [];
    for (let n = start; n < end; n++) {
      if (this.isLit(n) !== lit || !state.takes(n)) continue;
      if (messages.end[n]! < state.from || this.hides(n)) continue;
      if (messages.fate[n] !== DELIVERED) {
        lost.push(n);
        continue;
      }
      const [x1, x2] = this.ends(n, layout);
      if (Number.isNaN(x1) || Number.isNaN(x2)) continue;
      const [y1, y2] = [this.y(messages.sent[n]!), this.y(messages.end[n]!)];
      const kind = messages.kind[n]!;
      let path = paths.get(kind);
      if (!path) paths.set(kind, (path = new Path2D()));
      arrow(path, x1, y1, x2, y2, heads);
    }
    context.lineWidth = lit && state.lit ? 1.8 : 1;
    paths.forEach((path, kind) => {
      context.strokeStyle = this.kindColour(kind);
      context.stroke(path);
    });
    lost.forEach((n) => this.lostArrow(n, false));
    context.globalAlpha = 1;
    if (heads && lit && this.inView < 60) {
      for (let n = start; n < end; n++) if (state.takes(n) && this.isLit(n) && !this.hides(n)) this.arrowLabel(n);
    }
  }

  private litArrows(start: number, end: number) {
    let lit = 0;
    for (let n = start; n < end; n++) if (this.isLit(n) && this.state.takes(n)) lit++;
    if (lit <= MOST_ARROWS) this.arrowsOf(start, end, true);
  }

  private ends(n: number, layout: Layout): [number, number] {
    const { messages } = this.state.model.run;
    const { laneOf } = this.state.model;
    return [layout.x[laneOf[messages.src[n]!]!]!, layout.x[laneOf[messages.dest[n]!]!]!];
  }

  /** One that never arrived: dashed, with a cross where it went. */
  private lostArrow(n: number, thick: boolean) {
    const { context, layout, colours: colour, state } = this;
    const { messages } = state.model.run;
    const [x1, x2] = this.ends(n, layout);
    if (Number.isNaN(x1) || Number.isNaN(x2)) return;
    const y1 = this.y(messages.sent[n]!);
    const end = Number.isFinite(messages.end[n]!) ? messages.end[n]! : messages.sent[n]!;
    const least = Math.min(10, 3000 / Math.max(1, this.inView));
    const y2 = Math.max(this.y(end), y1 + least);
    const [x, y] = [x1 + (x2 - x1) * 0.62, y1 + (y2 - y1) * 0.62];
    context.strokeStyle = messages.fate[n] === IN_FLIGHT ? colour.faint : colour.lost;
    context.lineWidth = thick ? 3 : 1.3;
    context.setLineDash([5, 3]);
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x, y);
    context.stroke();
    context.setLineDash([]);
    if (messages.fate[n] === IN_FLIGHT) return;
    const size = this.inView > 800 ? 2.5 : 4.5;
    context.lineWidth = thick ? 3 : 1.8;
    context.beginPath();
    context.moveTo(x - size, y - size);
    context.lineTo(x + size, y + size);
    context.moveTo(x - size, y + size);
    context.lineTo(x + size, y - size);
    context.stroke();
  }

  /** What a message is, in a few letters. */
  short(n: number, most: number): string {
    const { messages, meta, contents } = this.state.model.run;
    const content = (contents[messages.content[n]!] ?? '').replace(/"/g, '');
    return clipped(`${meta.kinds[messages.kind[n]!] || '(no type)'} ${content}`.trim(), most);
  }

  /** `whole`: it may be wider than what lies between its ends. */
  private arrowLabel(n: number, whole = false) {
    const { layout } = this;
    const { messages } = this.state.model.run;
    const [x1, x2] = this.ends(n, layout);
    if (Number.isNaN(x1) || Number.isNaN(x2) || (Math.abs(x1 - x2) < 46 && !whole)) return;
    const end = Number.isFinite(messages.end[n]!) ? messages.end[n]! : messages.sent[n]!;
    const [y1, y2] = [this.y(messages.sent[n]!), this.y(end)];
    const at = 0.3;
    const letters = whole ? 26 : Math.max(6, Math.floor(Math.abs(x1 - x2) / 8));
    const lost = messages.fate[n] !== DELIVERED && messages.fate[n] !== IN_FLIGHT;
    this.label(
      this.short(n, Math.min(letters, 26)),
      x1 + (x2 - x1) * at,
      y1 + (y2 - y1) * at - 7,
      lost ? this.colours.lost : this.kindColour(messages.kind[n]!),
      'center',
    );
  }

  /** How many messages each lane sends, where arrows would be one blot. */
  private density(start: number, end: number) {
    const { context, layout, colours: colour, state } = this;
    const { messages } = state.model.run;
    const bin = 3;
    const bins = Math.ceil((layout.height - HEAD) / bin);
    const lanes = layout.x.length;
    const sent = new Uint32Array(lanes * bins);
    const lost = new Uint32Array(lanes * bins);
    const scale = bins / (state.until - state.from);
    const { laneOf } = state.model;
    const all = !state.lostOnly && !state.hiddenKinds.size;
    for (let n = start; n < end; n++) {
      const at = ((messages.sent[n]! - state.from) * scale) | 0;
      if (at < 0 || at >= bins || messages.sent[n]! < state.from) continue;
      const lane = laneOf[messages.src[n]!]!;
      if (Number.isNaN(layout.x[lane]!) || (!all && !state.takes(n))) continue;
      if (messages.fate[n]! > IN_FLIGHT) lost[lane * bins + at]!++;
      else sent[lane * bins + at]!++;
    }
    let most = 1;
    for (let n = 0; n < sent.length; n++) most = Math.max(most, sent[n]! + lost[n]!);
    const shown = layout.x.filter((x) => !Number.isNaN(x)).length;
    const room = ((layout.right - layout.left) / Math.max(1, shown)) * 0.86;
    context.globalAlpha = state.lit ? 0.3 : 1;
    for (let lane = 0; lane < lanes; lane++) {
      const x = layout.x[lane]!;
      if (Number.isNaN(x)) continue;
      for (let at = 0; at < bins; at++) {
        const [good, bad] = [sent[lane * bins + at]!, lost[lane * bins + at]!];
        if (!good && !bad) continue;
        const width = Math.max(1.5, Math.sqrt((good + bad) / most) * room);
        const part = (width * bad) / (good + bad);
        context.fillStyle = colour.kinds[0]!;
        context.fillRect(x - width / 2, HEAD + at * bin, width - part, bin - 0.5);
        context.fillStyle = colour.lost;
        context.fillRect(x + width / 2 - part, HEAD + at * bin, part, bin - 0.5);
      }
    }
    context.globalAlpha = 1;
  }

  private operations() {
    const { context, layout, colours: colour, state } = this;
    const { ops } = state.model.run;
    const { opLane, opNode } = state.model;
    const end = upperOp(ops.time, state.until);
    // An operation that began long ago may reach into view; few are open at once.
    const start = Math.max(0, upperOp(ops.time, state.from) - 4000);
    const shown = layout.x.filter((x) => !Number.isNaN(x)).length;
    const wide = (layout.right - layout.left) / Math.max(1, shown);
    let few = 0;
    for (let n = start; n < end; n++) if (ops.kind[n] === 0) few++;
    for (let n = start; n < end; n++) {
      if (ops.kind[n] !== 0 || ops.process[n]! < 0) continue;
      const close = ops.pair[n]!;
      const until = close >= 0 ? ops.time[close]! : state.model.run.last;
      if (until < state.from) continue;
      const own = layout.x[opLane[n]!]!;
      const x = Number.isNaN(own) ? layout.x[opNode[n]!]! + 7 : own;
      if (Number.isNaN(x)) continue;
      const how = close >= 0 ? ops.kind[close]! : 3;
      const y1 = this.y(ops.time[n]!);
      const y2 = Math.max(this.y(until), y1 + 2);
      const half = Number.isNaN(own) ? 3 : Math.min(6, wide / 3);
      context.globalAlpha = state.lit?.ops && !state.lit.ops[n] && !(close >= 0 && state.lit.ops[close]) ? 0.2 : 1;
      context.fillStyle = how === 1 ? colour.ok : how === 2 ? colour.fail : colour.info;
      context.fillRect(x - half, y1, 2 * half, y2 - y1);
      context.strokeStyle = how === 1 ? colour.kinds[0]! : how === 2 ? colour.faint : colour.fault[0]!;
      context.lineWidth = 1;
      if (how === 3) context.setLineDash([3, 2]);
      context.strokeRect(x - half, y1, 2 * half, y2 - y1);
      context.setLineDash([]);
      if ((few < 30 || (few < 120 && wide > 60)) && !Number.isNaN(own)) {
        // Few of them may reach over the columns beside them.
        const letters = Math.max(few < 30 ? 16 : 0, Math.floor((wide - 20) / 6.4));
        this.label(clipped(state.model.opText(close >= 0 && how === 1 ? close : n), letters), x + half + 4, Math.max(y1, HEAD) + 6, colour.ink);
      }
      context.globalAlpha = 1;
    }
  }

  private marks() {
    const { context, layout, colours: colour, state } = this;
    const { marks, meta } = state.model.run;
    const start = upperOp(marks.time, state.from);
    const end = upperOp(marks.time, state.until);
    if (end - start > 4000) return;
    for (let n = start; n < end; n++) {
      const x = layout.x[state.model.laneOf[marks.node[n]!]!]!;
      if (Number.isNaN(x)) continue;
      const y = this.y(marks.time[n]!);
      context.globalAlpha = state.lit?.marks && !state.lit.marks[n] ? 0.15 : 1;
      context.fillStyle = colour.mark;
      context.beginPath();
      context.arc(x, y, 3.2, 0, 7);
      context.fill();
      if (end - start < 80) {
        const text = clipped(`${meta.labels[marks.label[n]!]} ${marks.texts[marks.value[n]!]}`, 22);
        // Below what a lost message leaves of itself.
        this.label(text, x - 6, y + 14, colour.mark, 'right');
      }
      context.globalAlpha = 1;
    }
  }

  private faults() {
    const { context, layout, colours: colour, state } = this;
    const { faults } = state.model.run.meta;
    const kinds = [...new Set(faults.map((fault) => fault.kind))];
    faults.forEach((fault) => {
      const until = fault.until ?? state.model.run.last;
      if (until < state.from || fault.from > state.until) return;
      const place = kinds.indexOf(fault.kind);
      const shade = colour.fault[place % colour.fault.length]!;
      const [y1, y2] = [Math.max(this.y(fault.from), HEAD), Math.min(this.y(until), layout.height)];
      context.globalAlpha = 0.07;
      context.fillStyle = shade;
      context.fillRect(layout.left - 18, y1, layout.right - layout.left + 18, y2 - y1);
      context.globalAlpha = 1;
      context.fillRect(layout.left - 20 + (place % 3) * 6, y1, 4, Math.max(2, y2 - y1));
      if (y2 - y1 > 12) {
        const room = Math.floor((layout.right - layout.left) / 6.2);
        const text = clipped(`${fault.kind}: ${fault.text}`, room);
        // Above its beginning, where less is drawn; at the top of what is shown otherwise.
        const above = y1 - 9 > HEAD + 4;
        this.label(text, layout.left - 14, above ? y1 - 8 : y1 + 9 + place * 15, shade);
      }
    });
  }

  /** What is selected, pointed at or found. */
  private emphasis() {
    const { state } = this;
    const { found } = state;
    if (found && found.events.length <= 3000) {
      for (const event of found.events) {
        const time = state.model.time(event);
        if (time >= state.from && time <= state.until) this.ring(event, 4, this.colours.mark, 1.5);
      }
    }
    if (this.hover) this.strong(this.hover, 2);
    if (state.selected) this.strong(state.selected, 3);
  }

  private place(event: Event): [number, number] {
    const { layout, state } = this;
    const { model } = state;
    const { messages, marks } = model.run;
    const y = this.y(model.time(event));
    if (event.what === 'sent') return [layout.x[model.laneOf[messages.src[event.n]!]!]!, y];
    if (event.what === 'arrived') return [layout.x[model.laneOf[messages.dest[event.n]!]!]!, y];
    if (event.what === 'mark') return [layout.x[model.laneOf[marks.node[event.n]!]!]!, y];
    const own = layout.x[model.opLane[event.n]!]!;
    return [Number.isNaN(own) ? layout.x[model.opNode[event.n]!]! + 7 : own, y];
  }

  private ring(event: Event, size: number, colour: string, width: number) {
    const [x, y] = this.place(event);
    if (Number.isNaN(x)) return;
    const { context } = this;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.arc(x, y, size, 0, 7);
    context.stroke();
  }

  private strong(event: Event, width: number) {
    const { context, colours: colour, layout, state } = this;
    const { messages } = state.model.run;
    if (event.what === 'sent' || event.what === 'arrived') {
      const n = event.n;
      if (messages.fate[n] === DELIVERED) {
        const [x1, x2] = this.ends(n, layout);
        const path = new Path2D();
        arrow(path, x1, this.y(messages.sent[n]!), x2, this.y(messages.end[n]!), true, 9);
        context.strokeStyle = colour.select;
        context.lineWidth = width;
        context.stroke(path);
      } else this.lostArrow(n, true);
      this.arrowLabel(n, true);
    }
    this.ring(event, width + 4, colour.select, width);
  }

  private heads() {
    const { context, layout, colours: colour, state } = this;
    context.fillStyle = colour.ground;
    context.fillRect(0, 0, layout.width, HEAD);
    context.strokeStyle = colour.line;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(0, HEAD);
    context.lineTo(layout.right, HEAD);
    context.stroke();
    context.textBaseline = 'middle';
    context.textAlign = 'center';
    const shown = layout.x.filter((x) => !Number.isNaN(x)).length;
    const step = (layout.right - layout.left) / Math.max(1, shown);
    let free = 0;
    layout.x.forEach((x, lane) => {
      if (Number.isNaN(x)) return;
      const { name, kind } = state.model.lanes[lane]!;
      context.font = `${kind === 'node' ? '600 ' : ''}12px system-ui, sans-serif`;
      context.fillStyle = kind === 'node' ? colour.ink : colour.faint;
      const short = kind === 'client' && step < 64 ? name.replace('client ', 'c') : name;
      const text = clipped(short, Math.max(2, Math.floor(step / 6)));
      const half = context.measureText(text).width / 2;
      if (x - half < free) return;
      context.fillText(text, x, HEAD / 2);
      free = x + half + 4;
    });
    context.textAlign = 'left';
    context.font = '11px system-ui, sans-serif';
    context.fillStyle = colour.faint;
    context.fillText('time ↓', 6, HEAD / 2);
  }

  /** What is under a point, if anything is near. */
  hit(x: number, y: number): Event | null {
    const { layout, state } = this;
    const { messages, ops, marks } = state.model.run;
    if (y < HEAD || x > layout.right) return null;
    let best: Event | null = null;
    let distance = 7;
    const consider = (event: Event, away: number) => {
      if (away < distance) [best, distance] = [event, away];
    };
    const from = upperOp(marks.time, this.timeAt(y - 6));
    const until = upperOp(marks.time, this.timeAt(y + 6));
    for (let n = from; n < Math.min(until, from + 2000); n++) {
      const [mx, my] = this.place({ what: 'mark', n });
      consider({ what: 'mark', n }, Math.hypot(mx - x, my - y) - 1);
    }
    const lastOp = upperOp(ops.time, this.timeAt(y + 4));
    for (let n = Math.max(0, lastOp - 4000); n < lastOp; n++) {
      if (ops.kind[n] !== 0 || ops.process[n]! < 0) continue;
      const until = ops.pair[n]! >= 0 ? ops.time[ops.pair[n]!]! : state.model.run.last;
      const [ox] = this.place({ what: 'op', n });
      if (Math.abs(ox - x) < 7 && y <= Math.max(this.y(until), this.y(ops.time[n]!) + 3) + 2) {
        consider({ what: 'op', n }, Math.abs(ox - x));
      }
    }
    if (this.isDense) return best;
    const [start, end] = state.model.window(this.timeAt(y - 8), this.timeAt(y + 8));
    for (let n = start; n < end; n++) {
      if (!state.takes(n) || this.hides(n) || (state.lit && !state.lit.messages[n] && distance < 7)) continue;
      const [x1, x2] = this.ends(n, layout);
      if (Number.isNaN(x1) || Number.isNaN(x2)) continue;
      const y1 = this.y(messages.sent[n]!);
      const finish = Number.isFinite(messages.end[n]!) ? messages.end[n]! : messages.sent[n]!;
      const lost = messages.fate[n] !== DELIVERED;
      const y2 = lost ? Math.max(this.y(finish), y1 + 10) : this.y(finish);
      const part = lost ? 0.62 : 1;
      consider({ what: 'sent', n }, toSegment(x, y, x1, y1, x1 + (x2 - x1) * part, y1 + (y2 - y1) * part));
    }
    return best;
  }
}
