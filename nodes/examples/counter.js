#!/usr/bin/env node
// A counter in the service seq-kv, which all nodes add to by compare-and-set.
let me;
let asked = 0;
const waiting = new Map(); // What to do with the answer to each question to seq-kv.

function send(dest, body) {
  console.log(JSON.stringify({ src: me, dest, body }));
}

// Asks seq-kv. Other requests are handled while the answer is on its way.
function ask(body) {
  asked += 1;
  send("seq-kv", { key: "counter", ...body, msg_id: asked });
  return new Promise((resolve) => waiting.set(asked, resolve));
}

async function read() {
  const answer = await ask({ type: "read" });
  return answer.type === "read_ok" ? answer.value : 0; // There is no counter yet.
}

// Adds to the counter; tries again if somebody else was faster.
async function add(delta) {
  for (;;) {
    const old = await read();
    const answer = await ask({ type: "cas", from: old, to: old + delta, create_if_not_exists: true });
    if (answer.type === "cas_ok") return;
  }
}

// What seq-kv reads may be old, but never older than what the node wrote before.
async function readNewest() {
  await ask({ type: "write", key: "last read of " + me, value: asked });
  return read();
}

// For each type of request the fields of its answer.
const handlers = {
  async init(body) {
    me = body.node_id;
  },
  async add(body) {
    await add(body.delta);
  },
  async read() {
    return { value: await readNewest() };
  },
};

require("readline").createInterface({ input: process.stdin }).on("line", async (line) => {
  const { src, body } = JSON.parse(line);
  if (waiting.has(body.in_reply_to)) {
    waiting.get(body.in_reply_to)(body);
    waiting.delete(body.in_reply_to);
    return;
  }
  const answer = await handlers[body.type](body);
  send(src, { type: body.type + "_ok", in_reply_to: body.msg_id, ...answer });
});
