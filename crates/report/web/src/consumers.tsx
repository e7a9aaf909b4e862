// Logs: how far each consumer was behind, by key and over time.

import { useMemo, useState } from 'preact/hooks';
import type { Lags } from './data';
import type { Colours } from './colours';
import type { Model } from './model';
import { type Figure, Plot, stepped } from './plots';
import type { State } from './state';
import { clipped, moment } from './text';

/** More lines than this cannot be told apart. */
const MOST_LINES = 8;
const MOST_ROWS = 60;
const ALL = -1;

interface Cell {
  /** The largest lag, and when it was first so large. */
  most: number;
  at: number;
  /** The lag at the end; -1: the client had the key no longer. */
  last: number;
}

/** Of each key and client the largest lag and the last. */
export function cells(lags: Lags): Map<number, Map<number, Cell>> {
  const all = new Map<number, Map<number, Cell>>();
  for (let n = 0; n < lags.count; n++) {
    const key = lags.key[n]!;
    let row = all.get(key);
    if (!row) all.set(key, (row = new Map()));
    const cell = row.get(lags.client[n]!) ?? { most: -1, at: 0, last: -1 };
    cell.last = lags.lag[n]!;
    if (cell.last > cell.most) {
      cell.most = cell.last;
      cell.at = lags.at[n]! * lags.part;
    }
    row.set(lags.client[n]!, cell);
  }
  return all;
}

/** The lag of each client over time, of one key or the sum of all that it had. */
export function curves(lags: Lags, key: number, clients: number[]): { x: number[]; lines: (number | null)[][] } {
  const x: number[] = [];
  const lines: (number | null)[][] = clients.map(() => []);
  const now = clients.map(() => new Map<number, number>());
  const place = new Map(clients.map((client, n) => [client, n]));
  const write = (part: number) => {
    x.push((part * lags.part) / 1e6);
    now.forEach((keys, n) => {
      const found = key === ALL ? [...keys.values()] : keys.has(key) ? [keys.get(key)!] : [];
      lines[n]!.push(found.length ? found.reduce((sum, lag) => sum + lag, 0) : null);
    });
  };
  for (let n = 0; n < lags.count; n++) {
    const keys = now[place.get(lags.client[n]!) ?? -1];
    if (keys && lags.lag[n]! < 0) keys.delete(lags.key[n]!);
    else keys?.set(lags.key[n]!, lags.lag[n]!);
    if (n + 1 === lags.count || lags.at[n + 1] !== lags.at[n]) write(lags.at[n]!);
  }
  return { x, lines };
}

export function Consumers({ lags, model, state }: { lags: Lags; model: Model; state: State }) {
  const table = useMemo(() => cells(lags), [lags]);
  const clients = useMemo(() => [...new Set(lags.client)].sort((a, b) => a - b), [lags]);
  const [key, setKey] = useState(ALL);
  const name = (key: number) => clipped(lags.keys[key] ?? '', 24);
  const largest = (key: number) => Math.max(...[...table.get(key)!.values()].map((cell) => cell.most));
  const keys = useMemo(() => [...table.keys()].sort((a, b) => largest(b) - largest(a) || a - b), [table]);
  if (!lags.count) return <p>No client was assigned a key.</p>;
  // Those that were farthest behind.
  const behind = (client: number) => Math.max(...keys.map((key) => table.get(key)!.get(client)?.most ?? -1));
  const drawn = [...clients].sort((a, b) => behind(b) - behind(a)).slice(0, MOST_LINES).sort((a, b) => a - b);
  const figure: Figure = {
    title: key === ALL ? 'Lag, all keys of a client together' : `Lag, key ${name(key)}`,
    note: 'Messages of the log that a client had not been given yet: the largest number in each slice of time.',
    make: (model: Model, colour: Colours) => {
      const { x, lines } = curves(lags, key, drawn);
      void model;
      return {
        data: [x, ...lines],
        series: drawn.map((client, n) => stepped(`client ${client}`, colour.kinds[n % colour.kinds.length]!, n % 2 ? [5, 3] : undefined)),
        unit: 'messages',
      };
    },
  };
  return (
    <>
      <p>
        A client is behind by the messages of a log that it was not given yet. It begins at the offset that was committed
        last. The final reads, which begin at the beginnings of all logs, are left out.
      </p>
      <p class="tools">
        <label>
          Key{' '}
          <select value={key} onChange={(event) => setKey(Number(event.currentTarget.value))}>
            <option value={ALL}>all together</option>
            {keys.map((key) => <option key={key} value={key}>{name(key)}</option>)}
          </select>
        </label>
        {clients.length > drawn.length && <span>The {MOST_LINES} clients that were farthest behind are drawn.</span>}
      </p>
      <Plot key={key} figure={figure} model={model} state={state} />
      <div class="scroll" tabIndex={0} role="region" aria-label="Largest lags">
        <table class="values lags">
          <thead>
            <tr>
              <th scope="col">key</th>
              {clients.map((client) => <th scope="col" key={client}>client {client}</th>)}
            </tr>
          </thead>
          <tbody>
            {keys.slice(0, MOST_ROWS).map((key) => (
              <tr key={key}>
                <th scope="row">
                  <button type="button" class="plain" onClick={() => setKey(key)}>{name(key)}</button>
                </th>
                {clients.map((client) => {
                  const cell = table.get(key)!.get(client);
                  if (!cell) return <td key={client} />;
                  return (
                    <td key={client} class={cell.last > 0 ? 'lacks' : ''}>
                      <a href={`#t-${Math.round(cell.at)}`} title={`It was first so far behind at ${moment(cell.at, 3)}`}>{cell.most}</a>
                      {cell.last > 0 ? `, ${cell.last} at last` : ''}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="note">
        A number is by how many messages a client was behind at most; it leads to that moment in the trace. Red: it was still
        behind when the final reads began.
        {keys.length > MOST_ROWS ? ` ${keys.length - MOST_ROWS} keys more are in the list above.` : ''}
      </p>
    </>
  );
}
