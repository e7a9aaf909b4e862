//! Figures that others published, measured again.

use crate::readings::{after, latencies};
use crate::table::{Goal, Row};

use super::{Target, Tools, row, words};

pub(super) const TARGETS: &[Target] = &[
    Target { name: "published figures of grid", is_long: false, measure: grid },
    Target { name: "published figures of tree4", is_long: false, measure: tree4 },
];

fn grid(tools: &Tools) -> Vec<Row> {
    figures(tools, "grid", 27.8, [452.0, 656.0, 748.0, 791.0])
}

fn tree4(tools: &Tools) -> Vec<Row> {
    figures(tools, "tree4", 12.0, [386.0, 489.0, 498.0, 505.0])
}

/// Flooding over a topology with 25 nodes, 100 ms and 100 operations a second, on
/// Maelstrom's inbox: means of 20 seeds.
fn figures(tools: &Tools, topology: &str, per_operation: f64, published: [f64; 4]) -> Vec<Row> {
    let line = "test -w broadcast --node flood --node-count 25 --rate 100 --latency 100 \
        --time-limit 20 --inbox maelstrom --service-time 0 --store none --seed 1 --test-count 20";
    let mut arguments = words(line);
    arguments.extend(["--topology", topology]);
    let output = tools.run_valid(&arguments).map(|run| run.output);
    let output = output.as_deref().map_err(String::clone);
    let found = output.clone().and_then(latencies);
    let mut rows = vec![row(
        format!("published: {topology} flood, messages per operation"),
        Goal::About(per_operation),
        "",
        output.and_then(|output| after(output, "means:")),
        "mean of 20 seeds; within 5 %",
    )];
    for (place, name) in ["median", "0.95", "0.99", "maximum"].into_iter().enumerate() {
        let figure = found.clone().map(|found| found[place]);
        let what = format!("published: {topology} flood, stable latency, {name}");
        rows.push(row(what, Goal::About(published[place]), "ms", figure, ""));
    }
    rows
}
