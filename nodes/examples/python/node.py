#!/usr/bin/env python3
"""A node that echoes. One JSON object a line comes in, one a line goes out."""
import json
import sys

for line in sys.stdin:
    message = json.loads(line)
    body = message["body"]
    reply = {"type": body["type"] + "_ok", "in_reply_to": body["msg_id"]}
    if body["type"] == "echo":
        reply["echo"] = body["echo"]
    answer = {"src": message["dest"], "dest": message["src"], "body": reply}
    print(json.dumps(answer), flush=True)
