// Plots of the run over time, with faults as bands.

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { type Colours, colours } from './colours';
import { DELIVERED, type Run } from './data';
import type { Model } from './model';
import type { State } from './state';
import { rows, hasValues } from './values';
import { printable } from './text';

export interface Figure {
  title: string;
  note: string;
  make: (model: Model, colour: Colours) => { data: uPlot.AlignedData; series: uPlot.Series[]; log?: boolean; unit: string; x?: string } | null;
}

const BINS = 200;

/** Bins of time, of a length that can be said. */
function bins(run: Run) {
  const length = run.last - Math.max(0, run.first);
  const least = length / BINS;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  const width = [1, 2, 5, 10].map((factor) => factor * power).find((width) => width >= least)!;
  const count = Math.max(1, Math.ceil(run.last / width));
  return { width, count, at: (time: number) => Math.floor(time / width), x: Array.from({ length: count }, (_, n) => ((n + 0.5) * width) / 1e6) };
}

const ENDS: [number, string][] = [[1, 'ok'], [2, 'fail'], [3, 'unknown']];

function latencies({ run }: Model) {
  const { ops } = run;
  const found: { at: number; ms: number; how: number }[] = [];
  for (let n = 0; n < ops.count; n++) {
    const end = ops.pair[n]!;
    if (ops.kind[n] !== 0 || ops.process[n]! < 0 || end < 0) continue;
    found.push({ at: ops.time[n]! / 1e6, ms: Math.max(0.001, (ops.time[end]! - ops.time[n]!) / 1000), how: ops.kind[end]! });
  }
  return found;
}

const points = (label: string, stroke: string, size = 4): uPlot.Series => ({ label, stroke, paths: () => null, points: { show: true, size, fill: stroke, width: 0 } });
const line = (label: string, stroke: string, dash?: number[]): uPlot.Series => ({ label, stroke, width: 1.8, points: { show: false }, ...(dash ? { dash } : {}) });
export const stepped = (label: string, stroke: string, dash?: number[]): uPlot.Series => ({ ...line(label, stroke, dash), paths: uPlot.paths.stepped!({ align: 1 }) });

