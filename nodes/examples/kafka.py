#!/usr/bin/env python3
"""Logs in the service lin-kv: each log is a list there, which all nodes append to by compare-and-set."""
import collections
import json
import sys

me = None
asked = 0
held = collections.deque()  # Requests that came while this node waited for lin-kv.


def send(dest, body):
    print(json.dumps({"src": me, "dest": dest, "body": body}), flush=True)


def receive():
    line = sys.stdin.readline()
    if not line:
        sys.exit()
    return json.loads(line)


def ask(body):
    """Asks lin-kv and waits for its answer. Requests that come meanwhile have to wait."""
    global asked
    asked += 1
    send("lin-kv", {**body, "msg_id": asked})
    while True:
        message = receive()
        if message["body"].get("in_reply_to") == asked:
            return message["body"]
        held.append(message)


def read(key, default):
    answer = ask({"type": "read", "key": key})
    return answer["value"] if answer["type"] == "read_ok" else default  # There is no such key yet.


def update(key, default, change):
    """Changes a value; tries again if another node has changed it in between."""
    while True:
        old = read(key, default)
        new = change(old)
        answer = ask({"type": "cas", "key": key, "from": old, "to": new, "create_if_not_exists": True})
        if answer["type"] == "cas_ok":
            return new


def commit(committed, offsets):
    return {**committed, **{k: max(offset, committed.get(k, 0)) for k, offset in offsets.items()}}


def handle(body):
    """The fields of the answer to a request."""
    global me
    if body["type"] == "init":
        me = body["node_id"]
    elif body["type"] == "send":
        log = update("log " + body["key"], [], lambda log: log + [body["msg"]])
        return {"offset": len(log) - 1}
    elif body["type"] == "poll":
        logs = {key: read("log " + key, []) for key in body["offsets"]}
        return {"msgs": {key: list(enumerate(log))[body["offsets"][key]:] for key, log in logs.items()}}
    elif body["type"] == "commit_offsets":
        update("committed", {}, lambda committed: commit(committed, body["offsets"]))
    elif body["type"] == "list_committed_offsets":
        committed = read("committed", {})
        return {"offsets": {key: committed[key] for key in body["keys"] if key in committed}}
    return {}


while True:
    request = held.popleft() if held else receive()
    body = request["body"]
    answer = handle(body)
    send(request["src"], {"type": body["type"] + "_ok", "in_reply_to": body["msg_id"], **answer})
