// Two runs side by side: where they differ first, and their traces moved together.

import type { Event, Model } from './model';
import { State, name } from './state';
import { clipped, moment } from './text';
import { Viewer } from './viewer';

/** What one run did there, in a line; null: nothing more. */
interface Step {
  event: Event | null;
  text: string;
}

export class Pair {
  readonly left: State;
  readonly right: State;
  readonly difference: { left: Step; right: Step; same: number } | null;

  constructor(left: Model, right: Model) {
    this.left = new State(left, false);
    this.right = new State(right, false);
    this.difference = differ(left, right);
    this.together();
  }

  /** How much later the difference is in the right run. */
  private shift(): number {
    const { difference, left, right } = this;
    if (!difference?.left.event || !difference.right.event) return 0;
    return right.model.time(difference.right.event) - left.model.time(difference.left.event);
  }

  /** Moves one trace when the other is moved. */
  private together() {
    const shift = this.shift();
    const follow = (from: State, to: State, shift: number) =>
      from.listen(() => {
        const [begin, end] = [from.from + shift, from.until + shift];
        if (Math.abs(to.from - begin) + Math.abs(to.until - end) < 1) return;
        to.from = begin;
        to.until = end;
        to.redraw();
      });
    follow(this.left, this.right, shift);
    follow(this.right, this.left, -shift);
  }

  /** Shows the first difference in both. */
  show() {
    const { difference, left, right } = this;
    if (!difference) return;
    right.selected = difference.right.event;
    left.select(difference.left.event, true);
    if (!difference.left.event) right.select(difference.right.event, true);
    right.redraw();
  }
}

/** The first message or operation that is not the same in both. */
function differ(left: Model, right: Model) {
  const [a, b] = [steps(left), steps(right)];
  for (let same = 0; ; same++) {
    const [one, other] = [a.next().value as Step | undefined, b.next().value as Step | undefined];
    if (!one && !other) return null;
    if (one?.text === other?.text) continue;
    const nothing = { event: null, text: 'nothing more: this run is over' };
    return { left: one ?? nothing, right: other ?? nothing, same };
  }
}

/** Messages as they are sent, with what became of them, and operations, in order. */
function* steps(model: Model): Generator<Step> {
  const { messages, ops, meta } = model.run;
  let [m, o] = [0, 0];
  while (m < messages.count || o < ops.count) {
    if (o >= ops.count || (m < messages.count && messages.sent[m]! < ops.time[o]!)) {
      const end = messages.end[m]!;
      yield {
        event: { what: 'sent', n: m },
        text: `${moment(messages.sent[m]!)}: ${meta.names[messages.src[m]!]} → ${meta.names[messages.dest[m]!]} ${model.body(m)} ${meta.fates[messages.fate[m]!]} ${moment(end)}`,
      };
      m++;
    } else {
      yield {
        event: { what: 'op', n: o },
        text: `${moment(ops.time[o]!)}: process ${ops.process[o]} ${['begins', 'ok', 'fails', 'unknown'][ops.kind[o]!]} ${model.opText(o)}`,
      };
      o++;
    }
  }
}

export function Difference({ pair }: { pair: Pair }) {
  const { difference } = pair;
  if (!difference) return <p>They do not differ: messages and operations are the same in both.</p>;
  const line = (side: string, step: Step, state: State) => (
    <tr>
      <th scope="row">{side}</th>
      <td>
        <code>{clipped(step.text, 400)}</code>
        {step.event && <> ({name(state.model, step.event).replaceAll('-', ' ')})</>}
      </td>
    </tr>
  );
  return (
    <>
      <p>
        The first {difference.same.toLocaleString('en')} messages and ends of operations are the same. Then:
      </p>
      <table class="facts">
        <tbody>
          {line('a', difference.left, pair.left)}
          {line('b', difference.right, pair.right)}
        </tbody>
      </table>
      <p>
        <button type="button" onClick={() => pair.show()}>Show it in the traces</button>
      </p>
    </>
  );
}

export function Traces({ pair }: { pair: Pair }) {
  return (
    <div class="pair">
      <Viewer state={pair.left} title={`a: ${pair.left.model.run.meta.title}`} />
      <Viewer state={pair.right} title={`b: ${pair.right.model.run.meta.title}`} />
    </div>
  );
}
