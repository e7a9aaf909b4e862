#!/usr/bin/env node
// Broadcast on Node.js: a timer for each value on its way to a peer.
const lines = require('readline').createInterface({ input: process.stdin });
let node, peers = [], lastId = 0;
const seen = new Set(), waiting = new Map();

const send = (dest, body) => process.stdout.write(JSON.stringify({ src: node, dest, body }) + '\n');

function tell(peer, value) {
  const number = ++lastId;
  const once = () => {
    send(peer, { type: 'tell', value, msg_id: number });
    waiting.set(number, setTimeout(once, 400 + Math.random() * 100));
  };
  once();
}

lines.on('line', (line) => {
  const { src, body } = JSON.parse(line);
  if (body.type === 'tell_ok') {
    clearTimeout(waiting.get(body.in_reply_to));
    waiting.delete(body.in_reply_to);
    return;
  }
  if (body.type === 'init') {
    node = body.node_id;
    peers = body.node_ids.filter((other) => other !== node);
  }
  if (body.type === 'topology') peers = body.topology[node];
  const answer = { type: body.type + '_ok', in_reply_to: body.msg_id };
  if (body.type === 'read') answer.messages = [...seen];
  send(src, answer);
  if (body.type !== 'broadcast' && body.type !== 'tell') return;
  const value = body.type === 'broadcast' ? body.message : body.value;
  if (seen.has(value)) return;
  seen.add(value);
  peers.filter((peer) => peer !== src).forEach((peer) => tell(peer, value));
});
