//! What is wrong with a set, in words.

use glomers_history::{History, Op, Value};

use super::SetFull;
use super::cut::culprit;
use super::outcome::Outcomes;
use super::scan::{Read, Scan};
use crate::intern::NONE;
use crate::{CheckResult, Context, Finding, words};

/// How many elements or reads a finding shows.
const SHOWN: usize = 3;

/// Adds all findings and the fields that count them.
pub(super) fn report(
    spec: &SetFull,
    history: &History,
    context: &Context,
    scan: &mut Scan,
    outcomes: &Outcomes,
    result: &mut CheckResult,
) {
    Reporter { spec, history, context, scan, result }.lost(outcomes);
    report_but_lost(spec, history, context, scan, result);
}

/// The same without what was lost.
pub(super) fn report_but_lost(
    spec: &SetFull,
    history: &History,
    context: &Context,
    scan: &mut Scan,
    result: &mut CheckResult,
) {
    let missing = missing_at_end(scan);
    let mut reporter = Reporter { spec, history, context, scan, result };
    reporter.missing(&missing);
    reporter.aborted();
    reporter.unexpected();
    reporter.duplicated();
    reporter.malformed();
    reporter.unanswered();
}

/// The elements known before the first final read began, that some answered
/// final read lacks.
fn missing_at_end(scan: &Scan) -> Vec<u32> {
    let finals = scan.reads.iter().filter(|read| read.is_final).count();
    (0..scan.elements.len() as u32)
        .filter(|&id| {
            let element = &scan.elements[id as usize];
            is_due(scan, id) && (element.finals as usize) < finals
        })
        .collect()
}

/// Whether every final read must have an element.
fn is_due(scan: &Scan, id: u32) -> bool {
    let element = &scan.elements[id as usize];
    element.ever_known != NONE && scan.first_final != NONE && element.ever_known < scan.first_final
}

struct Reporter<'a> {
    spec: &'a SetFull,
    history: &'a History,
    context: &'a Context,
    scan: &'a mut Scan,
    result: &'a mut CheckResult,
}

