//! What checkers measure that others compute with. Results show these figures, too, but
//! nobody reads them back out of results.

use glomers_protocol::Value;

use crate::OpKind;

/// What checkers have measured of a history; what a checker does not measure is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measured {
    /// How operations ended.
    pub operations: Option<OperationCounts>,
    /// What was asked when all was well, and what was answered of that.
    pub answered: Option<AnsweredCount>,
    /// From a value's acknowledgement until all reads have it, as readers see it.
    pub observed: Option<Quantiles>,
    /// From a value's first mark until the last node's, of values that reached all nodes.
    pub truth: Option<Quantiles>,
    /// Values with marks that did not reach all nodes.
    pub incomplete: u64,
    /// Values that were lost.
    pub lost: u64,
    /// Values that the final read of some node lacks.
    pub missing_at_end: u64,
}

impl Measured {
    /// Takes over what another checker has measured.
    pub fn add(&mut self, other: Measured) {
        self.operations = self.operations.or(other.operations);
        self.answered = self.answered.or(other.answered);
        self.observed = self.observed.or(other.observed);
        self.truth = self.truth.or(other.truth);
        self.incomplete += other.incomplete;
        self.lost += other.lost;
        self.missing_at_end += other.missing_at_end;
    }
}

/// How many operations ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OperationCounts {
    /// Those that happened.
    pub ok: u64,
    /// Those that certainly did not.
    pub fail: u64,
    /// Those of which it is not known.
    pub info: u64,
}

impl OperationCounts {
    /// Counts the end of an operation; an invocation counts nothing.
    pub fn add(&mut self, kind: OpKind) {
        match kind {
            OpKind::Invoke => {}
            OpKind::Ok => self.ok += 1,
            OpKind::Fail => self.fail += 1,
            OpKind::Info => self.info += 1,
        }
    }

    /// All that ended.
    pub fn total(self) -> u64 {
        self.ok + self.fail + self.info
    }

    /// As Jepsen's results have them.
    pub fn fields(self) -> [(&'static str, Value); 4] {
        [
            ("count", Value::from(self.total())),
            ("ok-count", Value::from(self.ok)),
            ("fail-count", Value::from(self.fail)),
            ("info-count", Value::from(self.info)),
        ]
    }
}

/// The distribution of a latency, in ms: so many of 100 are at most this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantiles {
    /// The least.
    pub min: u64,
    /// Half of them.
    pub median: u64,
    /// 95.
    pub p95: u64,
    /// 99.
    pub p99: u64,
    /// All.
    pub max: u64,
}

impl Quantiles {
    /// Quantiles as Jepsen draws them; `None` of nothing.
    pub fn of(mut numbers: Vec<u64>) -> Option<Quantiles> {
        numbers.sort_unstable();
        let last = numbers.len().checked_sub(1)?;
        let at = |point: f64| numbers[((numbers.len() as f64 * point).floor() as usize).min(last)];
        Some(Quantiles {
            min: at(0.0),
            median: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            max: at(1.0),
        })
    }

    /// As Jepsen's results have them: quantile → ms.
    pub fn to_value(self) -> Value {
        let pairs = [
            (Value::Int(0), self.min),
            (Value::Float(0.5), self.median),
            (Value::Float(0.95), self.p95),
            (Value::Float(0.99), self.p99),
            (Value::Int(1), self.max),
        ];
        Value::map(pairs.map(|(key, ms)| (key, Value::from(ms))))
    }
}

/// What was asked when all was well, and what was answered of that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AnsweredCount {
    /// Operations that should have been answered.
    pub answerable: u64,
    /// Those of them that were.
    pub answered: u64,
}

impl AnsweredCount {
    /// The share that was answered; `None` if nothing was asked.
    pub fn fraction(self) -> Option<f64> {
        (self.answerable > 0).then(|| self.answered as f64 / self.answerable as f64)
    }
}
