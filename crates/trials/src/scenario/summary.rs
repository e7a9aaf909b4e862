//! What is printed of the run so far: counts, verdict, faults.

use glomers_check::{Context, JudgeOptions, Validity, Verdict, judge};
use glomers_history::journal::{Disturbance, DropReason};
use glomers_history::{History, Op, OpKind, Time};
use glomers_sim::{Counts, FaultReport, NetStatistics};

use super::output::{View, table};
use super::record::{End, Sent};

impl View<'_> {
    fn statistics(&self, until: Time) -> NetStatistics {
        let mut net = NetStatistics::default();
        for message in &self.recording.messages {
            let counts = match message.client() {
                Some(_) => &mut net.clients,
                None => &mut net.servers,
            };
            counts.sent += u64::from(message.time <= until);
            counts.received += u64::from(
                message.end.is_some_and(|(time, end)| time <= until && end == End::Received),
            );
        }
        let begun = |op: &&Op| op.kind == OpKind::Invoke && op.process.is_client();
        let ops = self.ops_until(until).iter().filter(begun).count();
        net.operations = ops as u64;
        net
    }

    pub(super) fn net(&self, until: Time) -> Vec<String> {
        let net = self.statistics(until);
        let row = |name: &str, counts: Counts| {
            let (sent, received) = (counts.sent, counts.received);
            vec![name.to_owned(), format!("{sent} sent"), format!("{received} delivered")]
        };
        let mut lines = table([row("servers", net.servers), row("clients", net.clients)]);
        lines.push(format!(
            "{}, {:.2} messages between servers for each",
            count(net.operations, "operation"),
            net.servers_per_operation()
        ));
        lines
    }

    fn ops_until(&self, until: Time) -> &[Op] {
        let ops = self.outcome.history.ops();
        let end = ops.partition_point(|op| self.absolute(op.time) <= until);
        &ops[..end]
    }

    pub(super) fn verdict(&self, until: Time) -> Vec<String> {
        let ops = self.ops_until(until);
        if ops.len() == self.outcome.history.len() {
            return in_lines(&self.report.verdict);
        }
        let seen = |time: Time| self.absolute(time) <= until;
        let history: History = ops.iter().cloned().collect();
        let all = &self.outcome.context;
        let context = Context {
            nodes: all.nodes.clone(),
            concurrency: all.concurrency,
            asked: all.asked.clone(),
            marks: all.marks.iter().filter(|m| seen(m.time)).cloned().collect(),
            cut: all.cut.iter().filter(|c| seen(c.time)).copied().collect(),
            bodies: all.bodies.clone(),
            ..Context::default()
        };
        let findings = self.outcome.findings.iter();
        let findings = findings.filter(|finding| finding.time.is_none_or(seen)).cloned().collect();
        let workload =
            glomers_workload::make(&self.plan.workload.name, &self.plan.workload.options)
                .expect("it was made for the run");
        let exempt = workload.may_never_succeed();
        let verdict = judge(
            &history,
            &context,
            &*workload.checker(),
            JudgeOptions {
                exempt_from_stats: exempt.iter().map(|f| (*f).to_owned()).collect(),
                ..JudgeOptions::default()
            },
            self.statistics(until).to_value(),
            findings,
        );
        in_lines(&verdict)
    }

    pub(super) fn faults(&self, until: Time) -> Vec<String> {
        let begun = |report: &&FaultReport| self.absolute(report.from) <= until;
        let reports = self.outcome.faults.iter().filter(begun);
        table(reports.map(|report| {
            let from = self.absolute(report.from);
            let end = report.until.map(|end| self.absolute(end));
            let end = end.filter(|end| *end <= until);
            let over =
                end.map_or_else(|| "still on".to_owned(), |end| format!("until {}", self.ms(end)));
            let last = end.unwrap_or(until);
            let (counted, word) = self.touched(report, from, last);
            vec![
                report.kind.to_owned(),
                report.description.clone(),
                format!("from {}", self.ms(from)),
                over,
                format!("{} {word}", count(counted as u64, "message")),
            ]
        }))
    }

    /// How many messages between servers a fault touched in a span of time, and
    /// how.
    fn touched(&self, report: &FaultReport, from: Time, until: Time) -> (usize, &'static str) {
        let during = |time: &Time| (from..=until).contains(time);
        let between = || self.recording.messages.iter().filter(|m| m.client().is_none());
        let dropped = |reason: DropReason, is_hit: &dyn Fn(&Sent) -> bool| {
            let ends = between().filter(|m| is_hit(m)).flat_map(|m| [m.end, m.copy_end]);
            let ends = ends.flatten().filter(|(time, _)| during(time));
            ends.filter(|(_, end)| *end == End::Dropped(reason)).count()
        };
        let disturbed = |how: Disturbance| {
            let all = between().flat_map(|message| &message.disturbances);
            all.filter(|(time, what)| during(time) && *what == how).count()
        };
        let named = |sent: &Sent| report.description.split(' ').any(|name| *name == *sent.dest);
        match report.kind {
            "partition" => (dropped(DropReason::Partition, &|_| true), "cut"),
            "loss" => (dropped(DropReason::Fault, &|_| true), "lost"),
            "duplicate" => (disturbed(Disturbance::Doubled), "doubled"),
            "reorder" => (disturbed(Disturbance::Delayed), "held up"),
            "slow-links" => (disturbed(Disturbance::SlowLink), "slowed"),
            "slow-nodes" => (disturbed(Disturbance::SlowNode), "slowed"),
            _ => (dropped(DropReason::NodeDown, &named), "lost"),
        }
    }
}

fn in_lines(verdict: &Verdict) -> Vec<String> {
    let word = |validity: Validity| match validity {
        Validity::Valid => "valid",
        Validity::Unknown => "unknown",
        Validity::Invalid => "invalid",
    };
    let mut lines =
        vec![format!("strict: {}, Jepsen: {}", word(verdict.strict), word(verdict.compat))];
    lines.extend(verdict.findings.iter().flat_map(|finding| finding.render()));
    lines.extend(verdict.notes.iter().map(|note| format!("note: {note}")));
    lines
}

/// "1 message", "2 messages".
fn count(number: u64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}
