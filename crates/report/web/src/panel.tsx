// What is selected, in words.

import { useEffect, useState } from 'preact/hooks';
import { DELIVERED, IN_FLIGHT } from './data';
import type { Event, Model } from './model';
import { name, type State } from './state';
import { clipped, count, fate, harms, moment, printable, span } from './text';
import { followSelected } from './viewer';

export function Panel({ state }: { state: State }) {
  const { selected } = state;
  return (
    <aside class="panel" aria-label="What is selected" aria-live="polite">
      {selected ? <Selected state={state} event={selected} /> : <Nothing state={state} />}
    </aside>
  );
}

function Nothing({ state }: { state: State }) {
  const { findings } = state.model.run.meta;
  const first = findings.find((finding) => finding.ops.length);
  return (
    <>
      <h3>How to read this</h3>
      <p>Time goes downwards. Each column is a node, a service or a client; each arrow a message.</p>
      <p>Select an arrow, a dot (a node's mark) or a bar (an operation) to read what it is. Drag to move, Ctrl and the wheel to zoom, or use the keys: <kbd>?</kbd> lists them.</p>
      {first && (
        <p>
          <button type="button" onClick={() => state.select({ what: 'op', n: first.ops[0]! }, true)}>
            Go to the first finding
          </button>
        </p>
      )}
    </>
  );
}

function Selected({ state, event }: { state: State; event: Event }) {
  const { model } = state;
  const time = model.time(event);
  return (
    <>
      {event.what === 'sent' || event.what === 'arrived' ? <Message state={state} n={event.n} arrived={event.what === 'arrived'} /> : null}
      {event.what === 'op' ? <Operation state={state} n={event.n} /> : null}
      {event.what === 'mark' ? <Mark state={state} n={event.n} /> : null}
      <p class="actions">
        <button type="button" onClick={() => followSelected(state)}>Follow it</button>
        <a href={`#${name(model, event)}`}>Link to this</a>
        <button type="button" onClick={() => state.select(null)}>Close</button>
      </p>
      <FaultsAt model={model} time={time} />
      <MarksAt model={model} time={time} />
    </>
  );
}

function Message({ state, n, arrived }: { state: State; n: number; arrived: boolean }) {
  const { model } = state;
  const { messages, meta, copies } = model.run;
  const what = meta.fates[messages.fate[n]!]!;
  const lost = messages.fate[n] !== DELIVERED && messages.fate[n] !== IN_FLIGHT;
  const harm = harms(messages.harm[n]!);
  const body = model.body(n);
  const again = [...copies.of].flatMap((of, place) => (of === n ? [place] : []));
  return (
    <>
      <h3>
        Message {messages.id[n]}
        {arrived ? ' arrives' : ''}
      </h3>
      <dl>
        <dt>from, to</dt>
        <dd>
          {who(model, messages.src[n]!)} → {who(model, messages.dest[n]!)}
        </dd>
        <dt>type</dt>
        <dd>{printable(meta.kinds[messages.kind[n]!]!) || '(none)'}</dd>
        <dt>sent</dt>
        <dd>{moment(messages.sent[n]!)}</dd>
        <dt>{lost ? 'lost' : 'arrived'}</dt>
        <dd class={lost ? 'lost' : ''}>
          {messages.fate[n] === DELIVERED
            ? `${moment(messages.end[n]!)}, after ${span(messages.end[n]! - messages.sent[n]!)}`
            : `${fate(what)}${Number.isFinite(messages.end[n]!) ? `, ${moment(messages.end[n]!)}` : ''}`}
          {harm ? ` (${harm})` : ''}
        </dd>
        {again.map((place) => (
          <>
            <dt>its copy</dt>
            <dd>
              {fate(meta.fates[copies.fate[place]!]!)}, {moment(copies.end[place]!)}
            </dd>
          </>
        ))}
      </dl>
      <Body state={state} n={n} body={body} />
    </>
  );
}

function Body({ state, n, body }: { state: State; n: number; body: string }) {
  const { meta, messages } = state.model.run;
  const id = messages.id[n]!;
  const [whole, setWhole] = useState<{ id: number; text: string } | null>(null);
  const isCut = body.includes('…');
  useEffect(() => {
    if (!meta.bodies || !isCut) return;
    fetch(`${meta.bodies}/${id}`)
      .then((response) => (response.ok ? response.text() : body))
      .then((text) => setWhole({ id, text }), () => undefined);
  }, [id]);
  const shown = whole?.id === id ? whole.text : body;
  const value = valuesOf(shown);
  return (
    <>
      <pre class="body" tabIndex={0}>{pretty(shown)}</pre>
      {isCut && shown === body && <p class="note">Not all of the body is in this page; glomers serve shows it whole.</p>}
      {value.length > 0 && (
        <p class="actions">
          {value.map((value) => (
            <button key={value} type="button" onClick={() => state.light({ kind: 'value', value })}>
              Follow {clipped(value, 24)}
            </button>
          ))}
        </p>
      )}
    </>
  );
}

/** The values of a body that can be followed: few, or none. */
function valuesOf(body: string): string[] {
  try {
    const parsed = JSON.parse(body) as Record<string, unknown>;
    const values = new Set<string>();
    const take = (value: unknown, depth: number) => {
      if (typeof value === 'number' || typeof value === 'string') values.add(JSON.stringify(value));
      else if (value && typeof value === 'object' && depth < 4) Object.values(value).forEach((inner) => take(inner, depth + 1));
    };
    Object.entries(parsed).forEach(([key, value]) => {
      if (!['type', 'msg_id', 'in_reply_to'].includes(key)) take(value, 0);
    });
    return values.size <= 6 ? [...values] : [];
  } catch {
    return [];
  }
}

function pretty(body: string): string {
  try {
    const text = JSON.stringify(JSON.parse(body), null, 1);
    if (text.length < 2000 && !/\d{16}/.test(body)) {
      return text.split('\n').map(printable).join('\n');
    }
  } catch {
    // It is shown as it is.
  }
  return printable(body);
}

function who(model: Model, nameNumber: number): string {
  const name = model.run.meta.names[nameNumber]!;
  const lane = model.lanes[model.laneOf[nameNumber]!];
  return lane && lane.name !== name ? `${printable(name)} (${lane.name})` : printable(name);
}

const ENDS = ['begins', 'succeeded', 'failed: it did not happen', 'unknown: nobody knows whether it happened'];

function Operation({ state, n }: { state: State; n: number }) {
  const { model } = state;
  const { ops } = model.run;
  const begin = ops.kind[n] === 0 ? n : ops.pair[n]!;
  const end = ops.kind[n] === 0 ? ops.pair[n]! : n;
  const process = ops.process[n]!;
  return (
    <>
      <h3>
        Operation {n}
        {ops.final[n] ? ' (final)' : ''}
      </h3>
      <dl>
        <dt>what</dt>
        <dd class="long">{clipped(model.opText(n), 600)}</dd>
        <dt>who</dt>
        <dd>{process < 0 ? 'the nemesis, which makes faults' : `process ${process}, at node ${printable(model.lanes[model.opNode[n]!]?.name ?? '?')}`}</dd>
        {begin >= 0 && <><dt>begins</dt><dd>{moment(ops.time[begin]!)} (op {begin})</dd></>}
        <dt>ends</dt>
        <dd>
          {end >= 0
            ? `${moment(ops.time[end]!)} (op ${end}), ${ENDS[ops.kind[end]!]}${begin >= 0 ? `, after ${span(ops.time[end]! - ops.time[begin]!)}` : ''}`
            : process < 0 ? '–' : 'never'}
        </dd>
      </dl>
    </>
  );
}

function Mark({ state, n }: { state: State; n: number }) {
  const { marks, meta } = state.model.run;
  return (
    <>
      <h3>Mark of {printable(meta.names[marks.node[n]!]!)}</h3>
      <dl>
        <dt>{printable(meta.labels[marks.label[n]!]!)}</dt>
        <dd class="long">{clipped(marks.texts[marks.value[n]!]!, 600)}</dd>
        <dt>when</dt>
        <dd>{moment(marks.time[n]!)}</dd>
      </dl>
    </>
  );
}

function FaultsAt({ model, time }: { model: Model; time: number }) {
  const on = model.run.meta.faults.filter((fault) => fault.from <= time && time <= (fault.until ?? Infinity));
  if (!on.length) return null;
  return (
    <>
      <h4>Faults at that moment</h4>
      <ul>
        {on.map((fault) => (
          <li key={fault.text}>
            <strong>{fault.kind}</strong> {printable(fault.text)}; {printable(fault.effects)}
          </li>
        ))}
      </ul>
    </>
  );
}

function MarksAt({ model, time }: { model: Model; time: number }) {
  const { meta, marks } = model.run;
  if (!marks.count) return null;
  const found = model.marksAt(time);
  return (
    <>
      <h4>What nodes had marked by then</h4>
      <table class="marks">
        <tbody>
          {meta.nodes.slice(0, 60).map((node, lane) => (
            <tr key={node}>
              <th scope="row">{printable(node)}</th>
              <td>
                {[...(found.get(lane) ?? [])].map(([label, { value, count: times }]) => (
                  <span class="mark" key={label}>
                    {printable(meta.labels[label]!)} {clipped(marks.texts[value]!, 40)}
                    {times > 1 ? ` (${count(times, 'mark')})` : ''}{' '}
                  </span>
                ))}
                {!found.has(lane) && '–'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
