//! A run as a space-time view: one column a node, time downwards, messages as
//! arrows, faults as bars at the left.

mod json;
mod text;

pub use json::to_json_lines;
pub use text::to_text;
