//! What is kept of a run.

use glomers_history::{
    Concern, Finding, FindingKind, Observer, OpKind, Process, Unobserved, Validity,
};
use glomers_sim::{Ended, Latency, Outcome, Plan};
use serde::{Deserialize, Serialize};

use crate::draw::{Base, Drawn};
use crate::novelty;
use crate::signature::Signature;

/// What a run left.
#[derive(Debug)]
pub struct Run {
    /// The verdict that counts.
    pub validity: Validity,
    /// What was found.
    pub findings: Vec<Finding>,
    /// All else.
    pub outcome: Outcome,
}

/// Runs Plans: what a hunt needs of the rest of the world.
pub trait Lab: Sync {
    /// Runs a Plan and judges it; `None` if somebody stopped it.
    ///
    /// # Errors
    /// If it cannot be run; says why.
    fn run(&self, plan: &Plan) -> Result<Option<Run>, String> {
        self.watch(plan, &mut Unobserved)
    }

    /// As [`Lab::run`], and tells somebody all that happens.
    ///
    /// # Errors
    /// As [`Lab::run`].
    fn watch(&self, plan: &Plan, observer: &mut dyn Observer) -> Result<Option<Run>, String>;
}

/// A verdict, as rows spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing wrong was found.
    Valid,
    /// It cannot be said.
    Unknown,
    /// Something is wrong.
    Invalid,
}

impl Verdict {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Valid => "valid",
            Verdict::Unknown => "unknown",
            Verdict::Invalid => "invalid",
        }
    }

    #[cfg(feature = "tables")]
    pub(crate) fn of_word(word: &str) -> Option<Verdict> {
        [Verdict::Valid, Verdict::Unknown, Verdict::Invalid].into_iter().find(|v| v.word() == word)
    }
}

/// One run of a hunt. Nothing in it depends on the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its seed.
    pub seed: u64,
    /// The round that it belongs to, counted from 0.
    pub round: u64,
    /// Its family.
    pub family: String,
    /// Whether weights chose it.
    pub guided: bool,
    /// Which part of each knob was drawn.
    pub knobs: Vec<(String, u32)>,
    /// What it came to.
    pub verdict: Verdict,
    /// What was found, the worst first.
    pub findings: Vec<Signature>,
    /// Findings that do not count: the cluster did not serve, and nobody claimed that it
    /// would.
    pub ignored: Vec<Signature>,
    /// How many nodes.
    pub nodes: u64,
    /// Operations that began.
    pub operations: u64,
    /// Operations that succeeded.
    pub succeeded: u64,
    /// Messages.
    pub messages: u64,
    /// Faults that began.
    pub faults: u64,
    /// What it did that others may not have done.
    pub features: Vec<String>,
}

/// The longest mean latency with which no client loses its patience by chance, however long
/// the tail and however many messages an answer takes.
const QUICK_MS: u64 = 1;

/// Whether nothing is broken in a run: no faults, no message is lost or late. Then a request
/// without an answer is a mistake.
pub fn is_calm(plan: &Plan) -> bool {
    let Plan { faults, overrides, links, loss, loss_bursts, latency, latency_steps, .. } = plan;
    let is_quick = |latency: &Latency| latency.mean_ms <= QUICK_MS;
    faults.is_empty()
        && overrides.is_empty()
        && latency_steps.is_empty()
        && *loss == 0.0
        && loss_bursts.is_none()
        && is_quick(latency)
        && links.iter().all(|link| {
            link.loss.is_none_or(|loss| loss == 0.0) && link.latency.as_ref().is_none_or(is_quick)
        })
}

/// Whether a finding says that something did not happen in time.
pub fn is_liveness(finding: &Finding) -> bool {
    FindingKind::of(&finding.name).is_some_and(|kind| kind.concern == Concern::Serving)
}

impl Row {
    /// What is kept of a run.
    pub fn of(drawn: &Drawn, round: u64, run: &Run, base: &Base) -> Row {
        let Outcome { history, net, faults, .. } = &run.outcome;
        // Nobody says that an operation succeeds while something is broken, nor that what
        // it asks can be had: a comparison may never hold.
        let is_owed = |finding: &Finding| {
            &*finding.name != "never-ok"
                || faults.is_empty()
                    && drawn.plan.loss == 0.0
                    && !Signature::of(finding, history).is_refused()
        };
        // Where nothing is broken there is nothing to claim.
        let is_claimed = |finding: &Finding| {
            base.claims.is_some() || &*finding.name == "unavailable" && is_calm(&drawn.plan)
        };
        let counts =
            |finding: &&Finding| !is_liveness(finding) || is_claimed(finding) && is_owed(finding);
        let signatures = |is_wanted: bool| {
            let mut all: Vec<Signature> = Vec::new();
            for finding in run.findings.iter().filter(|finding| counts(finding) == is_wanted) {
                let signature = Signature::of(finding, history);
                if !all.contains(&signature) {
                    all.push(signature);
                }
            }
            all
        };
        let (findings, ignored) = (signatures(true), signatures(false));
        let verdict = match run.validity {
            Validity::Valid => Verdict::Valid,
            Validity::Unknown => Verdict::Unknown,
            Validity::Invalid if findings.is_empty() && !ignored.is_empty() => Verdict::Valid,
            Validity::Invalid => Verdict::Invalid,
        };
        let is_success = |op: &&glomers_history::Op| {
            op.kind == OpKind::Ok && matches!(op.process, Process::Client(_))
        };
        Row {
            seed: drawn.plan.seed,
            round,
            family: drawn.family.clone(),
            guided: drawn.guided,
            knobs: drawn.knobs.clone(),
            verdict,
            findings,
            ignored,
            nodes: drawn.plan.nodes.len() as u64,
            operations: net.operations,
            succeeded: history.ops().iter().filter(is_success).count() as u64,
            messages: net.all().sent,
            faults: faults.len() as u64,
            features: novelty::features(&run.outcome),
        }
    }

    /// Whether something was found.
    pub fn is_found(&self) -> bool {
        !self.findings.is_empty()
    }
}

impl Run {
    /// Whether it came to its end.
    pub fn is_complete(&self) -> bool {
        self.outcome.ended != Ended::Interrupted
    }
}
