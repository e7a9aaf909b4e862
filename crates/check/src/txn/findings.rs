//! Anomalies in words.

use glomers_history::Stop;

use super::analysis::{Analysis, Refusal};
use super::axiom::Reason;
use super::cases::{Case, Cases, Expected};
use super::cycles::Cycle;
use super::graph::Label;
use super::guarantees::Guarantees;
use super::meaning;
use super::models::{self, Names};
use super::parse::{Kind, NONE};
use super::search::Proof;
use super::tell::Teller;
use crate::{CircleStep, Context, Finding, words};

/// How many cases of an anomaly are shown.
const TOLD: usize = 4;

/// All findings: the worst first, which is what refutes the weakest model.
pub(super) fn all(analysis: &Analysis<'_>, context: &Context) -> Vec<Finding> {
    let elle = analysis.reportable();
    let elle = elle.into_iter().filter(|name| analysis.prohibited.contains(name));
    let elle = elle.filter_map(|name| Some((name, name, analysis.anomalies.get(name)?)));
    let more = analysis.strict().into_iter();
    let more =
        more.filter_map(|name| Some((name, analysis.more.elle(name), analysis.more.get(name)?)));
    let mut found: Vec<(usize, Finding)> = elle
        .chain(more)
        .map(|(name, refuting, cases)| {
            let refuted = models::refuted([refuting]);
            let rank = usize::MAX - refuted.len();
            (rank, finding(analysis, context, name, cases, &models::weakest(&refuted)))
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, finding)| finding).collect()
}

fn finding(
    analysis: &Analysis<'_>,
    context: &Context,
    name: &'static str,
    cases: &Cases,
    refuted: &Names,
) -> Finding {
    let often = match cases.count {
        0 | 1 => String::new(),
        count => format!(" ({count} times)"),
    };
    let consequence =
        match refuted.iter().copied().max_by_key(|model| models::stronger([*model]).len()) {
            Some(model) => {
                let name = models::friendly(model).replace('-', " ");
                format!("this is not {name}, where {}", meaning::of_model(model))
            }
            None => "no model allows that".to_owned(),
        };
    let anomaly = match cases.kept.first() {
        Some(Case::NoOrder { .. }) => "no order of the transactions explains what they read",
        Some(case) if name == "causal-violation" => meaning::of_anomaly(case.plain_name()),
        _ => meaning::of_anomaly(name),
    };
    let summary = format!("{anomaly}{often}; {consequence}");
    let mut finding = Finding::new(name, summary);
    let mut teller = Teller::new(analysis, context);
    let mut txns = Vec::new();
    for case in cases.kept.iter().take(if is_cycle(cases) { 1 } else { TOLD }) {
        let (lines, of) = tell(&mut teller, analysis, case);
        finding.evidence.extend(lines);
        txns.extend(of);
    }
    for txn in txns {
        words::point(&mut finding, analysis.parsed.op(txn), context);
    }
    finding.circle = cases.kept.first().map(|case| circle(analysis, case)).unwrap_or_default();
    finding
}

/// The circle that a case is, if it is one.
fn circle(analysis: &Analysis<'_>, case: &Case) -> Vec<CircleStep> {
    let parsed = &analysis.parsed;
    let key = |key: u32| Some(parsed.keys.value(key).clone());
    match case {
        Case::Cycle(Cycle { steps, .. }) => {
            let next = steps.iter().map(|&(txn, _)| txn).cycle().skip(1);
            let steps = steps.iter().zip(next).map(|(&(txn, label), next)| CircleStep {
                operation: parsed.op(txn).index,
                edge: label.name(analysis.order),
                key: match label {
                    Label::Order => None,
                    label => analysis.why((txn, next), label).and_then(|why| key(why.key)),
                },
            });
            steps.collect()
        }
        Case::Axiom(steps) | Case::Guess(steps) | Case::Together(steps, _) if steps.len() > 1 => {
            let steps = steps.iter().map(|step| {
                let (edge, key) = match step.reason {
                    Reason::Read { key: of } => ("wr", key(of)),
                    Reason::Session => ("process", None),
                    Reason::RealTime => ("realtime", None),
                    Reason::Replaced { key: of } | Reason::Follows { key: of } => ("ww", key(of)),
                    Reason::Saw { key: of, .. } => ("saw", key(of)),
                };
                CircleStep { operation: parsed.op(step.from).index, edge, key }
            });
            steps.collect()
        }
        _ => Vec::new(),
    }
}

