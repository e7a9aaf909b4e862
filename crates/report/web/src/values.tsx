// Sets: which node had which value when, who lacked what, and which message should
// have brought it.

import { useEffect, useMemo, useState } from 'preact/hooks';
import { DELIVERED, IN_FLIGHT } from './data';
import type { Model } from './model';
import { clipped, moment, printable, span } from './text';

const SETS = new Set(['broadcast', 'g-set']);
const MOST_ROWS = 200;

export interface Row {
  value: string;
  /** The operation that added it. */
  op: number;
  added: number;
  /** When each node first had it; Infinity: never, as far as is known. */
  had: Float64Array;
  /** The places of nodes whose final read lacks it. */
  lacking: number[];
  /** For a node that lacks it, the message that was to bring it and did not. */
  lost: Map<number, number>;
}

export function hasValues(model: Model): boolean {
  return SETS.has(model.run.meta.workload) && model.run.meta.nodes.length > 0;
}

/** All values that were added. */
export function rows(model: Model): Row[] {
  const { ops, marks, messages, meta, contents } = model.run;
  const nodes = meta.nodes.length;
  const rows = new Map<string, Row>();
  const adds = new Set(['broadcast', 'add'].map((name) => meta.functions.indexOf(name)));
  for (let n = 0; n < ops.count; n++) {
    if (ops.process[n]! < 0 || ops.kind[n] !== 0 || !adds.has(ops.f[n]!)) continue;
    const value = ops.texts[ops.value[n]!]!;
    if (rows.has(value)) continue;
    rows.set(value, { value, op: n, added: ops.time[n]!, had: new Float64Array(nodes).fill(Infinity), lacking: [], lost: new Map() });
  }
  const have = (value: string, node: number, time: number) => {
    const row = rows.get(value);
    if (row && node >= 0 && node < nodes && time < row.had[node]!) row.had[node] = time;
  };
  const holds = meta.labels.indexOf('holds');
  for (let n = 0; n < marks.count; n++) {
    if (marks.label[n] === holds) have(marks.texts[marks.value[n]!]!, model.laneOf[marks.node[n]!]!, marks.time[n]!);
  }
  // Where a node makes no marks, reads and the client's own request tell.
  for (let n = 0; n < ops.count; n++) {
    if (ops.kind[n] !== 1 || ops.process[n]! < 0) continue;
    const text = ops.texts[ops.value[n]!]!;
    if (adds.has(ops.f[n]!)) have(text, model.opNode[n]!, ops.time[n]!);
    else if (holds < 0 || ops.final[n]) elements(text).forEach((value) => have(value, model.opNode[n]!, ops.time[n]!));
  }
  for (let n = 0; n < ops.count; n++) {
    if (!ops.final[n] || ops.kind[n] !== 1) continue;
    const text = ops.texts[ops.value[n]!]!;
    if (text.endsWith('…')) continue;
    const read = new Set(elements(text));
    const began = ops.pair[n]! >= 0 ? ops.time[ops.pair[n]!]! : ops.time[n]!;
    for (const row of rows.values()) {
      if (row.added < began && !read.has(row.value) && !row.lacking.includes(model.opNode[n]!)) row.lacking.push(model.opNode[n]!);
    }
  }
  // The first message to each node that lacks a value, which carried it and was lost.
  const lacking = [...rows.values()].filter((row) => row.lacking.length);
  if (lacking.length) {
    const carried = new Map<number, Row[]>();
    for (const row of lacking) {
      model.holding(row.value).forEach((is, content) => {
        if (!is) return;
        const all = carried.get(content);
        if (all) all.push(row);
        else carried.set(content, [row]);
      });
    }
    for (let n = 0; n < messages.count; n++) {
      if (messages.fate[n] === DELIVERED || messages.fate[n] === IN_FLIGHT) continue;
      for (const row of carried.get(messages.content[n]!) ?? []) {
        const to = model.laneOf[messages.dest[n]!]!;
        if (row.lacking.includes(to) && !row.lost.has(to)) row.lost.set(to, n);
      }
    }
  }
  void contents;
  return [...rows.values()];
}

