// Searching: types, bodies, nodes, operations, values, links.

import type { Event, Model } from './model';

export interface Found {
  events: Event[];
  messages: Uint8Array;
  ops: Uint8Array;
  marks: Uint8Array;
}

/** Whether text stands in another, whatever the case of letters. */
function holder(query: string): (text: string) => boolean {
  const low = query.toLowerCase();
  return (text) => text.toLowerCase().includes(low);
}

/** All that a query names: words, `n1 -> n3`, `message 203`, `op 17`, `12.5 s`. */
export function search(model: Model, query: string, alsoIds?: Set<number>): Found {
  const { messages, ops, marks, meta, contents } = model.run;
  const found: Found = {
    events: [],
    messages: new Uint8Array(messages.count),
    ops: new Uint8Array(ops.count),
    marks: new Uint8Array(marks.count),
  };
  const text = query.trim();
  if (!text) return found;
  const link = /^(\S+)\s*(?:->|→|>)\s*(\S+)$/.exec(text);
  const one = /^(message|op)\s+(\d+)$/i.exec(text);
  const when = /^(?:at\s+)?(-?\d+(?:\.\d+)?)\s*(s|ms)$/.exec(text);
  const has = holder(text);
  const lane = (name: number) => model.lanes[model.laneOf[name]!]?.name ?? '';
  const is = (name: number, asked: string) =>
    asked === '*' ||
    asked === meta.names[name] ||
    asked === lane(name) ||
    (asked === 'clients' && model.lanes[model.laneOf[name]!]?.kind === 'client');
  if (when) {
    // The first event from that moment on.
    const time = Number(when[1]) * (when[2] === 'ms' ? 1000 : 1e6);
    const event = model.step(time, true, () => true) ?? model.step(time, false, () => true);
    if (event) found.events = [event];
    return found;
  }
  if (one) {
    const number = Number(one[2]);
    if (one[1]!.toLowerCase() === 'op') {
      if (number < ops.count) found.ops[number] = 1;
    } else {
      const n = model.byId(number);
      if (n >= 0) found.messages[n] = 1;
    }
  } else if (link) {
    for (let n = 0; n < messages.count; n++) {
      if (is(messages.src[n]!, link[1]!) && is(messages.dest[n]!, link[2]!)) found.messages[n] = 1;
    }
  } else {
    const inContent = contents.map(has);
    const inKind = meta.kinds.map(has);
    const inFate = meta.fates.map((name, n) => n > 0 && has(name));
    const isName = meta.names.map((name, n) => name === text || lane(n) === text);
    for (let n = 0; n < messages.count; n++) {
      if (
        inContent[messages.content[n]!] ||
        inKind[messages.kind[n]!] ||
        inFate[messages.fate[n]!] ||
        isName[messages.src[n]!] ||
        isName[messages.dest[n]!] ||
        alsoIds?.has(messages.id[n]!)
      )
        found.messages[n] = 1;
    }
    const inText = ops.texts.map(has);
    const inFunction = meta.functions.map(has);
    for (let n = 0; n < ops.count; n++) {
      if (inText[ops.value[n]!] || inText[ops.error[n]!] || inFunction[ops.f[n]!]) found.ops[n] = 1;
    }
    const inMark = marks.texts.map(has);
    const inLabel = meta.labels.map(has);
    for (let n = 0; n < marks.count; n++) {
      if (inMark[marks.value[n]!] || inLabel[marks.label[n]!]) found.marks[n] = 1;
    }
  }
  collect(model, found);
  return found;
}

/** Lists what was found in the order of time. */
export function collect(model: Model, found: Found) {
  const events: Event[] = [];
  found.messages.forEach((is, n) => is && events.push({ what: 'sent', n }));
  found.ops.forEach((is, n) => is && events.push({ what: 'op', n }));
  found.marks.forEach((is, n) => is && events.push({ what: 'mark', n }));
  events.sort((a, b) => model.time(a) - model.time(b));
  found.events = events;
}

/** All that is about a value: messages that carry it, operations and marks. */
export function ofValue(model: Model, value: string): Found {
  const { messages, ops, marks } = model.run;
  const inContent = model.holding(value);
  const pattern = new RegExp(`(^|[^\\w.-])${value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}($|[^\\w.])`);
  const inText = ops.texts.map((text) => text === value || pattern.test(text));
  const found: Found = {
    events: [],
    messages: messages.content.length ? Uint8Array.from(messages.content, (n) => inContent[n]!) : new Uint8Array(0),
    ops: Uint8Array.from(ops.value, (n) => (inText[n] ? 1 : 0)),
    marks: Uint8Array.from(marks.value, (n) => (marks.texts[n] === value ? 1 : 0)),
  };
  collect(model, found);
  return found;
}
