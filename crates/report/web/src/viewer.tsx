// The trace viewer: tools, canvas, and beside it in words what is selected.

import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import { View } from './draw';
import { Panel } from './panel';
import type { State } from './state';
import { count, moment, printable, span } from './text';

/** The most choices of a filter that are listed. */
const MOST_CHOICES = 200;

const KEYS: [string, string][] = [
  ['← →', 'the event before, the next one'],
  ['↑ ↓', 'earlier, later'],
  ['+ −', 'closer, farther (or Ctrl and the wheel)'],
  ['0', 'the whole run'],
  ['Home End', 'to the beginning, to the end'],
  ['/', 'search'],
  ['n N', 'the next that was found, the one before'],
  ['f', 'follow what is selected through the cluster'],
  ['Esc', 'select nothing, follow nothing'],
  ['?', 'show these keys'],
];

export function Viewer({ state, title }: { state: State; title?: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const view = useRef<View | null>(null);
  const [, redraw] = useReducer((n: number, _: void) => n + 1, 0);
  const [help, setHelp] = useState(false);

  useEffect(() => {
    const drawn = (view.current = new View(canvas.current!, state));
    let waiting = false;
    const draw = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        drawn.draw();
        redraw();
      });
    };
    state.listen(draw);
    new ResizeObserver(draw).observe(canvas.current!);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
    addEventListener('beforeprint', () => drawn.draw());
    draw();
    return pointers(canvas.current!, drawn, state, draw);
  }, []);

  const key = (event: KeyboardEvent) => {
    const length = state.until - state.from;
    const { first, last } = state.model.run;
    const actions: Record<string, () => void> = {
      ArrowLeft: () => state.step(false),
      ArrowRight: () => state.step(true),
      ArrowUp: () => state.show(state.from - length * 0.15, state.until - length * 0.15),
      ArrowDown: () => state.show(state.from + length * 0.15, state.until + length * 0.15),
      PageUp: () => state.show(state.from - length * 0.9, state.until - length * 0.9),
      PageDown: () => state.show(state.from + length * 0.9, state.until + length * 0.9),
      '+': () => state.zoom(0.6),
      '=': () => state.zoom(0.6),
      '-': () => state.zoom(1 / 0.6),
      '0': () => state.fit(),
      Home: () => state.show(first, first + length),
      End: () => state.show(last - length, last),
      '/': () => input.current?.focus(),
      n: () => state.next(1),
      N: () => state.next(-1),
      f: () => followSelected(state),
      Escape: () => {
        state.light(null);
        state.select(null);
      },
      '?': () => setHelp(!help),
    };
    const action = actions[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  };

  const { model } = state;
  const { meta, messages } = model.run;
  const found = state.found;
  const drawn = view.current;
  const inView = drawn?.inView ?? 0;
  return (
    <div class="viewer">
      {title && <h3>{printable(title)}</h3>}
      <div class="tools" role="toolbar" aria-label="Tools of the trace">
        <span class="find">
          <input
            ref={input}
            type="search"
            aria-label="Search"
            placeholder="Search: a word, n1 -> n3, op 17, 12 s"
            value={state.query}
            onInput={(event) => state.find(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') state.next(event.shiftKey ? -1 : 1);
              if (event.key === 'Escape') canvas.current?.focus();
            }}
          />
          {found && (
            <>
              <output class="hits">
                {state.asking ? 'asking…' : found.events.length ? `${state.at + 1} of ${found.events.length.toLocaleString('en')}` : 'nothing'}
              </output>
              <button type="button" onClick={() => state.next(-1)} aria-label="The one before">▲</button>
              <button type="button" onClick={() => state.next(1)} aria-label="The next that was found">▼</button>
            </>
          )}
        </span>
        <span class="group">
          <button type="button" onClick={() => state.step(false)} title="Left arrow">◀ Step</button>
          <button type="button" onClick={() => state.step(true)} title="Right arrow">Step ▶</button>
        </span>
        <span class="group">
          <button type="button" onClick={() => state.zoom(0.5)} aria-label="Closer">+</button>
          <button type="button" onClick={() => state.zoom(2)} aria-label="Farther">−</button>
          <button type="button" onClick={() => state.fit()}>Whole run</button>
        </span>
        <label>
          <input
            type="checkbox"
            checked={state.lostOnly}
            onChange={(event) => {
              state.lostOnly = event.currentTarget.checked;
              state.changed();
            }}
          />
          only lost
        </label>
        <label>
          <input
            type="checkbox"
            checked={state.clients}
            onChange={(event) => {
              state.clients = event.currentTarget.checked;
              state.changed();
            }}
          />
          clients
        </label>
        <Filter name="Types" all={meta.kinds.map((kind) => kind || '')} hidden={state.hiddenKinds} state={state} colour={(n) => drawn?.kindColour(n)} />
        <Filter name="Columns" all={model.lanes.map((lane) => lane.name)} hidden={state.hiddenLanes} state={state} />
        <button type="button" onClick={() => setHelp(!help)} aria-expanded={help}>Keys ?</button>
      </div>
      {help && (
        <table class="keys">
          <caption>Keys, when the trace has the focus</caption>
          <tbody>
            {KEYS.map(([keys, what]) => (
              <tr key={keys}>
                <th scope="row"><kbd>{keys}</kbd></th>
                <td>{what}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {state.follow && (
        <p class="following" role="status">
          Following{' '}
          {state.follow.kind === 'value' ? (
            <>the value <code>{printable(state.follow.value)}</code></>
          ) : (
            <>message {messages.id[state.follow.message]}: what led to it, and what it led to</>
          )}
          ; all else is faint.{' '}
          <button type="button" onClick={() => state.light(null)}>Stop following</button>
        </p>
      )}
      <div class="stage">
        <div class="drawing">
          <canvas
            ref={canvas}
            tabIndex={0}
            role="img"
            aria-label="Space-time diagram of the run: a column for each node, time downwards, messages as arrows. Arrow keys step from event to event; the panel says in words what is selected. The question mark shows all keys."
            onKeyDown={key}
          />
          <p class="status">
            {moment(state.from, 3)} to {moment(state.until, 3)} ({span(state.until - state.from)}):{' '}
            {count(inView, 'message')}
            {drawn?.passing ? ` and ${drawn.passing.toLocaleString('en')} that were under way all the time` : ''}
            {drawn?.isDense ? ', shown as bars: how many each sends. Zoom in to see each.' : ''}
            <span class="legend"> <i class="key arrives" /> arrives <i class="key lost" /> ✕ lost or cut <i class="key op" /> operation <i class="key mark" /> mark</span>
          </p>
        </div>
        <Panel state={state} />
      </div>
    </div>
  );
}

function Filter({ name, all, hidden, state, colour }: {
  name: string;
  all: string[];
  hidden: Set<string>;
  state: State;
  colour?: (n: number) => string | undefined;
}) {
  return (
    <details class="filter">
      <summary>
        {name}
        {hidden.size ? ` (${hidden.size} hidden)` : ''}
      </summary>
      <div class="choices">
        <button
          type="button"
          onClick={() => {
            if (hidden.size) hidden.clear();
            else all.forEach((one) => hidden.add(one));
            state.changed();
          }}
        >
          {hidden.size ? 'Show all' : 'Hide all'}
        </button>
        {all.slice(0, MOST_CHOICES).map((one, n) => (
          <label key={one}>
            <input
              type="checkbox"
              checked={!hidden.has(one)}
              onChange={(event) => {
                if (event.currentTarget.checked) hidden.delete(one);
                else hidden.add(one);
                state.changed();
              }}
            />
            {colour && <i class="swatch" style={{ background: colour(n) }} />}
            {printable(one) || '(no type)'}
          </label>
        ))}
        {all.length > MOST_CHOICES && <p>{all.length - MOST_CHOICES} more; search finds them.</p>}
      </div>
    </details>
  );
}

export function followSelected(state: State) {
  const { selected } = state;
  if (!selected) return;
  if (selected.what === 'sent' || selected.what === 'arrived') {
    state.light({ kind: 'causes', message: selected.n });
    return;
  }
  const { ops, marks } = state.model.run;
  const value = selected.what === 'op' ? ops.texts[ops.value[selected.n]!] : marks.texts[marks.value[selected.n]!];
  if (value && value !== 'null') state.light({ kind: 'value', value });
}

/** What mouse and fingers do. */
function pointers(canvas: HTMLCanvasElement, view: View, state: State, draw: () => void) {
  const down = new Map<number, { x: number; y: number }>();
  let moved = 0;
  let inMap = false;
  const at = (event: { clientX: number; clientY: number }) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const jump = (y: number) => {
    const { first, last } = state.model.run;
    const time = first + (y / view.layout.height) * (last - first);
    const half = (state.until - state.from) / 2;
    state.show(time - half, time + half);
  };
  canvas.addEventListener('wheel', (event) => {
    event.preventDefault();
    const { x, y } = at(event);
    void x;
    const length = state.until - state.from;
    if (event.ctrlKey || event.metaKey) state.zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.012), view.timeAt(y));
    else {
      const shift = ((event.deltaMode ? event.deltaY * 20 : event.deltaY) / view.layout.height) * length;
      state.show(state.from + shift, state.until + shift);
    }
  }, { passive: false });
  canvas.addEventListener('pointerdown', (event) => {
    const point = at(event);
    down.set(event.pointerId, point);
    moved = 0;
    inMap = point.x > view.layout.width - view.layout.map;
    try {
      canvas.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already.
    }
    if (inMap) jump(point.y);
  });
  canvas.addEventListener('pointermove', (event) => {
    const point = at(event);
    const before = down.get(event.pointerId);
    if (!before) {
      const hover = view.hit(point.x, point.y);
      if (hover?.n !== view.hover?.n || hover?.what !== view.hover?.what) {
        view.hover = hover;
        canvas.style.cursor = hover ? 'pointer' : 'grab';
        draw();
      }
      return;
    }
    const length = state.until - state.from;
    const perPixel = length / (view.layout.height - view.layout.top);
    moved += Math.abs(point.x - before.x) + Math.abs(point.y - before.y);
    if (inMap) jump(point.y);
    else if (down.size === 2) {
      const other = [...down].find(([id]) => id !== event.pointerId)![1];
      const apart = (a: { x: number; y: number }) => Math.max(20, Math.hypot(a.x - other.x, a.y - other.y));
      state.zoom(apart(before) / apart(point), view.timeAt((point.y + other.y) / 2));
    } else if (moved > 4) {
      const shift = (before.y - point.y) * perPixel;
      state.show(state.from + shift, state.until + shift);
    }
    down.set(event.pointerId, point);
  });
  const up = (event: PointerEvent) => {
    const point = at(event);
    if (down.delete(event.pointerId) && moved <= 4 && !inMap && event.type === 'pointerup') {
      state.select(view.hit(point.x, point.y));
    }
  };
  canvas.addEventListener('pointerup', up);
  canvas.addEventListener('pointercancel', up);
  canvas.addEventListener('pointerleave', () => {
    view.hover = null;
    draw();
  });
  canvas.addEventListener('dblclick', (event) => state.zoom(0.4, view.timeAt(at(event).y)));
}
