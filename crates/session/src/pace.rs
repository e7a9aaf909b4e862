//! Whether operations began as often as was asked, and if not, why.

use glomers_history::{OpKind, Process};
use glomers_sim::Outcome;

/// The fraction of operations that may be missing without a word.
const MISSING: f64 = 0.1;

/// The fraction of their time that clients wait for answers if that is what keeps the
/// rate down.
const BUSY: f64 = 0.8;

/// A warning that far fewer operations began than were asked for, and why.
pub(crate) fn warning(outcome: &Outcome) -> Option<String> {
    let (asked, ops) = (outcome.asked, outcome.history.ops());
    let seconds = asked.length.as_secs_f64();
    let rate = asked.rate.filter(|rate| *rate > 0.0)?;
    let expected = rate * seconds;
    let is_begun = |op: &glomers_history::Op| {
        op.kind == OpKind::Invoke && matches!(op.process, Process::Client(_)) && !op.is_final
    };
    let begun = ops.iter().filter(|op| is_begun(op)).count() as f64;
    // Gaps are drawn, so their number varies by as much by chance.
    let chance = 4.0 * (expected / 3.0).sqrt() + 1.0;
    if expected - begun <= f64::max(MISSING * expected, chance) {
        return None;
    }
    let (mut waited, mut ended, mut unanswered) = (0.0, 0_u64, 0_u64);
    for (at, end) in outcome.history.pairs().into_iter().enumerate() {
        let Some(end) = end.filter(|_| is_begun(&ops[at])) else { continue };
        waited += ops[end].time.since(ops[at].time).as_secs_f64();
        ended += 1;
        let error = ops[end].error.as_ref().and_then(|error| error.as_str());
        unanswered += u64::from(error == Some("net-timeout"));
    }
    let clients = match asked.workers {
        1 => "1 client".to_owned(),
        workers => format!("{workers} clients"),
    };
    let told = format!(
        "the rate was not reached: {rate} op/s were asked, but {:.1} op/s began",
        begun / seconds
    );
    let late = match unanswered {
        0 => String::new(),
        1 => ", and 1 request got no answer in time".to_owned(),
        count => format!(", and {count} requests got no answer in time"),
    };
    let was_broken = !outcome.faults.is_empty();
    if waited < BUSY * seconds * f64::from(asked.workers) {
        return Some(match (was_broken, asked.is_real) {
            (true, _) => format!(
                "{told}: the {clients} waited for answers while something was broken, and were free \
                 at other times{late}"
            ),
            (false, true) => format!(
                "{told}, though the {clients} were free at times; the machine may have been too slow"
            ),
            (false, false) => format!(
                "{told}: at times all of the {clients} waited for answers{late}. More clients \
                 (--concurrency) or quicker answers would keep the rate"
            ),
        });
    }
    let advice = match was_broken {
        true => "Some of that is the faults' doing; where nothing is broken, more",
        false => "More",
    };
    Some(format!(
        "{told}: {clients} did one operation at a time, and an answer took {:.3} s on average{late}. \
         {advice} clients (--concurrency) or quicker answers would keep the rate",
        waited / ended.max(1) as f64
    ))
}
