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
    send("seq-kv", {"key": "counter", **body, "msg_id": asked})
    while True:
        message = receive()
        if message["body"].get("in_reply_to") == asked:
            return message["body"]
        held.append(message)


def read():
    answer = ask({"type": "read"})
    return answer["value"] if answer["type"] == "read_ok" else 0  # There is no counter yet.


def add(delta):
    """Adds to the counter; tries again if another node was faster."""
    while True:
        old = read()
        answer = ask({"type": "cas", "from": old, "to": old + delta, "create_if_not_exists": True})
        if answer["type"] == "cas_ok":
            return


def read_newest():
    """What seq-kv reads may be old, but never older than what the node wrote before."""
    ask({"type": "write", "key": "last read of " + me, "value": asked})
    return read()


while True:
    request = held.popleft() if held else receive()
    body = request["body"]
    answer = {"type": body["type"] + "_ok", "in_reply_to": body["msg_id"]}
    if body["type"] == "init":
        me = body["node_id"]
    elif body["type"] == "add":
        add(body["delta"])
    elif body["type"] == "read":
        answer["value"] = read_newest()
    send(request["src"], answer)
