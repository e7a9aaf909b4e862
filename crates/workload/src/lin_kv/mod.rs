//! Workload lin-kv: registers by key, each read and changed as if there were one
//! copy.

mod client;
#[cfg(test)]
mod tests;

use std::time::Duration;

use glomers_check::{Access, Checker, Refusals, Register};
use glomers_history::{Op, OpKind, Process, Value};
use glomers_protocol::{ErrorCode, shared_text};
use glomers_sim::draws::Draws;
use glomers_sim::{Client, ClusterSize, NextOperation, Workload};

use client::LinKvClient;

/// How many processes may work on a key. Each operation of unknown outcome makes
/// a new process, and makes the checker's work harder.
const MOST_PROCESSES: u32 = 20;

/// Values are 0, 1, … below this: so few that a cas has a fair chance.
const VALUES: u64 = 5;

/// The smallest group in which some workers only read.
const ROLES_FROM: u32 = 4;

/// The workload: groups of two workers a node, each with a key of its own. Half
/// of the operations read, a sixth write, a third compare and set.
///
/// In the first group, the third and so on a worker of each node only reads and the
/// other only changes, so that reads and changes of every two nodes meet. In the
/// others, and where a group has fewer than four workers, all do both: then two
/// changes meet at one node, too.
#[derive(Debug)]
pub struct LinKv {
    size: Option<ClusterSize>,
    groups: Vec<Group>,
    next_key: i64,
    check_refusals: bool,
}

impl Default for LinKv {
    fn default() -> LinKv {
        LinKv { size: None, groups: Vec::new(), next_key: 0, check_refusals: true }
    }
}

/// Workers that work on one key, at a time.
#[derive(Debug)]
struct Group {
    key: i64,
    /// How many processes had this key so far.
    processes: u32,
}

impl LinKv {
    /// Whether the strict verdict takes errors 20 (no such key) and 22 (the `from`
    /// of a `cas` does not hold) as statements that must be true, as it does unless
    /// told otherwise. Jepsen does not.
    #[must_use]
    pub fn check_refusals(self, check_refusals: bool) -> LinKv {
        LinKv { check_refusals, ..self }
    }

    /// How many workers a group has, and which group a worker belongs to.
    fn group_of(&self, worker: u32) -> (u32, usize) {
        // Without a size, operations are listed, and nobody asks for more.
        let group = self.size.map_or(2, |size| 2 * size.nodes).max(1);
        (group, (worker / group) as usize)
    }

    fn take_key(&mut self) -> i64 {
        self.next_key += 1;
        self.next_key - 1
    }

    /// The key that a worker works on.
    fn key(&mut self, worker: u32) -> i64 {
        let (size, group) = self.group_of(worker);
        while self.groups.len() <= group {
            let key = self.take_key();
            self.groups.push(Group { key, processes: size });
        }
        // A group of more than so many would need a new key for each operation.
        if self.groups[group].processes > MOST_PROCESSES.max(size) {
            let key = self.take_key();
            self.groups[group] = Group { key, processes: size };
        }
        self.groups[group].key
    }
}

impl Workload for LinKv {
    fn name(&self) -> &str {
        "lin-kv"
    }

    fn begin(&mut self, size: ClusterSize) -> Result<(), String> {
        let group = 2 * size.nodes;
        if !size.concurrency.is_multiple_of(group) {
            return Err(format!(
                "workload lin-kv needs two workers a node for each key: with {} nodes the \
                 concurrency must be a multiple of {group} (2n, 4n, …), but it is {}",
                size.nodes, size.concurrency
            ));
        }
        self.size = Some(size);
        Ok(())
    }

    fn generate(&mut self, worker: u32, draws: &mut Draws) -> NextOperation {
        let key = Value::Int(self.key(worker));
        let (size, group) = self.group_of(worker);
        let reads = match size >= ROLES_FROM && group.is_multiple_of(2) {
            true => worker % size < size / 2,
            false => draws.below(2) == 0,
        };
        let (f, argument) = if reads {
            ("read", Value::Null)
        } else {
            let mut value = || Value::Int(draws.below(VALUES) as i64);
            let (one, other) = (value(), value());
            match draws.below(3) {
                0 => ("write", one),
                _ => ("cas", Value::list([one, other])),
            }
        };
        NextOperation { f: shared_text(f), value: Value::list([key, argument]) }
    }

    fn observe(&mut self, op: &Op) {
        let (OpKind::Info, Process::Client(process), Some(size)) = (op.kind, op.process, self.size)
        else {
            return;
        };
        let (_, group) = self.group_of(process % size.concurrency);
        let key = op.value.as_list().and_then(|pair| pair.get(0)?.as_int());
        if let Some(group) = self.groups.get_mut(group)
            && key == Some(group.key)
        {
            group.processes += 1;
        }
    }

    fn client(&self) -> Box<dyn Client> {
        Box::new(LinKvClient::default())
    }

    fn is_idempotent(&self, f: &str) -> bool {
        f == "read"
    }

    fn keeps_client(&self) -> bool {
        true
    }

    fn rpc_timeout(&self, mean_latency: Duration) -> Duration {
        (10 * mean_latency).max(Duration::from_secs(1))
    }

    fn errors_that_answer(&self) -> &'static [ErrorCode] {
        &[
            ErrorCode::KEY_DOES_NOT_EXIST,
            ErrorCode::KEY_ALREADY_EXISTS,
            ErrorCode::PRECONDITION_FAILED,
        ]
    }

    fn accesses(&self, op: &Op) -> Vec<Access> {
        let key = op.value.as_list().and_then(|pair| pair.get(0)).unwrap_or(Value::Null);
        vec![Access { key, is_write: &*op.f != "read" }]
    }

    fn needs_contention(&self) -> bool {
        true
    }

    fn checker(&self) -> Box<dyn Checker> {
        let refusals = match self.check_refusals {
            true => Refusals::Judged,
            false => Refusals::Ignored,
        };
        Box::new(Register { refusals, ..Register::LIN_KV })
    }
}
