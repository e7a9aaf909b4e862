//! Broadcast on tokio's threads: a task for each message and for each value on its way.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::sync::{Mutex, mpsc, oneshot};

#[derive(Default)]
struct State {
    name: String,
    peers: Vec<String>,
    seen: HashSet<u64>,
    waiting: HashMap<u64, oneshot::Sender<()>>,
    last: u64,
}

struct Node {
    state: Mutex<State>,
    output: mpsc::UnboundedSender<String>,
}

impl Node {
    async fn send(&self, dest: &str, body: Value) {
        let src = self.state.lock().await.name.clone();
        let line = json!({"src": src, "dest": dest, "body": body});
        self.output.send(format!("{line}\n")).unwrap();
    }

    async fn tell(self: Arc<Node>, peer: String, value: u64) {
        loop {
            let (sender, answer) = oneshot::channel();
            let number = {
                let mut state = self.state.lock().await;
                state.last += 1;
                let number = state.last;
                state.waiting.insert(number, sender);
                number
            };
            self.send(&peer, json!({"type": "tell", "value": value, "msg_id": number})).await;
            if tokio::time::timeout(Duration::from_millis(400), answer).await.is_ok() {
                return;
            }
            self.state.lock().await.waiting.remove(&number);
        }
    }

    async fn learn(self: &Arc<Node>, value: u64, from: &str) {
        let mut state = self.state.lock().await;
        if state.seen.insert(value) {
            for peer in state.peers.iter().filter(|&peer| peer != from) {
                tokio::spawn(self.clone().tell(peer.clone(), value));
            }
        }
    }

    async fn handle(self: Arc<Node>, message: Value) {
        let (src, body) = (message["src"].as_str().unwrap(), &message["body"]);
        if let Some(number) = body["in_reply_to"].as_u64() {
            if let Some(waiting) = self.state.lock().await.waiting.remove(&number) {
                let _ = waiting.send(());
            }
            return;
        }
        let kind = body["type"].as_str().unwrap();
        let mut answer = json!({"type": format!("{kind}_ok"), "in_reply_to": body["msg_id"]});
        match kind {
            "init" => {
                let mut state = self.state.lock().await;
                state.name = body["node_id"].as_str().unwrap().to_owned();
                let all = body["node_ids"].as_array().unwrap().iter();
                let all = all.map(|name| name.as_str().unwrap().to_owned());
                state.peers = all.filter(|name| *name != state.name).collect();
            }
            "topology" => {
                let mut state = self.state.lock().await;
                let around = body["topology"][&state.name].as_array().unwrap().iter();
                state.peers = around.map(|name| name.as_str().unwrap().to_owned()).collect();
            }
            "broadcast" => self.learn(body["message"].as_u64().unwrap(), src).await,
            "tell" => self.learn(body["value"].as_u64().unwrap(), src).await,
            "read" => {
                answer["messages"] = json!(self.state.lock().await.seen.iter().collect::<Vec<_>>());
            }
            _ => {}
        }
        self.send(src, answer).await;
    }
}

#[tokio::main]
async fn main() {
    let (output, mut lines) = mpsc::unbounded_channel::<String>();
    tokio::spawn(async move {
        let mut stdout = tokio::io::stdout();
        while let Some(line) = lines.recv().await {
            stdout.write_all(line.as_bytes()).await.unwrap();
            stdout.flush().await.unwrap();
        }
    });
    let node = Arc::new(Node { state: Mutex::default(), output });
    let mut input = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = input.next_line().await.unwrap() {
        tokio::spawn(node.clone().handle(serde_json::from_str(&line).unwrap()));
    }
}