function elements(text: string): string[] {
  try {
    const value = JSON.parse(text) as unknown;
    return Array.isArray(value) ? value.map((one) => JSON.stringify(one)) : [];
  } catch {
    return [];
  }
}

/** The value that a link leads to. */
let aim: ((value: string) => void) | null = null;

/** Shows the row of the value that a fragment names. */
export function showValue(fragment: string): boolean {
  const named = /^#value-(.+)$/.exec(fragment);
  if (!named || !aim) return false;
  try {
    aim(decodeURIComponent(named[1]!));
  } catch {
    aim(named[1]!);
  }
  return true;
}

export function Values({ model }: { model: Model }) {
  const all = useMemo(() => rows(model), [model]);
  const [query, setQuery] = useState('');
  const [every, setEvery] = useState(false);
  const [aimed, setAimed] = useState<{ value: string } | null>(null);
  useEffect(() => {
    aim = (value) => {
      setAimed({ value });
      const place = all.filter((row) => row.lacking.length).findIndex((row) => row.value === value);
      setQuery(place < 0 || place >= MOST_ROWS ? value : '');
    };
  }, [all]);
  useEffect(() => {
    document.querySelector('tr.aimed')?.scrollIntoView({ block: 'center' });
  }, [aimed]);
  const lacking = all.filter((row) => row.lacking.length);
  const shown = all.filter((row) => (query ? row.value === query.trim() : every || row.lacking.length || !lacking.length));
  const { meta } = model.run;
  const { messages } = model.run;
  return (
    <>
      <p>
        {lacking.length
          ? `${lacking.length} of ${all.length} values are lacking from a final read. A cell says how long after it was added a node first had a value; “lacks” names the message that should have brought it, where one was sent: no message was, if whoever should have sent it lacked the value, too.`
          : `All ${all.length} values were in every final read. A cell says how long after it was added a node first had a value.`}
      </p>
      <p class="tools">
        <label>
          Value <input type="search" value={query} onInput={(event) => setQuery(event.currentTarget.value)} size={8} />
        </label>
        {lacking.length > 0 && (
          <label>
            <input type="checkbox" checked={every} onChange={(event) => setEvery(event.currentTarget.checked)} /> all values
          </label>
        )}
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Values and nodes">
        <table class="values">
          <thead>
            <tr>
              <th scope="col">value</th>
              <th scope="col">added</th>
              {meta.nodes.map((node) => (
                <th scope="col" key={node}>{printable(node)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.slice(0, MOST_ROWS).map((row) => (
              <tr key={row.value} class={row.value === aimed?.value ? 'aimed' : ''} id={`value-${encodeURIComponent(row.value)}`}>
                <th scope="row">
                  <a href={`#follow-${encodeURIComponent(row.value)}`} title="Follow it through the cluster">{clipped(row.value, 20)}</a>
                </th>
                <td>
                  <a href={`#op-${row.op}`}>{moment(row.added, 3)}</a> at {printable(model.lanes[model.opNode[row.op]!]?.name ?? '?')}
                </td>
                {meta.nodes.map((node, place) => {
                  const lost = row.lost.get(place);
                  if (row.lacking.includes(place)) {
                    return (
                      <td key={node} class="lacks">
                        lacks
                        {lost !== undefined && (
                          <>
                            {': '}
                            <a href={`#message-${messages.id[lost]}`} data-lost={row.value}>
                              {printable(meta.names[messages.src[lost]!]!)} → {printable(node)} {how(meta.fates[messages.fate[lost]!]!)} at {moment(messages.end[lost]!, 3)}
                            </a>
                          </>
                        )}
                      </td>
                    );
                  }
                  const had = row.had[place]!;
                  return <td key={node}>{Number.isFinite(had) ? `+${span(Math.max(0, had - row.added))}` : '–'}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown.length > MOST_ROWS && <p>{shown.length - MOST_ROWS} more; name a value to see it.</p>}
      {!shown.length && <p>There is no such value.</p>}
    </>
  );
}

function how(fate: string): string {
  return fate === 'partitioned' ? 'cut' : fate === 'node-down' ? 'came to the dead' : 'lost';
}
