// Who sent how much to whom: a matrix.

import { useMemo } from 'preact/hooks';
import { IN_FLIGHT } from './data';
import type { Model } from './model';
import type { State } from './state';
import { printable } from './text';

interface Counted {
  /** Nodes and services, then all clients as one. */
  names: string[];
  /** Whether the last is all clients. */
  clients: boolean;
  sent: Uint32Array;
  lost: Uint32Array;
  /** The largest number that no client has to do with. */
  most: number;
}

export function Links({ model, state }: { model: Model; state: State }) {
  const { names, clients, sent, lost, most } = useMemo(() => counted(model), [model]);
  const { length } = names;
  const show = (from: number, to: number) => {
    const name = (place: number) => (clients && place === length - 1 ? 'clients' : names[place]);
    state.find(`${name(from)} -> ${name(to)}`);
    state.next(1);
    document.getElementById('trace')?.scrollIntoView();
  };
  return (
    <>
      <p>Messages sent from a row to a column; in brackets those of them that were lost. Select a number to see its messages in the trace.</p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Matrix of links">
        <table class="matrix">
          <thead>
            <tr>
              <th scope="col">from ↓ to →</th>
              {names.map((name) => <th scope="col" key={name}>{printable(name)}</th>)}
            </tr>
          </thead>
          <tbody>
            {names.map((name, from) => (
              <tr key={name}>
                <th scope="row">{printable(name)}</th>
                {names.map((_, to) => {
                  const [all, bad] = [sent[from * length + to]!, lost[from * length + to]!];
                  const depth = all ? 0.06 + 0.2 * Math.sqrt(Math.min(1, all / most)) : 0;
                  return (
                    <td key={to} style={{ background: all ? `color-mix(in srgb, var(--blue) ${(depth * 100).toFixed(0)}%, transparent)` : '' }}>
                      {all > 0 && (
                        <button type="button" class="plain" onClick={() => show(from, to)}>
                          {all.toLocaleString('en')}
                          {bad > 0 && ` (✕ ${bad.toLocaleString('en')})`}
                        </button>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function counted(model: Model): Counted {
  const { messages } = model.run;
  const names = model.lanes.filter((lane) => lane.kind !== 'client').map((lane) => lane.name);
  const clients = names.length < model.lanes.length;
  const first = names.length;
  if (clients) names.push('clients');
  const { length } = names;
  const sent = new Uint32Array(length * length);
  const lost = new Uint32Array(length * length);
  // Clients are the last of the lanes.
  const place = (name: number) => Math.min(model.laneOf[name]!, first);
  let most = 1;
  for (let n = 0; n < messages.count; n++) {
    const [from, to] = [place(messages.src[n]!), place(messages.dest[n]!)];
    const at = from * length + to;
    sent[at]!++;
    if (messages.fate[n]! > IN_FLIGHT) lost[at]!++;
    if (from < first && to < first) most = Math.max(most, sent[at]!);
  }
  return { names, clients, sent, lost, most };
}
