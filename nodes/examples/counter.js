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
  send("seq-kv", { ...body, key: "counter", msg_id: asked });
  return new Promise((resolve) => waiting.set(asked, resolve));
}

// Adds to the counter and returns its value; tries again if somebody else was faster.
async function add(delta) {
  for (;;) {
    const read = await ask({ type: "read" });
    const old = read.type === "read_ok" ? read.value : 0; // There is no counter yet.
    const sum = old + delta;
    const answer = await ask({ type: "cas", from: old, to: sum, create_if_not_exists: true });
    if (answer.type === "cas_ok") return sum;
  }
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
    return { value: await add(0) }; // What seq-kv reads may be old. What it compares is not.
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
