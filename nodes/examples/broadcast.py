#!/usr/bin/env python3
"""Broadcast that survives partitions: what a neighbour has not confirmed is sent again."""
import json
import os
import select
import time

RESEND_AFTER = 0.5  # Seconds: above the round trip, or everything is sent twice.
seen = set()
unconfirmed = {}  # msg_id -> [when it was sent last, neighbour, body]
sent = 0


def send(dest, body):
    line = json.dumps({"src": me, "dest": dest, "body": body})
    print(line, flush=True)


def handle(src, body):
    global me, neighbours, sent
    answer = {"type": body["type"] + "_ok", "in_reply_to": body.get("msg_id")}
    if body["type"] == "init":
        me = body["node_id"]
    elif body["type"] == "topology":
        neighbours = body["topology"][me]
    elif body["type"] == "read":
        answer["messages"] = list(seen)
    elif body["type"] == "broadcast_ok":
        unconfirmed.pop(body["in_reply_to"], None)
        return
    elif body["message"] not in seen:  # A broadcast, from a client or a neighbour.
        seen.add(body["message"])
        for peer in neighbours:
            if peer != src:
                sent += 1
                news = {"type": "broadcast", "message": body["message"], "msg_id": sent}
                unconfirmed[sent] = [time.monotonic(), peer, news]
                send(peer, news)
    send(src, answer)


rest = b""
while True:
    if select.select([0], [], [], RESEND_AFTER / 5)[0]:
        chunk = os.read(0, 65536)
        if not chunk:
            break
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            message = json.loads(line)
            handle(message["src"], message["body"])
    for entry in unconfirmed.values():
        if time.monotonic() - entry[0] > RESEND_AFTER:
            entry[0] = time.monotonic()
            send(entry[1], entry[2])
