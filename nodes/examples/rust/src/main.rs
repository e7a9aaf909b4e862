//! A node that echoes. One JSON object a line comes in, one a line goes out.

use serde_json::{Value, json};

fn main() {
    for line in std::io::stdin().lines() {
        let line = line.expect("the input is text");
        let message: Value = serde_json::from_str(&line).expect("a line is JSON");
        let body = &message["body"];
        let kind = body["type"].as_str().unwrap_or_default();
        let mut reply = json!({"type": format!("{kind}_ok"), "in_reply_to": body["msg_id"]});
        if kind == "echo" {
            reply["echo"] = body["echo"].clone();
        }
        println!("{}", json!({"src": message["dest"], "dest": message["src"], "body": reply}));
    }
}
