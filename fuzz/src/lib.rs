//! Histories from any bytes, and what must hold of every verdict.

use glomers_check::{
    Budget, Checker, Context, Counter, Echo, Kafka, Refusals, Register, SetFull, TxnBudget,
    TxnListAppend, TxnRwRegister, UniqueIds, Validity,
};
use glomers_history::{History, Op, OpKind, Process, Time, Value};

/// Bytes that are taken one after the other; zeros when none are left.
pub struct Bytes<'a>(pub &'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    fn below(&mut self, limit: u8) -> u8 {
        self.next() % limit
    }

    fn integer(&mut self) -> i64 {
        let byte = self.next();
        match byte {
            250.. => i64::from_le_bytes(std::array::from_fn(|_| self.next())),
            byte => i64::from(byte % 8),
        }
    }

    fn name(&mut self) -> &'static str {
        const NAMES: [&str; 8] = ["a", "b", "send", "poll", "echo", "type", "9", ""];
        NAMES[usize::from(self.below(8))]
    }

    fn value(&mut self, depth: u8) -> Value {
        match self.below(if depth == 0 { 7 } else { 13 }) {
            0 => Value::Null,
            1..=3 => Value::Int(self.integer()),
            4 => Value::string(self.name()),
            5 => Value::keyword(self.name()),
            6 => Value::Float(f64::from(self.next()) / 2.0),
            7 => Value::from(u64::MAX - u64::from(self.next())),
            8 => Value::set(self.values(depth)),
            9 => Value::map([(self.value(depth - 1), self.value(depth - 1))]),
            _ => Value::list(self.values(depth)),
        }
    }

    fn values(&mut self, depth: u8) -> Vec<Value> {
        (0..self.below(5)).map(|_| self.value(depth - 1)).collect()
    }

    /// What an operation of a log may hold.
    fn log(&mut self) -> Value {
        let parts = (0..=self.below(3)).map(|_| {
            let name = if self.below(2) == 0 { "send" } else { "poll" };
            let part = match (name, self.below(8)) {
                ("send", 0..=5) => {
                    let pair = [Value::Int(self.integer()), Value::Int(self.integer())];
                    let value = if self.below(4) > 0 { Value::list(pair) } else { pair[1].clone() };
                    vec![Value::keyword(name), Value::string(self.name()), value]
                }
                ("poll", 0..=5) => {
                    let pairs = (0..self.below(6))
                        .map(|_| Value::integers(&[self.integer(), self.integer()]));
                    let pairs: Vec<Value> = pairs.collect();
                    let got = Value::map([(Value::string(self.name()), Value::list(pairs))]);
                    vec![Value::keyword(name), got]
                }
                _ => vec![Value::keyword(name), self.value(2)],
            };
            Value::list(part)
        });
        Value::list(parts.collect::<Vec<_>>())
    }

    /// What a transaction over lists or registers may hold.
    fn transaction(&mut self) -> Value {
        let parts = (0..=self.below(3)).map(|_| {
            let f = ["r", "r", "append", "w"][usize::from(self.below(4))];
            let value = match self.below(8) {
                0 => self.value(2),
                1..=3 => Value::Null,
                4 | 5 => Value::Int(self.integer()),
                _ => Value::list((0..self.below(4)).map(|_| Value::Int(self.integer()))),
            };
            Value::list([Value::keyword(f), Value::Int(self.integer()), value])
        });
        Value::list(parts.collect::<Vec<_>>())
    }

    fn op(&mut self) -> Op {
        const FS: [&str; 12] = [
            "read",
            "write",
            "cas",
            "broadcast",
            "add",
            "generate",
            "echo",
            "send",
            "poll",
            "txn",
            "assign",
            "",
        ];
        const KINDS: [OpKind; 4] = [OpKind::Invoke, OpKind::Ok, OpKind::Fail, OpKind::Info];
        let head = self.next();
        let f = FS[usize::from(self.below(12))];
        let value = match (f, self.below(8)) {
            (_, 0) => self.value(4),
            ("txn", 1..=5) => self.transaction(),
            ("send" | "poll" | "txn", _) => self.log(),
            ("read", 1..=3) => Value::Null,
            ("cas", _) => {
                let pair = Value::integers(&[self.integer(), self.integer()]);
                if head & 64 > 0 { Value::list([Value::Int(self.integer()), pair]) } else { pair }
            }
            ("read" | "write", 4..=6) => Value::Int(self.integer()),
            _ => Value::list(self.values(3)),
        };
        Op {
            index: 0,
            time: Time(self.integer().unsigned_abs()),
            process: match head >> 2 & 7 {
                7 => Process::Nemesis,
                number => Process::Client(u32::from(number)),
            },
            kind: KINDS[usize::from(head & 3)],
            f: f.into(),
            value,
            error: (head & 128 > 0).then(|| Value::keyword(self.name())),
            is_final: head & 32 > 0,
        }
    }

    /// A history of at most some dozens of operations.
    pub fn history(&mut self) -> History {
        let mut history = History::new();
        while !self.0.is_empty() && history.len() < 48 {
            let op = self.op();
            history.push(op);
        }
        history
    }
}

/// Judges a history by every checker.
///
/// # Panics
/// If a verdict contradicts itself.
pub fn judge_by_all(history: &History) {
    // Little, so that the fuzzer gets on; to run out of it is a verdict, too.
    let budget = Budget { steps: 200_000, memory: 16 << 20 };
    let steps = TxnBudget { steps: 200_000 };
    let models = |text: &str| text.parse().expect("a model");
    let checkers: [&dyn Checker; 14] = [
        &SetFull::BROADCAST,
        &SetFull::G_SET,
        &UniqueIds,
        &Echo,
        &Kafka,
        &Counter::G_COUNTER,
        &Counter::PN_COUNTER,
        &Register { budget, ..Register::LIN_KV },
        &Register { budget, ..Register::CAS_REGISTER },
        &Register { budget, refusals: Refusals::Judged, ..Register::REGISTER },
        &TxnListAppend { budget: steps, ..TxnListAppend::default() },
        &TxnListAppend { budget: steps, models: models("snapshot-isolation") },
        &TxnRwRegister { budget: steps, ..TxnRwRegister::default() },
        &TxnRwRegister { budget: steps, models: models("prefix, causal") },
    ];
    for (number, checker) in checkers.iter().enumerate() {
        let nodes = vec!["n0".to_owned(), "n1".to_owned()];
        let concurrency = number as u32 % 4;
        let result = checker.check(history, &Context { nodes, concurrency, ..Context::default() });
        assert_eq!(result.strict == Validity::Invalid, !result.findings.is_empty(), "{number}");
        // Of counters that never end their adds the strict verdict may be better.
        let is_counter = (5..7).contains(&number);
        let stricter = result.compat != Validity::Invalid || result.strict == Validity::Invalid;
        // Where nothing has to do with anything Jepsen finds fault, and we no verdict.
        let is_unrelated = result.fields.iter().any(|it| it.0 == "empty-transaction-graph");
        let is_of_registers = number >= 12;
        assert!(stricter || is_counter || is_unrelated || is_of_registers, "{number}");
        for finding in &result.findings {
            assert!(finding.render().len() <= 12, "{finding}");
        }
    }
}
