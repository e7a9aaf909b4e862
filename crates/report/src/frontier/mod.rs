//! Broadcast algorithms: messages per operation against latency.

mod document;
mod figure;
mod labels;
mod legend;
mod panel;
mod pareto;
mod published;
mod runs;
mod table;

pub use document::{
    Curve, Document, Latencies, Mark, Network, Published, Row, Side, VERSION, rounded,
};
pub use figure::figure;
pub use published::{MARKS, PUBLISHED, is_the_challenge};
pub use runs::{Run, RunsError, to_parquet};
pub use table::{page, table};