fn is_cycle(cases: &Cases) -> bool {
    matches!(cases.kept.first(), Some(Case::Cycle(_)))
}

/// The lines of a case, and the transactions that it is about.
fn tell(
    teller: &mut Teller<'_, '_>,
    analysis: &Analysis<'_>,
    case: &Case,
) -> (Vec<String>, Vec<u32>) {
    let parsed = &analysis.parsed;
    let key_of = |mop: u32| parsed.mops[mop as usize].key;
    let reader = |mop: u32| parsed.txn_of_mop(mop);
    match case {
        Case::Cycle(cycle) => {
            (teller.cycle(cycle), cycle.steps.iter().map(|(txn, _)| *txn).collect())
        }
        Case::Internal { mop, expected } => {
            let txn = reader(*mop);
            let should = match expected {
                Expected::Exactly(value) => format!("it should be {}", words::value(value)),
                Expected::Ending(values) => {
                    format!("it should end with {}", words::values(values.iter()))
                }
            };
            let (who, key) = (teller.txn(txn), teller.key(key_of(*mop)));
            let read = teller.read(*mop);
            let line = format!("{who} read {read} of key {key}; by what it did before, {should}");
            (vec![line], vec![txn])
        }
        Case::FutureRead { mop, version } => {
            let txn = reader(*mop);
            let (who, key) = (teller.txn(txn), teller.key(key_of(*mop)));
            let (read, value) = (teller.read(*mop), teller.version(*version));
            let line = format!("{who} read {read} of key {key} and wrote {value} there only then");
            (vec![line], vec![txn])
        }
        Case::Aborted { mop, version } | Case::Intermediate { mop, version } => {
            let (txn, writer) = (reader(*mop), parsed.writer(*version));
            let (who, key) = (teller.txn(txn), teller.key(key_of(*mop)));
            let (read, value) = (teller.read(*mop), teller.version(*version));
            let by = teller.txn(writer);
            let what = match case {
                Case::Aborted { .. } => format!("{value} is what {by} wrote before it failed"),
                _ => format!("{value} is what {by} wrote before it wrote the key again"),
            };
            (vec![format!("{who} read {read} of key {key}; {what}")], vec![txn, writer])
        }
        Case::Doubles { mop, doubles } => {
            let txn = reader(*mop);
            let (who, key) = (teller.txn(txn), teller.key(key_of(*mop)));
            let doubles = doubles
                .iter()
                .map(|(value, count)| format!("{} is there {count} times", words::value(value)));
            let doubles: Vec<String> = doubles.take(TOLD).collect();
            let read = teller.read(*mop);
            let line = format!("{who} read {read} of key {key}: {}", doubles.join(", "));
            (vec![line], vec![txn])
        }
        Case::IncompatibleOrder { key, shorter, longer, mops } => {
            let txns = mops.map(reader);
            let (first, second) = (teller.txn(txns[0]), teller.txn(txns[1]));
            let (shorter, longer) = (words::value(shorter), words::value(longer));
            let key = teller.key(*key);
            let line = format!(
                "{first} read {shorter} of key {key}, {second} read {longer}: neither is how the \
                 other begins"
            );
            (vec![line], txns.to_vec())
        }
        Case::DirtyUpdate { key, versions, txns } => {
            let (failed, kept) = (teller.txn(txns[0]), teller.txn(txns[1]));
            let ends = [versions.first(), versions.last()];
            let [first, last] =
                ends.map(|version| teller.version(version.copied().unwrap_or(NONE)));
            let key = teller.key(*key);
            let line = format!(
                "{failed} appended {first} to key {key}, and behind it {kept} appended {last}"
            );
            (vec![line], txns.to_vec())
        }
        Case::LostUpdate { key, mop, txns } => {
            let who: Vec<String> = txns.iter().take(TOLD).map(|&txn| teller.txn(txn)).collect();
            let more = match txns.len().saturating_sub(TOLD) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let (read, key) = (teller.read(*mop), teller.key(*key));
            let line =
                format!("{}{more} each read {read} of key {key} and then wrote it", who.join(", "));
            (vec![line], txns.iter().take(TOLD).copied().collect())
        }
        Case::CyclicVersions { key, versions } => {
            let told: Vec<String> =
                versions.iter().take(TOLD).map(|&version| teller.version(version)).collect();
            let writers: Vec<u32> =
                versions.iter().take(TOLD).map(|&version| parsed.writer(version)).collect();
            let key = teller.key(*key);
            let line = format!(
                "of key {key}, the values {}{} each come before the next, in a cycle",
                told.join(", "),
                if versions.len() > TOLD { " and more" } else { "" },
            );
            (vec![line], writers)
        }
        Case::Garbage { mop, value } => {
            let txn = reader(*mop);
            let (who, key) = (teller.txn(txn), teller.key(key_of(*mop)));
            let (read, value) = (teller.read(*mop), words::value(value));
            let line = if parsed.kind == Kind::List {
                format!("{who} read {read} of key {key}; nobody ever appended {value} there")
            } else {
                format!("{who} read {value} of key {key}; nobody ever wrote {value} there")
            };
            (vec![line], vec![txn])
        }
        Case::Reordered { txn, first, second } => {
            let who = teller.txn(*txn);
            let key = teller.key(parsed.versions[*first as usize].key);
            let (first, second) = (teller.version(*first), teller.version(*second));
            let line = format!(
                "{who} appended {first} to key {key} and then {second}; reads show {second} without \
                 {first} before it"
            );
            (vec![line], vec![*txn])
        }
        Case::Axiom(steps) | Case::Guess(steps) | Case::Together(steps, _) => {
            let mut lines = teller.axiom(steps);
            if let Case::Together(_, model) = case {
                let model = models::friendly(model).replace('-', " ");
                lines.push(format!("that counts together with {model}"));
            }
            if matches!(case, Case::Guess(_)) {
                lines.push(
                    "several transactions wrote the same value; each choice of which write a \
                     read got leads to a contradiction like this one"
                        .to_owned(),
                );
            }
            (lines, steps.iter().flat_map(|step| [step.from, step.to]).collect())
        }
        Case::NoOrder { proof: Proof { txns, is_of_read }, model } => {
            let name = models::friendly(model).replace('-', " ");
            let who: Vec<String> = txns.iter().take(TOLD).map(|&txn| teller.txn(txn)).collect();
            let reason = match &*who {
                [reader, writers @ ..] if *is_of_read => format!(
                    "{reader} read a value that {} wrote: whichever of these writes it got, what \
                     others read does not fit",
                    writers.join(" and ")
                ),
                [first, second] if txns.len() == 2 => format!(
                    "{first} and {second} both wrote some key: whichever of them comes first, what \
                     others read does not fit"
                ),
                _ => format!(
                    "each of these would have to come before the others: {}",
                    who.join(", ")
                ),
            };
            let last = format!("all orders that {name} allows were ruled out");
            (vec![reason, last], txns.clone())
        }
    }
}

