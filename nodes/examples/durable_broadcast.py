#!/usr/bin/env python3
"""Broadcast that survives kills, too: nothing is said before what it rests on is on the disk.

After a kill a node reads what it wrote and asks its neighbours once what they have, to send
them what they lack. What it lacks itself they know: it has not confirmed it.
"""
import json
import os
import select
import time

RESEND_AFTER = 0.5  # Seconds: above the round trip, or everything is sent twice.
# The one folder that outlives the process.
PATH = os.path.join(os.environ["GLOMERS_DATA_DIR"], "log")
log = open(PATH, "a")
is_synced = True
me = None
neighbours = []
seen = set()
unconfirmed = {}  # msg_id -> [when it was sent last, neighbour, body]
unsaid = []  # Lines that wait for the disk.
# Above what earlier lives used: a late confirmation for them is none for us.
sent = time.time_ns()


def store(entry):
    """Adds a line to the log. The line before may have no end, if a kill cut it short."""
    global is_synced
    log.write("\n" + json.dumps(entry) + "\n")
    is_synced = False


def recover():
    """Takes up what earlier lives stored: ["value", 7], ["neighbours", ["n1", "n2"]]."""
    global neighbours
    with open(PATH) as lines:
        for line in lines:
            try:
                kind, content = json.loads(line)
            except ValueError:  # An empty line, or one that a kill cut short.
                continue
            if kind == "value":
                seen.add(content)
            else:
                neighbours = content
    for peer in neighbours:
        ask(peer, {"type": "read"})


def send(dest, body):
    unsaid.append(json.dumps({"src": me, "dest": dest, "body": body}) + "\n")


def ask(peer, body):
    """Sends until there is an answer."""
    global sent
    sent += 1
    body["msg_id"] = sent
    unconfirmed[sent] = [time.monotonic(), peer, body]
    send(peer, body)


def speak():
    """Says what is to be said, but first makes durable what it rests on."""
    global is_synced
    if not is_synced:
        log.flush()
        os.fsync(log.fileno())
        is_synced = True
    text = "".join(unsaid).encode()
    unsaid.clear()
    while text:
        text = text[os.write(1, text):]


def handle(src, body):
    global me, neighbours
    answer = {"type": body["type"] + "_ok", "in_reply_to": body.get("msg_id")}
    if body["type"] in ("broadcast_ok", "read_ok"):
        if unconfirmed.pop(body["in_reply_to"], None) and body["type"] == "read_ok":
            for value in seen.difference(body["messages"]):
                ask(src, {"type": "broadcast", "message": value})
        return
    if body["type"] == "init":
        me = body["node_id"]
        recover()
    elif body["type"] == "topology":
        neighbours = body["topology"][me]
        store(["neighbours", neighbours])  # Nobody tells them again after a kill.
    elif body["type"] == "read":
        answer["messages"] = list(seen)
    elif body["message"] not in seen:  # A broadcast, from a client or a neighbour.
        seen.add(body["message"])
        store(["value", body["message"]])
        for peer in neighbours:
            if peer != src:
                ask(peer, {"type": "broadcast", "message": body["message"]})
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
    speak()
