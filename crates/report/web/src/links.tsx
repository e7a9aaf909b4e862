// Who sent how much to whom: a matrix.

import { useMemo } from 'preact/hooks';
import { IN_FLIGHT } from './data';
import type { Model } from './model';
import type { State } from './state';
import { printable } from './text';

export function Links({ model, state }: { model: Model; state: State }) {
  const lanes = useMemo(() => model.lanes.flatMap((lane, n) => (lane.kind === 'client' ? [] : [n])), [model]);
  const { sent, lost, most } = useMemo(() => counted(model), [model]);
  const { length } = model.lanes;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Matrix of links">
      <table class="matrix">
        <caption>Messages sent from a row to a column; in brackets those of them that were lost. Select one to see its messages in the trace.</caption>
        <thead>
          <tr>
            <th scope="col">from ↓ to →</th>
            {lanes.map((to) => <th scope="col" key={to}>{printable(model.lanes[to]!.name)}</th>)}
          </tr>
        </thead>
        <tbody>
          {lanes.map((from) => (
            <tr key={from}>
              <th scope="row">{printable(model.lanes[from]!.name)}</th>
              {lanes.map((to) => {
                const [all, bad] = [sent[from * length + to]!, lost[from * length + to]!];
                const show = () => {
                  state.find(`${model.lanes[from]!.name} -> ${model.lanes[to]!.name}`);
                  state.next(1);
                  document.getElementById('trace')?.scrollIntoView();
                };
                const depth = all ? 0.06 + 0.2 * Math.sqrt(Math.min(1, all / most)) : 0;
                return (
                  <td key={to} style={{ background: all ? `color-mix(in srgb, var(--blue) ${(depth * 100).toFixed(0)}%, transparent)` : '' }}>
                    {all > 0 && (
                      <button type="button" class="plain" onClick={show}>
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
  );
}

function counted(model: Model) {
  const { messages } = model.run;
  const { length } = model.lanes;
  const sent = new Uint32Array(length * length);
  const lost = new Uint32Array(length * length);
  let most = 1;
  for (let n = 0; n < messages.count; n++) {
    const [from, to] = [model.laneOf[messages.src[n]!]!, model.laneOf[messages.dest[n]!]!];
    const at = from * length + to;
    sent[at]!++;
    if (messages.fate[n]! > IN_FLIGHT) lost[at]!++;
    const isClient = model.lanes[from]!.kind === 'client' || model.lanes[to]!.kind === 'client';
    if (!isClient) most = Math.max(most, sent[at]!);
  }
  return { sent, lost, most };
}
