//! What faults did, as the history and the messages that were cut tell it.

use glomers_check::CutMessage;
use glomers_history::{History, Op, OpKind, Process, Time, Value};

/// What one fault did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultReport {
    /// What kind: `partition`, `kill`, `pause`.
    pub kind: &'static str,
    /// Which, in words: `majority: n1 n2 | n0 n3 n4`.
    pub description: String,
    /// When it began, counted as operations are.
    pub from: Time,
    /// When it ended; `None` if the run ended first.
    pub until: Option<Time>,
    /// Messages between nodes that it swallowed.
    pub messages_cut: u64,
    /// Operations of clients that were under way during it.
    pub operations_in_flight: u64,
}

impl FaultReport {
    /// Whether the run would have been the same without it, as far as can be
    /// seen.
    pub fn touched_nothing(&self) -> bool {
        match self.kind {
            "partition" => self.messages_cut == 0,
            _ => self.messages_cut == 0 && self.operations_in_flight == 0,
        }
    }
}

/// The faults of a history, in order, with what each did. The nemesis says each
/// twice: what it is about to do, and what it did.
pub fn reports_from(history: &History, cut: &[CutMessage]) -> Vec<FaultReport> {
    let mut reports: Vec<FaultReport> = Vec::new();
    let mut announced: Option<&Op> = None;
    // For each report of a kill or pause the nodes that are still in it.
    let mut affected: Vec<Vec<Value>> = Vec::new();
    for op in history.ops().iter().filter(|op| op.process == Process::Nemesis) {
        let Some(before) = announced.take_if(|before| before.f == op.f) else {
            announced = Some(op);
            continue;
        };
        let close = |reports: &mut Vec<FaultReport>, kind: &str| {
            for report in reports.iter_mut().filter(|report| report.kind == kind) {
                report.until.get_or_insert(op.time);
            }
        };
        // A kill or pause of several nodes is over when the last of them is well.
        let release = |reports: &mut [FaultReport], affected: &mut [Vec<Value>], kind: &str| {
            let well = elements(&before.value);
            for (report, nodes) in reports.iter_mut().zip(affected) {
                if report.kind == kind && report.until.is_none() {
                    nodes.retain(|node| !well.contains(node));
                    report.until = nodes.is_empty().then_some(op.time);
                }
            }
        };
        let (kind, description) = match &*op.f {
            "start-partition" => {
                // It replaces the cut that was there before.
                close(&mut reports, "partition");
                let kind = before.value.as_str().unwrap_or("partition");
                let cut = op.value.as_list().and_then(|list| list.get(1));
                ("partition", format!("{kind}: {}", describe_cut(cut.as_ref())))
            }
            "kill" => {
                // The dead are not paused any more.
                release(&mut reports, &mut affected, "pause");
                ("kill", names(&before.value))
            }
            "pause" => ("pause", names(&before.value)),
            "start-disk" => {
                close(&mut reports, "disk");
                ("disk", describe_disks(&before.value, &op.value))
            }
            "stop-disk" => {
                close(&mut reports, "disk");
                continue;
            }
            "stop-partition" => {
                close(&mut reports, "partition");
                continue;
            }
            "start" => {
                release(&mut reports, &mut affected, "kill");
                continue;
            }
            "resume" => {
                release(&mut reports, &mut affected, "pause");
                continue;
            }
            _ => continue,
        };
        affected.push(elements(&before.value));
        reports.push(FaultReport {
            kind,
            description,
            from: op.time,
            until: None,
            messages_cut: 0,
            operations_in_flight: 0,
        });
    }
    count(&mut reports, history, cut);
    reports
}

fn count(reports: &mut [FaultReport], history: &History, cut: &[CutMessage]) {
    if reports.is_empty() {
        return;
    }
    let pairs = history.pairs();
    let ops = history.ops();
    for report in reports {
        let until = report.until.unwrap_or(Time::MAX);
        if report.kind == "partition" {
            let during = cut.iter().filter(|one| (report.from..=until).contains(&one.time));
            report.messages_cut = during.count() as u64;
        }
        report.operations_in_flight = ops
            .iter()
            .zip(&pairs)
            .filter(|(op, _)| op.kind == OpKind::Invoke && op.process.is_client())
            .filter(|(op, end)| {
                op.time <= until && end.is_none_or(|end| ops[end].time >= report.from)
            })
            .count() as u64;
    }
}

/// Which disks are how: `full: n0 n3`.
fn describe_disks(condition: &Value, states: &Value) -> String {
    let Value::Map(states) = states else { return String::new() };
    let nodes = Value::list(states.iter().map(|(node, _)| node.clone()));
    format!("{}: {}", condition.as_str().unwrap_or("?"), names(&nodes))
}

/// The elements of a list or set.
fn elements(value: &Value) -> Vec<Value> {
    match value {
        Value::List(list) => list.iter().collect(),
        Value::Set(elements) => elements.to_vec(),
        _ => Vec::new(),
    }
}

fn names(value: &Value) -> String {
    match value {
        Value::List(list) => {
            let names = list.iter().map(|name| name.as_str().unwrap_or("?").to_owned());
            names.collect::<Vec<String>>().join(" ")
        }
        Value::Set(names) => {
            let names = names.iter().map(|name| name.as_str().unwrap_or("?"));
            names.collect::<Vec<&str>>().join(" ")
        }
        _ => String::new(),
    }
}

/// A cut in words: two sides where it is that, else who does not hear whom.
fn describe_cut(cut: Option<&Value>) -> String {
    let Some(Value::Map(pairs)) = cut else { return String::new() };
    let mut groups: Vec<(Vec<Value>, &Value)> = Vec::new();
    for (receiver, sources) in pairs.iter() {
        match groups.iter_mut().find(|(_, deaf_to)| *deaf_to == sources) {
            Some((group, _)) => group.push(receiver.clone()),
            None => groups.push((vec![receiver.clone()], sources)),
        }
    }
    let groups: Vec<(String, String)> = groups
        .into_iter()
        .map(|(group, deaf_to)| (names(&Value::set(group)), names(deaf_to)))
        .collect();
    match &*groups {
        [(a, not_a), (b, not_b)] if a == not_b && b == not_a && !a.is_empty() => {
            format!("{a} | {b}")
        }
        groups if groups.iter().all(|(_, deaf_to)| deaf_to.is_empty()) => "cuts no link".to_owned(),
        groups => {
            let deaf = groups.iter().filter(|(_, deaf_to)| !deaf_to.is_empty());
            let deaf = deaf.map(|(group, deaf_to)| format!("{group} not from {deaf_to}"));
            deaf.collect::<Vec<String>>().join("; ")
        }
    }
}
