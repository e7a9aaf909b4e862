#!/usr/bin/env python3
"""Transactions over registers that are answered at once, whatever the network does: read committed.

A transaction runs on the node that it reaches. What it wrote goes to the other nodes afterwards, and
the last writer of a key wins, by a clock that counts transactions. What a node has not confirmed is
sent again.
"""
import json
import os
import select
import time

RESEND_AFTER = 0.5  # Seconds: above the round trip, or everything is sent twice.
values = {}  # key -> [stamp, value]; a stamp is a count and the name of a node.
clock = 0
waiting = {}  # node -> what it has not confirmed, as key -> [stamp, value]
told = {}  # node -> when it was told last


def send(dest, body):
    print(json.dumps({"src": me, "dest": dest, "body": body}), flush=True)


def apply(writes):
    """Takes over what was written, where nobody wrote later."""
    global clock
    for key, (stamp, value) in writes.items():
        clock = max(clock, stamp[0])
        if key not in values or values[key][0] < stamp:
            values[key] = [stamp, value]


def transact(txn):
    """Runs a transaction in one step: nobody sees the middle of it."""
    writes = {}
    answer = []
    for f, key, value in txn:
        name = json.dumps(key)
        if f == "w":
            writes[name] = value
        elif name in writes:
            value = writes[name]
        else:
            value = values[name][1] if name in values else None
        answer.append([f, key, value])
    stamp = [clock + 1, me]
    writes = {name: [stamp, value] for name, value in writes.items()}
    apply(writes)
    for peer in waiting:
        waiting[peer].update(writes)
    return answer


def tell(peer):
    if waiting[peer]:
        told[peer] = time.monotonic()
        send(peer, {"type": "values", "values": waiting[peer]})


def handle(src, body):
    global me
    answer = {"type": body["type"] + "_ok", "in_reply_to": body.get("msg_id")}
    if body["type"] == "init":
        me = body["node_id"]
        waiting.update((peer, {}) for peer in body["node_ids"] if peer != me)
        told.update((peer, 0) for peer in waiting)
    elif body["type"] == "txn":
        answer["txn"] = transact(body["txn"])
        send(src, answer)
        for peer in waiting:
            tell(peer)
        return
    elif body["type"] == "values":
        apply(body["values"])
        answer = {"type": "known", "values": body["values"]}
    elif body["type"] == "known":
        for key, (stamp, _) in body["values"].items():
            if key in waiting[src] and waiting[src][key][0] <= stamp:
                del waiting[src][key]
        return
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
    for peer in waiting:
        if time.monotonic() - told[peer] > RESEND_AFTER:
            tell(peer)
