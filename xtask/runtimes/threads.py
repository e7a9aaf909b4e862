#!/usr/bin/env python3
"""Broadcast: a thread for each message, and one for each value on its way to a peer."""
import json
import sys
import threading

state = threading.Lock()
output = threading.Lock()
node, peers, seen, waiting, last_id = None, [], set(), {}, 0


def send(dest, body):
    with output:
        sys.stdout.write(json.dumps({"src": node, "dest": dest, "body": body}) + "\n")
        sys.stdout.flush()


def tell(peer, value):
    global last_id
    answered = threading.Event()
    with state:
        last_id += 1
        number = last_id
        waiting[number] = answered
    while True:
        send(peer, {"type": "tell", "value": value, "msg_id": number})
        if answered.wait(0.4):
            return


def handle(src, body):
    kind = body["type"]
    if kind == "tell_ok":
        with state:
            answered = waiting.pop(body["in_reply_to"], None)
        if answered:
            answered.set()
        return
    if kind == "topology":
        peers[:] = body["topology"][node]
    answer = {"type": kind + "_ok", "in_reply_to": body["msg_id"]}
    new = None
    if kind in ("broadcast", "tell"):
        value = body["message"] if kind == "broadcast" else body["value"]
        with state:
            if value not in seen:
                seen.add(value)
                new = value
    elif kind == "read":
        with state:
            answer["messages"] = sorted(seen)
    send(src, answer)
    if new is not None:
        for peer in peers:
            if peer != src:
                threading.Thread(target=tell, args=(peer, new), daemon=True).start()


for line in sys.stdin:
    message = json.loads(line)
    body = message["body"]
    if body["type"] == "init":
        node = body["node_id"]
        peers = [other for other in body["node_ids"] if other != node]
        send(message["src"], {"type": "init_ok", "in_reply_to": body["msg_id"]})
    else:
        threading.Thread(target=handle, args=(message["src"], body), daemon=True).start()