/// Why no verdict can be had.
pub(super) fn refusal(analysis: &Analysis<'_>, refusal: Refusal) -> String {
    let parsed = &analysis.parsed;
    match refusal {
        Refusal::Malformed(txn) => {
            let writes = match parsed.kind {
                Kind::List => "append",
                Kind::Register => "w",
            };
            format!(
                "Op {} is no list of [\"r\", key, value] and [{writes:?}, key, value]: whether \
                 transactions are isolated cannot be said.",
                parsed.op(txn).index
            )
        }
        Refusal::WrittenTwice(version, txn) => format!(
            "Op {} wrote {} to key {} again: where a value is written twice it cannot be said \
             whose it is.",
            parsed.op(txn).index,
            words::value(&parsed.version_value(version)),
            words::value(parsed.keys.value(parsed.versions[version as usize].key)),
        ),
        Refusal::Garbage => "Something was read that nobody wrote.".to_owned(),
        Refusal::MixedKeys => "Keys are of several kinds.".to_owned(),
        Refusal::Odd => "Something is no transaction.".to_owned(),
    }
}

/// That a process did several transactions at once.
pub(super) fn crowded(analysis: &Analysis<'_>) -> Option<String> {
    let process = analysis.parsed.crowded?;
    Some(format!(
        "Process {process} began a transaction while another of its own was under way: which end \
         belongs to which beginning is told by what they wrote."
    ))
}

