//! What one run amounts to, in numbers.

use glomers_check::{Validity, Verdict};
use glomers_history::{History, OpKind};
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

impl From<glomers_check::Quantiles> for Quantiles {
    fn from(found: glomers_check::Quantiles) -> Quantiles {
        let [median, p95, p99, max] =
            [found.median, found.p95, found.p99, found.max].map(|ms| ms as f64);
        Quantiles { median, p95, p99, max }
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
        let mut figures = Figures::of_verdict(&report.verdict);
        figures.messages_per_operation = net.servers_per_operation();
        figures.hottest_per_operation = Some(per_operation(meter.hottest()));
        figures.bytes_per_operation = per_operation(meter.bytes());
        figures.client_latency_ms = client_latency_ms(&report.outcome.history);
        figures
    }

    /// What the verdict on a run says: latencies, losses and whether it is valid. The rest
    /// is left at nothing.
    pub fn of_verdict(verdict: &Verdict) -> Figures {
        let measured = &verdict.measured;
        Figures {
            messages_per_operation: 0.0,
            hottest_per_operation: None,
            bytes_per_operation: 0.0,
            observed: measured.observed.map(Quantiles::from),
            truth: measured.truth.map(Quantiles::from),
            client_latency_ms: None,
            // What is lost is missing at the end too, but not always the other way
            // round.
            lost: measured.lost.max(measured.missing_at_end),
            is_valid: verdict.strict == Validity::Valid,
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
