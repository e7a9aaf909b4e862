//! Wall clocks that are wrong: never set, set back by NTP, or too fast.

use glomers_history::{MILLISECOND, Value};
use serde::{Deserialize, Serialize};

use super::{Fault, Harm, Targets, Window, number, target};
use crate::draws::Draws;
use crate::nemesis::Schedule;

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

pub(super) const WINDOW: Window = Window {
    kind: "clock",
    begin: "start-clock",
    end: "stop-clock",
    harm: Some(Harm::ClockRead),
    describe,
};

/// A clock that runs backwards is no clock.
const SLOWEST: i64 = -1_000_000;

impl WrongClocks {
    /// A fault of this kind as a schedule draws it.
    pub(crate) fn draw(schedule: &Schedule, draws: &mut Draws) -> [Fault; 2] {
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
        [Fault::StartClock(WrongClocks { jump, drift, nodes }), Fault::StopClock]
    }

    pub(super) fn validate(&self, count: u32) -> Result<(), String> {
        if self.drift < SLOWEST {
            return Err(format!(
                "a clock cannot run backwards: a drift of {} millionths is below {SLOWEST}",
                self.drift
            ));
        }
        self.nodes.validate(count)
    }

    /// As histories show it, with these nodes.
    pub(crate) fn to_value(&self, nodes: Value) -> Value {
        Value::record([
            ("jump-ms", Value::Float(self.jump as f64 / MILLISECOND as f64)),
            ("drift-ppm", Value::Int(self.drift)),
            ("nodes", nodes),
        ])
    }
}

fn describe(value: &Value) -> String {
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
