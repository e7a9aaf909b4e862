#!/usr/bin/env node
// Logs in the service lin-kv: each log is a list there, which all nodes append to by compare-and-set.
let me;
let asked = 0;
const waiting = new Map(); // What to do with the answer to each question to lin-kv.

function send(dest, body) {
  console.log(JSON.stringify({ src: me, dest, body }));
}

// Asks lin-kv. Other requests are handled while the answer is on its way.
function ask(body) {
  asked += 1;
  send("lin-kv", { ...body, msg_id: asked });
  return new Promise((resolve) => waiting.set(asked, resolve));
}

async function read(key, otherwise) {
  const answer = await ask({ type: "read", key });
  return answer.type === "read_ok" ? answer.value : otherwise; // There is no such key yet.
}

// Changes a value; tries again if somebody else has changed it in between.
async function update(key, otherwise, change) {
  for (;;) {
    const old = await read(key, otherwise);
    const to = change(old);
    const answer = await ask({ type: "cas", key, from: old, to, create_if_not_exists: true });
    if (answer.type === "cas_ok") return to;
  }
}

function merge(committed, offsets) {
  const merged = { ...committed };
  for (const [key, offset] of Object.entries(offsets)) {
    merged[key] = Math.max(offset, merged[key] ?? 0);
  }
  return merged;
}

// For each type of request the fields of its answer.
const handlers = {
  async init(body) {
    me = body.node_id;
  },
  async send(body) {
    const log = await update("log " + body.key, [], (log) => [...log, body.msg]);
    return { offset: log.length - 1 };
  },
  async poll(body) {
    const poll = async ([key, from]) => {
      const log = await read("log " + key, []);
      return [key, log.map((message, offset) => [offset, message]).slice(from)];
    };
    return { msgs: Object.fromEntries(await Promise.all(Object.entries(body.offsets).map(poll))) };
  },
  async commit_offsets(body) {
    await update("committed", {}, (committed) => merge(committed, body.offsets));
  },
  async list_committed_offsets(body) {
    const committed = await read("committed", {});
    return { offsets: Object.fromEntries(body.keys.filter((key) => key in committed).map((key) => [key, committed[key]])) };
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
