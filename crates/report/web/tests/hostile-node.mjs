#!/usr/bin/env node
// A node that means harm: it answers requests rightly, and at the first of them sends its
// neighbour 5,200 bodies with all that could break a page, one of them 10 MB long.
import { createInterface } from 'node:readline';

const BITS = [
  '<script>window.broken=1</script>', '</script><script>window.broken=1</script>', '<img src=x onerror="window.broken=1">',
  '"onmouseover="window.broken=1', "javascript:window.broken=1", '<!--', '-->', ']]>', '&lt;script&gt;', '${window.broken=1}',
  '\u202e', '\u0000', '\u001b[31m', '\u2028', '\u2066', '\ufeff', '\\u003c', '</style>', '<svg/onload=window.broken=1>', '{{7*7}}',
  '😀', 'é', '日本', '\u0007', '#op-1', 'constructor', '__proto__', '…', '1e999', '\\', '"', "'", '`', '\n', '\t',
];
let seed = 1;
const random = (most) => {
  seed = (seed * 48271) % 2147483647;
  return seed % most;
};
const text = () => Array.from({ length: 1 + random(8) }, () => BITS[random(BITS.length)]).join('');
const send = (line) => process.stdout.write(JSON.stringify(line) + '\n');

let me = '';
let others = [];
let sent = false;
createInterface({ input: process.stdin }).on('line', (line) => {
  const { src, body } = JSON.parse(line);
  if (body.type === 'init') {
    me = body.node_id;
    seed = me.charCodeAt(1) * 7919;
    others = body.node_ids.filter((id) => id !== me);
    send({ src: me, dest: src, body: { type: 'init_ok', in_reply_to: body.msg_id } });
    return;
  }
  if (body.type !== 'echo') return;
  for (let n = 0; n < 5200 && !sent; n++) {
    const other = others[random(others.length)] ?? me;
    const body = { type: text(), [text()]: text(), list: [text(), { [text()]: random(1e9) }] };
    if (n === 5199) body.long = '<script>'.repeat(1250000);
    send({ src: me, dest: other, body });
  }
  sent = true;
  console.error(text());
  send({ src: me, dest: src, body: { type: 'echo_ok', in_reply_to: body.msg_id, echo: body.echo } });
});
