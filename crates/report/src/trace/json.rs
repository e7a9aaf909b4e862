//! The view for programs.

use glomers_session::trace::Trace;

/// The events, one JSON object a line. Times are whole ns.
pub fn to_json_lines(trace: &Trace) -> String {
    let line = |event| serde_json::to_string(event).expect("events are always JSON") + "\n";
    trace.events.iter().map(line).collect()
}
