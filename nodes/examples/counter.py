#!/usr/bin/env python3
"""A counter in the service seq-kv, which all nodes add to by compare-and-set."""
import collections
import json
import sys

me = None
asked = 0
held = collections.deque()  # Requests that came while this node waited for seq-kv.


def send(dest, body):
    print(json.dumps({"src": me, "dest": dest, "body": body}), flush=True)


def receive():
    line = sys.stdin.readline()
    if not line:
        sys.exit()
    return json.loads(line)


def ask(body):
    """Asks seq-kv and waits for its answer. Requests that come meanwhile have to wait."""
    global asked
    asked += 1
    send("seq-kv", {**body, "key": "counter", "msg_id": asked})
    while True:
        message = receive()
        if message["body"].get("in_reply_to") == asked:
            return message["body"]
        held.append(message)


def add(delta):
    """Adds to the counter and returns its value; tries again if another node was faster."""
    while True:
        answer = ask({"type": "read"})
        old = answer["value"] if answer["type"] == "read_ok" else 0  # There is no counter yet.
        answer = ask({"type": "cas", "from": old, "to": old + delta, "create_if_not_exists": True})
        if answer["type"] == "cas_ok":
            return old + delta


while True:
    request = held.popleft() if held else receive()
    body = request["body"]
    answer = {"type": body["type"] + "_ok", "in_reply_to": body["msg_id"]}
    if body["type"] == "init":
        me = body["node_id"]
    elif body["type"] == "add":
        add(body["delta"])
    elif body["type"] == "read":
        answer["value"] = add(0)  # What seq-kv reads may be old. What it compares is not.
    send(request["src"], answer)
