use super::Trace;

impl Trace {
    /// The events, one JSON object a line. Times are whole ns.
    pub fn to_json_lines(&self) -> String {
        let line = |event| serde_json::to_string(event).expect("events are always JSON") + "\n";
        self.events.iter().map(line).collect()
    }
}
