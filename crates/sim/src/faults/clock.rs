//! Wall clocks that are wrong: never set, set back by NTP, or too fast.

use glomers_history::{MILLISECOND, Value};
use serde::{Deserialize, Serialize};

use super::{Breaks, Effect, Fault, Harm, Targets, Whom, Words, number, target};
use crate::draws::Draws;
use crate::nemesis::{Schedule, because};

/// The wall clocks of nodes are wrong; what nodes measure with `cx.now()` is
/// not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WrongClocks {
    /// How far they jump when the fault begins, ns; back if negative.
    pub jump: i64,
    /// How much too fast they run from then on, in millionths; too slow if
    /// negative.
    pub drift: i64,
    /// Whose.
    pub nodes: Targets,
}

pub(super) const WORDS: Words = Words {
    kind: "clock",
    begin: "start-clock",
    end: "stop-clock",
    mended: "mended",
    harm: Some(Harm::ClockRead),
    describe,
};

/// A clock that runs backwards is no clock.
const SLOWEST: i64 = -1_000_000;

impl WrongClocks {
    /// A fault of this kind as a schedule draws it.
    pub(crate) fn draw(schedule: &Schedule, draws: &mut Draws) -> Fault {
        let nodes = schedule.target.nodes(schedule.nodes, draws);
        let most = schedule.clock.min(i64::MAX as u64 / 4) as i64;
        // As far ahead as behind, at once or bit by bit.
        let wrong = draws.below(2 * most as u64 + 1) as i64 - most;
        let (jump, drift) = if draws.below(2) == 0 {
            (wrong, 0)
        } else {
            let drift = i128::from(wrong) * 1_000_000 / i128::from(schedule.length.max(1));
            (0, drift.clamp(SLOWEST.into(), i64::MAX.into()) as i64)
        };
        WrongClocks { jump, drift, nodes }.into()
    }

    /// Why a schedule does not draw it, if so.
    pub(crate) fn why_impossible(schedule: &Schedule) -> Option<String> {
        because(schedule.processes, "the clock of a process is that of the machine")
            .or(because(schedule.clock == 0, "clocks that are wrong by 0 ms are right"))
    }
}

impl Breaks for WrongClocks {
    fn words(&self) -> &'static Words {
        &WORDS
    }

    fn effect(&self) -> Effect<'_> {
        Effect::Clock { jump: self.jump, drift: self.drift }
    }

    fn whom(&self) -> Whom<'_> {
        Whom::Nodes(&self.nodes)
    }

    fn validate(&self) -> Result<(), String> {
        if self.drift < SLOWEST {
            return Err(format!(
                "a clock cannot run backwards: a drift of {} millionths is below {SLOWEST}",
                self.drift
            ));
        }
        Ok(())
    }

    fn to_value(&self, nodes: Value) -> Value {
        Value::record([
            ("jump-ms", Value::Float(self.jump as f64 / MILLISECOND as f64)),
            ("drift-ppm", Value::Int(self.drift)),
            ("nodes", nodes),
        ])
    }
}

fn describe(_: &Value, value: &Value) -> String {
    let nodes = value.get("nodes").map(target::describe_nodes).unwrap_or_default();
    let (jump, drift) = (number(value, "jump-ms"), number(value, "drift-ppm"));
    let mut how = Vec::new();
    if jump != 0.0 || drift == 0.0 {
        how.push(format!("{jump:+} ms"));
    }
    if drift != 0.0 {
        how.push(format!("{:+} % fast", drift / 10_000.0));
    }
    format!("{} at {nodes}", how.join(", "))
}
