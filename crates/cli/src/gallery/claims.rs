//! The table of reference nodes under all that they claim to survive.

use glomers_nodes::NODES;
use glomers_trials::gallery::{Accepted, Claim, claims};
use serde_json::{Value as Json, json};

use super::{GalleryArguments, as_list, attempts, had, is_narrow, unknown};
use crate::error::CliError;
use crate::out;
use crate::progress::Progress;

pub(super) fn run(arguments: &GalleryArguments) -> Result<(bool, Json), CliError> {
    let mut chosen = chosen(&arguments.only)?;
    if arguments.traced {
        chosen.retain(|claim| !claim.needs_disk());
    }
    let progress = Progress::of_runs(arguments.seeds * chosen.len() as u64);
    let mut rows = Vec::new();
    let mut complaints = String::new();
    for (place, claim) in chosen.iter().enumerate() {
        let (runs, seconds) = attempts(arguments, |seed| {
            let attempt = claim.attempt(seed, arguments.nodes());
            progress.advance();
            attempt
        })?;
        let mut accepted = Accepted::default();
        runs.iter().for_each(|attempt| accepted.add(attempt));
        let mark = if accepted.is_all() { ' ' } else { '✗' };
        let (node, hazards) = (claim.node, claim.hazards_in_words());
        progress.clear_for(|| {
            if is_narrow() {
                let cells = [
                    format!("{mark} {node}"),
                    claim.workload.to_owned(),
                    accepted.seeds.to_string(),
                    accepted.accepted.to_string(),
                    format!("{seconds:.1}"),
                    hazards.clone(),
                ];
                return out::line(as_list(&NAMES, cells));
            }
            if place == 0 {
                out::line(HEADER);
            }
            out::line(format_args!(
                "{mark} {node:<14}  {:<10}  {:>5}  {:>8}  {seconds:>7.1}  {hazards}",
                claim.workload, accepted.seeds, accepted.accepted
            ));
        });
        if let Some(refused) = &accepted.refused {
            let count = accepted.seeds - accepted.accepted;
            complaints += &format!(
                "\n✗ {node} does not survive {hazards}: refused in {count} of {} seeds; {}.",
                accepted.seeds,
                had(refused)
            );
        }
        rows.push(json!({
            "node": node,
            "workload": claim.workload,
            "hazards": claim.hazards.iter().map(|hazard| hazard.name()).collect::<Vec<&str>>(),
            "seeds": accepted.seeds,
            "accepted": accepted.accepted,
            "first_refused": accepted.refused.as_ref().map(|(seed, _)| seed),
            "seconds": seconds,
        }));
    }
    progress.clear();
    let is_good = complaints.is_empty();
    if is_good {
        complaints = "\nAll are accepted in all seeds.".to_owned();
    }
    out::line(complaints);
    Ok((is_good, json!({ "version": 1, "seeds": arguments.seeds, "claims": rows })))
}

const HEADER: &str = "  node            workload    seeds  accepted  seconds  under";

/// What the columns are called where the table is a list.
const NAMES: [&str; 6] = ["", "workload", "seeds", "accepted", "seconds", "under"];

/// The claims of the nodes of these names or workloads, or all if there are none.
pub(super) fn chosen(only: &[String]) -> Result<Vec<Claim>, CliError> {
    let mut all = claims();
    let fits = |claim: &Claim, name: &String| claim.node == name || claim.workload == name;
    if let Some(name) = only.iter().find(|name| !all.iter().any(|claim| fits(claim, name))) {
        let known: Vec<&str> = NODES.iter().map(|node| node.name).collect();
        return Err(unknown("reference node or workload", name, &known, "--twins-only"));
    }
    all.retain(|claim| only.is_empty() || only.iter().any(|name| fits(claim, name)));
    Ok(all)
}
