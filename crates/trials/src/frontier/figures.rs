//! What one run amounts to, in numbers.

use glomers_check::Validity;
use glomers_history::{History, OpKind, Value};
use glomers_sim::Plan;

use super::meter::Meter;
use glomers_session::{RunOptions, RunReport, SessionError};

use crate::run::run_plan;

/// A distribution in ms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantiles {
    /// Half are at most this.
    pub median: f64,
    /// 95 of 100 are at most this.
    pub p95: f64,
    /// 99 of 100 are at most this.
    pub p99: f64,
    /// All are at most this.
    pub max: f64,
}

impl Quantiles {
    /// From a map of results, such as `stable-latencies`: quantile → ms.
    pub fn read(map: &Value) -> Option<Quantiles> {
        let Value::Map(pairs) = map else { return None };
        let at = |quantile: f64| {
            pairs.iter().find_map(|(key, value)| {
                (number(key)? == quantile).then(|| number(value)).flatten()
            })
        };
        Some(Quantiles { median: at(0.5)?, p95: at(0.95)?, p99: at(0.99)?, max: at(1.0)? })
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        // Keys, in results that were stored as JSON.
        other => other.as_str()?.parse().ok(),
    }
}

/// What one run amounts to.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Messages between nodes per operation.
    pub messages_per_operation: f64,
    /// Messages that the busiest node sends and receives per operation; `None`
    /// where nobody counted.
    pub hottest_per_operation: Option<f64>,
    /// Bytes of the bodies of these messages, as JSON, per operation.
    pub bytes_per_operation: f64,
    /// From a value's acknowledgement until all reads have it, as readers see it.
    pub observed: Option<Quantiles>,
    /// From a value's first mark until the last node's, if nodes make marks.
    pub truth: Option<Quantiles>,
    /// The mean time of an operation; final reads do not count.
    pub client_latency_ms: Option<f64>,
    /// Values that were lost, or that the final read of some node lacks.
    pub lost: u64,
    /// Whether nothing else was wrong either.
    pub is_valid: bool,
}

/// Runs a Plan and measures it.
///
/// # Errors
/// If the Plan is invalid or names what does not exist.
pub fn measure(plan: &Plan) -> Result<Figures, SessionError> {
    let mut meter = Meter::new(plan.nodes.len());
    let report = run_plan(plan, &RunOptions::default(), &mut meter)?;
    Ok(Figures::of(&report, &meter))
}

impl Figures {
    /// Of a run that was watched by `meter`.
    pub fn of(report: &RunReport, meter: &Meter) -> Figures {
        let net = &report.outcome.net;
        let per_operation = |number: u64| number as f64 / net.operations.max(1) as f64;
        let mut figures = Figures::of_results(&report.verdict.results);
        figures.messages_per_operation = net.servers_per_operation();
        figures.hottest_per_operation = Some(per_operation(meter.hottest()));
        figures.bytes_per_operation = per_operation(meter.bytes());
        figures.client_latency_ms = client_latency_ms(&report.outcome.history);
        figures.is_valid = report.verdict.strict == Validity::Valid;
        figures
    }

    /// What the results of a run say: latencies, losses and the verdict. The rest
    /// is left at nothing, as results round it or do not have it.
    pub fn of_results(results: &Value) -> Figures {
        let workload = results.get("workload");
        let field = |name: &str| workload.and_then(|map| map.get(name));
        let count = |name: &str| field(name).and_then(Value::as_int).unwrap_or(0);
        // What is lost is missing at the end too, but not always the other way
        // round.
        let lost = count("lost-count").max(count("missing-at-end-count"));
        Figures {
            messages_per_operation: 0.0,
            hottest_per_operation: None,
            bytes_per_operation: 0.0,
            observed: field("stable-latencies").and_then(Quantiles::read),
            truth: field("true-latencies").and_then(Quantiles::read),
            client_latency_ms: None,
            lost: u64::try_from(lost).unwrap_or(0),
            is_valid: results.get("valid?") == Some(&Value::Bool(true)),
        }
    }
}

/// The mean time of the operations that happened, final reads left out, in ms.
pub fn client_latency_ms(history: &History) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0u64);
    for (end, start) in history.ops().iter().zip(history.pairs()) {
        if let (OpKind::Ok, Some(start), false) = (end.kind, start, end.is_final) {
            let start = &history.ops()[start];
            sum += end.time.since(start.time).as_secs_f64() * 1e3;
            count += 1;
        }
    }
    (count > 0).then(|| sum / count as f64)
}