const FIGURES: Figure[] = [
  {
    title: 'Latency of operations',
    note: 'One dot an operation: when it began, how long it took.',
    make: (model, colour) => {
      const all = latencies(model);
      if (!all.length) return null;
      const data = [all.map((one) => one.at), ...ENDS.map(([how]) => all.map((one) => (one.how === how ? one.ms : null)))] as uPlot.AlignedData;
      const shades = [colour.kinds[0]!, colour.faint, colour.lost];
      return { data, series: ENDS.map(([, label], n) => points(label, shades[n]!)), log: true, unit: 'ms' };
    },
  },
  {
    title: 'Quantiles of latency',
    note: 'Of the operations that began in each slice of time and succeeded.',
    make: (model, colour) => {
      const all = latencies(model).filter((one) => one.how === 1);
      if (all.length < 20) return null;
      const { width, count, x } = bins(model.run);
      const wide = Math.max(1, Math.ceil(count / 40));
      const groups: number[][] = Array.from({ length: Math.ceil(count / wide) }, () => []);
      all.forEach((one) => groups[Math.min(groups.length - 1, Math.floor((one.at * 1e6) / (width * wide)))]?.push(one.ms));
      const quantiles = [0.5, 0.95, 0.99, 1];
      groups.forEach((group) => group.sort((a, b) => a - b));
      const of = (q: number) => groups.map((group) => (group.length ? group[Math.min(group.length - 1, Math.ceil(q * group.length) - 1)]! : null));
      const times = groups.map((_, n) => ((n + 0.5) * width * wide) / 1e6);
      void x;
      const dashes = [undefined, [6, 3], [2, 3], undefined];
      const shades = [colour.kinds[0]!, colour.kinds[1]!, colour.kinds[3]!, colour.lost];
      return { data: [times, ...quantiles.map(of)] as uPlot.AlignedData, series: quantiles.map((q, n) => line(q === 0.5 ? 'median' : q === 1 ? 'largest' : String(q), shades[n]!, dashes[n])), log: true, unit: 'ms' };
    },
  },
  {
    title: 'Rate',
    note: 'Operations that ended, per second, by how they ended.',
    make: ({ run }, colour) => {
      const { width, count, at, x } = bins(run);
      const sums = ENDS.map(() => new Array<number>(count).fill(0));
      let any = false;
      for (let n = 0; n < run.ops.count; n++) {
        if (run.ops.kind[n] === 0 || run.ops.process[n]! < 0) continue;
        any = true;
        sums[run.ops.kind[n]! - 1]![Math.min(count - 1, Math.max(0, at(run.ops.time[n]!)))]! += 1e6 / width;
      }
      if (!any) return null;
      const shades = [colour.kinds[0]!, colour.faint, colour.lost];
      return { data: [x, ...sums], series: ENDS.map(([, label], n) => stepped(label, shades[n]!, n ? [5, 3] : undefined)), unit: '1/s' };
    },
  },
  {
    title: 'Stable latency',
    note: 'The share of values that every node had so long after they were added.',
    make: (model, colour) => {
      const { stable } = model.run.meta;
      const curves: [string, [number, number][], string][] = [];
      if (hasValues(model)) {
        const lasts = rows(model).map((row) => (Math.max(...row.had) - row.added) / 1000).sort((a, b) => a - b);
        const curve = lasts.flatMap((ms, n): [number, number][] => (Number.isFinite(ms) ? [[Math.max(0, ms), (n + 1) / lasts.length]] : []));
        if (curve.length && model.run.marks.count) curves.push(['true, by marks of nodes', curve, colour.kinds[1]!]);
      }
      if (stable.observed) {
        const curve = Object.entries(stable.observed).map(([q, ms]): [number, number] => [ms, Number(q)]).sort((a, b) => a[1] - b[1]);
        curves.push(['observed by reads', curve, colour.kinds[0]!]);
      }
      if (!curves.length) return null;
      const x = [...new Set(curves.flatMap(([, curve]) => curve.map(([ms]) => ms)))].sort((a, b) => a - b);
      const columns = curves.map(([, curve]) => {
        const at = new Map(curve);
        let last: number | null = null;
        return x.map((ms) => (last = at.get(ms) ?? last));
      });
      return { data: [x, ...columns] as uPlot.AlignedData, series: curves.map(([label, , shade], n) => stepped(label, shade, n ? [5, 3] : undefined)), unit: 'share', x: 'ms' };
    },
  },
  {
    title: 'Messages by type',
    note: 'Sent per second, of all nodes, services and clients.',
    make: ({ run }, colour) => {
      const { messages, meta } = run;
      if (!messages.count) return null;
      const { width, count, at, x } = bins(run);
      const totals = meta.kinds.map(() => 0);
      for (let n = 0; n < messages.count; n++) totals[messages.kind[n]!]!++;
      const order = totals.map((total, n) => [total, n] as const).sort((a, b) => b[0] - a[0]).slice(0, 8);
      const sums = new Map(order.map(([, n]) => [n, new Array<number>(count).fill(0)]));
      for (let n = 0; n < messages.count; n++) {
        const bin = at(messages.sent[n]!);
        const sum = sums.get(messages.kind[n]!);
        if (bin >= 0 && sum) sum[Math.min(count - 1, bin)]! += 1e6 / width;
      }
      return {
        data: [x, ...order.map(([, n]) => sums.get(n)!)],
        series: order.map(([, n], place) => stepped(printable(meta.kinds[n]!) || '(no type)', colour.kinds[n % colour.kinds.length]!, place % 2 ? [5, 3] : undefined)),
        unit: '1/s',
      };
    },
  },
  {
    title: 'Under way',
    note: 'Messages that had been sent and not arrived, and operations that had begun and not ended.',
    make: (model, colour) => {
      const { messages, ops } = model.run;
      const { count, at, x } = bins(model.run);
      const deltas = [new Float64Array(count + 1), new Float64Array(count + 1)];
      const place = (time: number) => Math.min(count, Math.max(0, at(time) + 1));
      for (let n = 0; n < messages.count; n++) {
        if (messages.fate[n] !== DELIVERED || messages.sent[n]! < 0) continue;
        deltas[0]![place(messages.sent[n]!)]!++;
        deltas[0]![place(messages.end[n]!)]!--;
      }
      for (let n = 0; n < ops.count; n++) {
        if (ops.kind[n] !== 0 || ops.process[n]! < 0) continue;
        deltas[1]![place(ops.time[n]!)]!++;
        if (ops.pair[n]! >= 0) deltas[1]![place(ops.time[ops.pair[n]!]!)]!--;
      }
      const sums = deltas.map((delta) => {
        let sum = 0;
        return x.map((_, n) => (sum += delta[n]!));
      });
      return { data: [x, ...sums] as uPlot.AlignedData, series: [stepped('messages', colour.kinds[0]!), stepped('operations', colour.kinds[3]!, [5, 3])], unit: '' };
    },
  },
];

