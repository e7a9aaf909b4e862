#!/usr/bin/env python3
"""Broadcast on asyncio: a task for each value on its way to a peer."""
import asyncio
import json
import random
import sys

node, peers, seen, waiting, last_id, tasks = None, [], set(), {}, 0, set()


def send(dest, body):
    sys.stdout.write(json.dumps({"src": node, "dest": dest, "body": body}) + "\n")
    sys.stdout.flush()


async def tell(peer, value):
    global last_id
    last_id += 1
    number = last_id
    waiting[number] = asyncio.get_running_loop().create_future()
    while True:
        send(peer, {"type": "tell", "value": value, "msg_id": number})
        try:
            await asyncio.wait_for(asyncio.shield(waiting[number]), 0.4 + random.random() / 10)
            return
        except asyncio.TimeoutError:
            pass


def handle(src, body):
    global node, peers
    kind = body["type"]
    if kind == "tell_ok":
        answered = waiting.get(body["in_reply_to"])
        if answered and not answered.done():
            answered.set_result(True)
        return
    if kind == "init":
        node = body["node_id"]
        peers = [other for other in body["node_ids"] if other != node]
    if kind == "topology":
        peers = body["topology"][node]
    answer = {"type": kind + "_ok", "in_reply_to": body["msg_id"]}
    if kind == "read":
        answer["messages"] = list(seen)
    send(src, answer)
    if kind in ("broadcast", "tell"):
        value = body["message"] if kind == "broadcast" else body["value"]
        if value not in seen:
            seen.add(value)
            for peer in peers:
                if peer != src:
                    task = asyncio.ensure_future(tell(peer, value))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)


async def main():
    reader = asyncio.StreamReader(limit=1 << 24)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await reader.readline():
        message = json.loads(line)
        handle(message["src"], message["body"])


asyncio.run(main())