/// What is wrong with the order that nodes have marked.
pub(super) fn marks(analysis: &Analysis<'_>) -> Vec<String> {
    let parsed = &analysis.parsed;
    let mut notes = Vec::new();
    let keys = analysis.registers().map_or(&[][..], |registers| &registers.contradicted);
    if !keys.is_empty() {
        let key = |(key, _): &(u32, Vec<u32>)| parsed.keys.value(*key);
        notes.push(format!(
            "The order of transactions that nodes marked is not used for {} ({}): transactions that \
             read these before they wrote them show another.",
            words::count(keys.len(), "key"),
            words::values(keys.iter().map(key)),
        ));
    }
    if parsed.marked.unknown > 0 {
        notes.push(format!(
            "{} txn-order {} no transaction: the value must be [place, transaction], and what that \
             writes be in the history.",
            words::count(parsed.marked.unknown, "mark"),
            if parsed.marked.unknown == 1 { "names" } else { "name" },
        ));
    }
    notes
}

/// What a valid verdict leaves open by its nature: whether there is an order of writes
/// that parallel snapshot isolation allows is not searched.
pub(super) fn undecided(analysis: &Analysis<'_>, demanded: &Names) -> Option<String> {
    if !demanded.contains("parallel-snapshot-isolation") || demanded.contains("PL-SI") {
        return None;
    }
    let keys = analysis.registers()?.keys_in_no_order(&analysis.parsed);
    (keys > 0).then(|| {
        format!(
            "Of parallel snapshot isolation this is certain: causal consistency holds, and no update \
             is lost. Reads do not tell in which order {} {} written, and whether one fits is not \
             searched.",
            words::count(keys, "key"),
            if keys == 1 { "was" } else { "were" },
        )
    })
}

/// That guarantees of sessions are not looked at among lists, but where causal consistency
/// has them.
pub(super) fn unpromised(analysis: &Analysis<'_>, demanded: &Names) -> Option<String> {
    let is_open = analysis.parsed.kind == Kind::List && !demanded.contains("causal");
    let model = is_open.then(|| Guarantees::of(demanded).first())??;
    Some(format!(
        "Whether lists have {} is not decided; causal consistency implies it.",
        model.replace('-', " ")
    ))
}

/// What the search for an order left open.
pub(super) fn open(analysis: &Analysis<'_>, steps: u64, stop: &Stop) -> Option<String> {
    let why = match stop.is_wanted() {
        true => "the search was stopped".to_owned(),
        false => format!("the search took more than {steps} steps"),
    };
    let name = models::friendly(analysis.open?).replace('-', " ");
    Some(format!(
        "No anomaly was found, but whether there is an order of all transactions that {name} \
         allows stayed open: {why}."
    ))
}

/// Why Elle has doubts that we do not share.
pub(super) fn only_elle(analysis: &Analysis<'_>) -> String {
    match analysis.refusal {
        Some(Refusal::MixedKeys) => {
            "Elle gives no verdict on this: its keys are of several kinds.".to_owned()
        }
        Some(Refusal::WrittenTwice(..)) => {
            "Elle gives no verdict on this: a value was written to a key twice.".to_owned()
        }
        Some(Refusal::Odd) => {
            "Elle gives no verdict on this: of what failed or was left open, something is no list \
             of reads and appends."
                .to_owned()
        }
        _ => "Elle gives no valid verdict on this: no transaction here comes before another \
              (empty-transaction-graph)."
            .to_owned(),
    }
}