impl Reporter<'_> {
    fn op(&self, place: u32) -> Option<&Op> {
        self.history.ops().get(place as usize)
    }

    /// An operation in words; an empty text if there is none.
    fn words(&self, place: u32) -> String {
        self.op(place).map(|op| words::operation(op, self.context)).unwrap_or_default()
    }

    fn value(&self, id: u32) -> &Value {
        self.scan.interner.value(id)
    }

    fn sort(&self, ids: &mut [u32]) {
        ids.sort_unstable_by(|&a, &b| self.value(a).cmp(self.value(b)));
    }

    fn list(&self, ids: &[u32]) -> Value {
        Value::list(ids.iter().map(|&id| self.value(id).clone()))
    }

    fn listed(&self, ids: &[u32]) -> String {
        words::values(ids.iter().map(|&id| self.value(id)))
    }

    fn point(&self, finding: &mut Finding, place: u32) {
        if let Some(op) = self.op(place) {
            words::point(finding, op, self.context);
        }
    }

    fn fields(&mut self, names: [&'static str; 2], ids: &[u32]) {
        let list = self.list(ids);
        self.result.fields.extend([(names[0], Value::from(ids.len() as u64)), (names[1], list)]);
    }

    /// "1 value", "2 values".
    fn elements(&self, number: usize) -> String {
        words::count(number, "value")
    }

    /// What tells of elements beyond those shown.
    fn rest(&self, finding: &mut Finding, ids: &[u32], shown: usize) {
        if let Some(rest @ [_, ..]) = ids.get(shown..) {
            finding.evidence.push(format!("the same of {}", self.listed(rest)));
        }
    }

    fn lost(&mut self, outcomes: &Outcomes) {
        let ids: Vec<u32> = outcomes.lost().collect();
        if ids.is_empty() {
            return;
        }
        let were = if ids.len() == 1 { "was" } else { "were" };
        let mut finding = Finding::new(
            "lost",
            format!(
                "{} {were} lost: known to the cluster, then lacking from a read that began later, \
                 and never read again. What is in the set once must stay.",
                self.elements(ids.len())
            ),
        );
        for &id in ids.iter().take(2) {
            let element = self.scan.elements[id as usize].clone();
            let value = words::value(self.value(id));
            let known = self.words(element.known);
            let how = match self.op(element.known) {
                Some(op) if *op.f == *self.spec.add => "was acknowledged",
                _ => "was first read",
            };
            finding.evidence.push(format!("{value} {how} by {known}"));
            let present = self.scan.read_begun(element.last_present);
            if let Some(last) = present.filter(|last| last.complete != element.known) {
                let last = self.words(last.complete);
                finding.evidence.push(format!("{value} was last read by {last}"));
            }
            let Some(absent) = self.scan.read_begun(element.last_absent) else {
                continue;
            };
            finding.evidence.push(format!(
                "{value} is lacking from {}, which began as op {}",
                self.words(absent.complete),
                absent.invoke
            ));
            let node = self.op(absent.complete).and_then(|op| self.context.node_index_of(op));
            finding
                .evidence
                .extend(node.and_then(|node| culprit(self.context, node, self.value(id))));
            self.point(&mut finding, absent.complete);
            self.point(&mut finding, element.known);
        }
        self.rest(&mut finding, &ids, 2);
        self.result.findings.push(finding);
    }

    fn missing(&mut self, missing: &[u32]) {
        let mut ids = missing.to_vec();
        self.sort(&mut ids);
        self.fields(["missing-at-end-count", "missing-at-end"], &ids);
        self.result.measured.missing_at_end = ids.len() as u64;
        if ids.is_empty() {
            return;
        }
        let due = (0..self.scan.elements.len() as u32).filter(|&id| is_due(self.scan, id)).count();
        let are = if ids.len() == 1 { "is" } else { "are" };
        let mut finding = Finding::new(
            "missing-at-end",
            format!(
                "{} of {due} {are} missing from a final read: known before the first final read \
                 began, so after the recovery every node should have had {}.",
                self.elements(ids.len()),
                if ids.len() == 1 { "it" } else { "them" }
            ),
        );
        let finals: Vec<Read> =
            self.scan.reads.iter().rev().copied().filter(|read| read.is_final).collect();
        let mut told = Vec::new();
        let mut more = 0;
        for read in finals {
            self.scan.stamp_reads(self.history, &[read]);
            if told.len() == SHOWN {
                more += usize::from(ids.iter().any(|&id| !self.scan.is_stamped(id)));
                continue;
            }
            let lacks: Vec<u32> =
                ids.iter().copied().filter(|&id| !self.scan.is_stamped(id)).collect();
            if lacks.is_empty() {
                continue;
            }
            finding.evidence.push(format!(
                "{} lacks {}: {}",
                self.words(read.complete),
                self.elements(lacks.len()),
                self.listed(&lacks)
            ));
            self.point(&mut finding, read.complete);
            told.push((read, lacks));
        }
        if more > 0 {
            let reads = words::count(more, "final read");
            let s = if more == 1 { "s" } else { "" };
            finding.evidence.push(format!("{reads} more lack{s} some"));
        }
        self.why_missing(&mut finding, &told);
        self.result.findings.push(finding);
    }

    /// For each read shown the first element that it lacks: since when it was
    /// known, and the message that did not bring it.
    fn why_missing(&self, finding: &mut Finding, told: &[(Read, Vec<u32>)]) {
        let mut known = Vec::new();
        for (read, lacks) in told {
            let Some(&id) = lacks.first() else { continue };
            if !known.contains(&id) {
                known.push(id);
                finding.evidence.push(format!(
                    "{} was known since {}",
                    words::value(self.value(id)),
                    self.words(self.scan.elements[id as usize].ever_known)
                ));
            }
            let node = self.op(read.complete).and_then(|op| self.context.node_index_of(op));
            // One that a cut explains says more than the first.
            let culprit = node.and_then(|node| {
                let mut candidates = lacks.iter().take(SHOWN);
                candidates.find_map(|&id| culprit(self.context, node, self.value(id)))
            });
            finding.evidence.extend(culprit);
        }
    }

    fn aborted(&mut self) {
        let mut ids: Vec<u32> = self.scan.aborted.keys().copied().collect();
        self.sort(&mut ids);
        self.fields(["aborted-present-count", "aborted-present"], &ids);
        if ids.is_empty() {
            return;
        }
        let were = if ids.len() == 1 { "was" } else { "were" };
        let mut finding = Finding::new(
            "aborted-present",
            format!(
                "{} {were} read although every {} of {} begun until then failed. What fails must have \
                 no effect.",
                self.elements(ids.len()),
                self.spec.add,
                if ids.len() == 1 { "it" } else { "them" }
            ),
        );
        let pairs = self.history.pairs();
        for &id in ids.iter().take(SHOWN) {
            let value = words::value(self.value(id));
            let added = self.scan.elements[id as usize].first_added;
            let read = self.scan.aborted[&id];
            let end = pairs.get(added as usize).copied().flatten();
            let failed = words::failed(end.and_then(|end| self.history.ops().get(end)));
            finding.evidence.push(format!("{} wrote {value} but {failed}", self.words(added)));
            let seen = self.words(read);
            finding.evidence.push(format!("{value} was read by {seen}"));
            self.point(&mut finding, read);
            self.point(&mut finding, added);
        }
        self.rest(&mut finding, &ids, SHOWN);
        self.result.findings.push(finding);
    }

    fn unexpected(&mut self) {
        let mut ids: Vec<u32> = (0..self.scan.elements.len() as u32)
            .filter(|&id| {
                let element = &self.scan.elements[id as usize];
                element.first_seen < element.first_added
            })
            .collect();
        self.sort(&mut ids);
        self.fields(["unexpected-count", "unexpected"], &ids);
        if ids.is_empty() {
            return;
        }
        let were = if ids.len() == 1 { "was" } else { "were" };
        let mut finding = Finding::new(
            "unexpected",
            format!(
                "{} {were} read that nobody had added. A read may hold only values \
                 whose {} began before the read ended.",
                self.elements(ids.len()),
                self.spec.add
            ),
        );
        for &id in ids.iter().take(SHOWN) {
            let value = words::value(self.value(id));
            let element = self.scan.elements[id as usize].clone();
            let read = self.words(element.first_seen);
            finding.evidence.push(format!("{value} was read by {read}"));
            self.point(&mut finding, element.first_seen);
            if element.first_added != NONE {
                let add = self.words(element.first_added);
                finding.evidence.push(format!("{value} was added only later, by {add}"));
                self.point(&mut finding, element.first_added);
            }
        }
        self.rest(&mut finding, &ids, SHOWN);
        self.result.findings.push(finding);
    }

    fn duplicated(&mut self) {
        let mut ids: Vec<u32> = self.scan.duplicates.keys().copied().collect();
        self.sort(&mut ids);
        let counts = ids.iter().map(|id| {
            let times = self.scan.duplicates[id].times;
            (self.value(*id).clone(), Value::Int(i64::from(times)))
        });
        let counts = Value::map(counts);
        self.result
            .fields
            .extend([("duplicates-count", Value::from(ids.len() as u64)), ("duplicates", counts)]);
        if ids.is_empty() {
            return;
        }
        let mut finding = Finding::new(
            "duplicated",
            format!(
                "{} occurred more than once in one read. A set holds each element once. (Jepsen's \
                 set-full should find this, too, but never does: it counts values that occur \
                 less than once.)",
                self.elements(ids.len())
            ),
        );
        for &id in ids.iter().take(SHOWN) {
            let duplicate = self.scan.duplicates[&id];
            finding.evidence.push(format!(
                "{} holds {} {} times",
                self.words(duplicate.complete),
                words::value(self.value(id)),
                duplicate.times
            ));
            self.point(&mut finding, duplicate.complete);
        }
        self.rest(&mut finding, &ids, SHOWN);
        self.result.findings.push(finding);
    }

    fn malformed(&mut self) {
        if self.scan.malformed.is_empty() {
            return;
        }
        let total = self.scan.malformed.len();
        let were = if total == 1 { "was" } else { "were" };
        let mut finding = Finding::new(
            "malformed-read",
            format!(
                "{} {were} answered with something that is no list. A read answers with the list \
                 of all elements.",
                words::count(total, "read")
            ),
        );
        for &place in self.scan.malformed.iter().take(SHOWN) {
            if let Some(op) = self.op(place) {
                finding.evidence.push(format!(
                    "{} got {}: {}",
                    words::operation(op, self.context),
                    op.value.kind_name(),
                    words::value(&op.value)
                ));
                words::point(&mut finding, op, self.context);
            }
        }
        if total > SHOWN {
            finding.evidence.push(format!("and {} more", total - SHOWN));
        }
        self.result.findings.push(finding);
    }

    /// A final read without an answer is no finding, but what its node lacks
    /// stays hidden.
    fn unanswered(&mut self) {
        let unanswered = &self.scan.unanswered_finals;
        let Some(&first) = unanswered.first() else {
            return;
        };
        let total = words::count(unanswered.len(), "final read");
        let were = if unanswered.len() == 1 { "was" } else { "were" };
        let note = format!(
            "{total} {were} not answered (the first: {}), so what those nodes hold at the end is \
             not known.",
            self.words(first)
        );
        self.result.notes.push(note);
    }
}