export function Plots({ model, state }: { model: Model; state: State }) {
  return (
    <div class="plots">
      {FIGURES.map((figure) => <Plot key={figure.title} figure={figure} model={model} state={state} />)}
      {!model.run.ops.count && !model.run.messages.count && <p>This run has neither operations nor messages.</p>}
    </div>
  );
}

export function Plot({ figure, model, state }: { figure: Figure; model: Model; state: State }) {
  const place = useRef<HTMLDivElement>(null);
  const whole = useRef<HTMLElement>(null);
  useEffect(() => {
    let plot: uPlot | null = null;
    const draw = () => {
      plot?.destroy();
      const colour = colours();
      const made = figure.make(model, colour);
      if (!made || !place.current) {
        whole.current?.remove();
        return;
      }
      const isTime = !made.x;
      const axis = { stroke: colour.faint, grid: { stroke: colour.line, width: 0.6 }, ticks: { stroke: colour.line, width: 0.6 } };
      const number = (_: uPlot, ticks: (number | null)[]) => ticks.map((tick) => (tick === null ? '' : String(+tick.toPrecision(6))));
      plot = new uPlot(
        {
          width: place.current.clientWidth,
          height: 230,
          scales: { x: { time: false }, y: made.log ? { distr: 3 } : {} },
          series: [{ label: isTime ? 'time, s' : made.x! }, ...made.series],
          axes: [
            { ...axis, values: number, label: isTime ? 's' : made.x!, labelSize: 16 },
            { ...axis, values: made.log ? (_, ticks) => ticks.map((tick) => (Math.log10(tick) % 1 === 0 ? String(tick) : '')) : number, label: made.unit, labelSize: 16, size: 56 },
          ],
          legend: { live: false },
          cursor: { drag: { x: true, y: false } },
          hooks: isTime
            ? {
                drawAxes: [(plot) => bands(plot, model, colour)],
                setSelect: [
                  (plot) => {
                    if (plot.select.width < 3) return;
                    const [from, until] = [plot.select.left, plot.select.left + plot.select.width].map((left) => plot.posToVal(left, 'x') * 1e6);
                    state.show(from!, until!);
                  },
                ],
              }
            : {},
        },
        made.data,
        place.current,
      );
    };
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      draw();
    }, { rootMargin: '600px' });
    seen.observe(place.current!);
    // Those that are far away are drawn when there is nothing else to do.
    const soon = window.setTimeout(() => {
      if (plot || !place.current) return;
      seen.disconnect();
      draw();
    }, 1500);
    const unmounted = new AbortController();
    const { signal } = unmounted;
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw, { signal });
    addEventListener('beforeprint', draw, { signal });
    let width = place.current!.clientWidth;
    new ResizeObserver(() => {
      const now = place.current?.clientWidth ?? width;
      if (plot && Math.abs(now - width) > 2) plot.setSize({ width: (width = now), height: 230 });
    }).observe(place.current!);
    return () => {
      clearTimeout(soon);
      unmounted.abort();
      seen.disconnect();
      plot?.destroy();
    };
  }, []);
  return (
    <figure ref={whole}>
      <figcaption>
        <strong>{figure.title}</strong> <span>{figure.note}</span>
      </figcaption>
      <div class="plot" ref={place} role="img" aria-label={`${figure.title}. ${figure.note}`} />
    </figure>
  );
}

/** Faults behind the curves. */
function bands(plot: uPlot, model: Model, colour: Colours) {
  const { faults } = model.run.meta;
  const kinds = [...new Set(faults.map((fault) => fault.kind))];
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textBaseline = 'top';
  ctx.textAlign = 'left';
  let last = '';
  for (const fault of faults) {
    const x1 = plot.valToPos(fault.from / 1e6, 'x', true);
    const x2 = plot.valToPos((fault.until ?? model.run.last) / 1e6, 'x', true);
    ctx.fillStyle = colour.fault[kinds.indexOf(fault.kind) % colour.fault.length]!;
    ctx.globalAlpha = 0.12;
    ctx.fillRect(x1, bbox.top, x2 - x1, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillRect(x1, bbox.top, Math.max(1, x2 - x1), 3);
    if (fault.kind !== last && x2 - x1 > 30) ctx.fillText(fault.kind, Math.max(x1, bbox.left) + 4, bbox.top + 5);
    last = fault.kind;
  }
  ctx.restore();
}
