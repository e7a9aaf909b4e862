#!/usr/bin/env node
// A node that echoes. One JSON object a line comes in, one a line goes out.
const { createInterface } = require("readline");

createInterface({ input: process.stdin }).on("line", (line) => {
  const { src, dest, body } = JSON.parse(line);
  const reply = { type: body.type + "_ok", in_reply_to: body.msg_id };
  if (body.type === "echo") {
    reply.echo = body.echo;
  }
  console.log(JSON.stringify({ src: dest, dest: src, body: reply }));
});
