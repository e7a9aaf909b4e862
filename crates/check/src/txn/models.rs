//! Consistency models and anomalies, and what follows from what: the lattice that
//! Elle has.

use std::collections::BTreeSet;

use super::lattice::{ALIASES, FRIENDLY, IMPLIED, IMPLIES_MODEL, PROSCRIBED};

/// A set of names of models or of anomalies.
pub(super) type Names = BTreeSet<&'static str>;

/// Anomalies that leave the verdict open, as Elle has them.
pub(super) const UNKNOWN: [&str; 2] = ["cycle-search-timeout", "empty-transaction-graph"];

/// All that can be reached from some names by the rows of a table.
fn closure(
    start: impl IntoIterator<Item = &'static str>,
    next: impl Fn(&str) -> Vec<&'static str>,
) -> Names {
    let mut found = Names::new();
    let mut open: Vec<&'static str> = start.into_iter().collect();
    while let Some(name) = open.pop() {
        if found.insert(name) {
            open.extend(next(name));
        }
    }
    found
}

type Table = [(&'static str, &'static [&'static str])];

fn forward(table: &'static Table, name: &str) -> Vec<&'static str> {
    let row = table.iter().filter(|(from, _)| *from == name);
    row.flat_map(|(_, to)| to.iter().copied()).collect()
}

fn backward(table: &'static Table, name: &str) -> Vec<&'static str> {
    table.iter().filter(|(_, to)| to.contains(&name)).map(|(from, _)| *from).collect()
}

/// These anomalies and all that they imply.
pub(super) fn implied(anomalies: impl IntoIterator<Item = &'static str>) -> Names {
    closure(anomalies, |name| forward(IMPLIED, name))
}

/// These models and all that are weaker.
pub(super) fn weaker(models: impl IntoIterator<Item = &'static str>) -> Names {
    closure(models, |name| forward(IMPLIES_MODEL, name))
}

/// These models and all that are stronger.
pub(super) fn stronger(models: impl IntoIterator<Item = &'static str>) -> Names {
    closure(models, |name| backward(IMPLIES_MODEL, name))
}

/// The anomalies that may not be if these models are to hold.
pub(super) fn prohibited(models: impl IntoIterator<Item = &'static str>) -> Names {
    let direct: Vec<&str> =
        weaker(models).into_iter().flat_map(|model| forward(PROSCRIBED, model)).collect();
    closure(direct, |name| backward(IMPLIED, name))
}

/// The models that cannot hold where these anomalies are.
pub(super) fn refuted(anomalies: impl IntoIterator<Item = &'static str>) -> Names {
    let direct: Vec<&str> =
        implied(anomalies).into_iter().flat_map(|name| backward(PROSCRIBED, name)).collect();
    stronger(direct)
}

/// The weakest of some models: those that no other of them is weaker than.
pub(super) fn weakest(models: &Names) -> Names {
    let has_weaker = |&&model: &&&'static str| {
        weaker([model]).into_iter().any(|other| other != model && models.contains(other))
    };
    models.iter().filter(|model| !has_weaker(model)).copied().collect()
}

/// What Elle calls a model when it talks to people.
pub(super) fn friendly(model: &'static str) -> &'static str {
    FRIENDLY.iter().find(|(name, _)| *name == model).map_or(model, |(_, friendly)| friendly)
}

/// The model of a name, however it is spelled.
pub(super) fn find(spelling: &str) -> Option<&'static str> {
    let plain = plain(spelling);
    let alias = ALIASES.iter().find(|(name, _)| self::plain(name) == plain);
    let canonical = alias.map(|(_, model)| *model);
    canonical.or_else(|| all().into_iter().find(|name| self::plain(name) == plain))
}

/// A name without what people leave out or write differently.
pub(super) fn plain(name: &str) -> String {
    let name = name.trim().trim_start_matches(':').to_ascii_lowercase();
    name.replace(['_', ' '], "-")
}

/// The canonical names of all models.
pub(super) fn all() -> Names {
    let rows = IMPLIES_MODEL.iter();
    rows.flat_map(|(model, weaker)| weaker.iter().copied().chain([*model])).collect()
}

/// All names that a model may be given by.
pub(super) fn spellings() -> Names {
    all().into_iter().chain(ALIASES.iter().map(|(name, _)| *name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<const N: usize>(names: [&'static str; N]) -> Names {
        names.into_iter().collect()
    }

    #[test]
    fn what_write_cycles_refute_is_what_elle_says() {
        let refuted = refuted(["G-single-item", "G0", "incompatible-order", "lost-update"]);
        let weakest = weakest(&refuted);
        assert_eq!(weakest, names(["PL-1"]));
        let rest: Names = refuted.difference(&weakest).map(|model| friendly(model)).collect();
        let expected = names([
            "causal-cerone",
            "consistent-view",
            "cursor-stability",
            "forward-consistent-view",
            "monotonic-atomic-view",
            "monotonic-snapshot-read",
            "monotonic-view",
            "parallel-snapshot-isolation",
            "prefix",
            "read-atomic",
            "read-committed",
            "repeatable-read",
            "serializable",
            "snapshot-isolation",
            "strong-read-committed",
            "strong-read-uncommitted",
            "strong-serializable",
            "strong-session-read-committed",
            "strong-session-read-uncommitted",
            "strong-session-serializable",
            "strong-session-snapshot-isolation",
            "strong-snapshot-isolation",
            "update-atomic",
            "update-serializable",
        ]);
        assert_eq!(rest, expected);
    }

    #[test]
    fn weakest_refuted_models() {
        let of = |anomaly| {
            let refuted = refuted([anomaly]);
            weakest(&refuted).into_iter().map(friendly).collect::<Names>()
        };
        assert_eq!(of("G1c"), names(["read-committed"]));
        assert_eq!(of("G1a"), names(["read-committed"]));
        assert_eq!(of("internal"), names(["read-atomic"]));
        assert_eq!(of("G-single-item"), names(["consistent-view", "repeatable-read"]));
        assert_eq!(of("G2-item"), names(["repeatable-read"]));
        assert_eq!(of("lost-update"), names(["cursor-stability", "update-atomic"]));
        assert_eq!(of("G-nonadjacent-item"), names(["repeatable-read", "snapshot-isolation"]));
        assert_eq!(of("G2-item-realtime"), names(["strong-serializable"]));
        assert_eq!(of("G0-realtime"), names(["strong-read-uncommitted"]));
        assert_eq!(of("G-single-item-process"), names(["strong-session-snapshot-isolation"]));
        assert_eq!(of("empty-transaction-graph"), names([]));
    }

    #[test]
    fn every_rung_leads_down_only() {
        for model in all() {
            let below = weaker([model]);
            for other in below.iter().filter(|&&other| other != model) {
                assert!(!weaker([*other]).contains(model), "{model} and {other} are one");
            }
        }
        assert!(prohibited(["PL-SS"]).contains("G-single-item-realtime"));
        assert!(!prohibited(["PL-2"]).contains("G-single-item"));
        assert!(prohibited(["PL-2"]).contains("G0"));
        assert!(!prohibited(["PL-3"]).contains("G0-process"));
    }

    #[test]
    fn models_are_found_by_any_spelling() {
        for (text, model) in [
            ("strict-serializable", "PL-SS"),
            (":strong-serializable", "PL-SS"),
            ("PL-SS", "PL-SS"),
            ("pl-2.99", "PL-2.99"),
            ("Read_Committed", "PL-2"),
            (" snapshot isolation ", "PL-SI"),
            ("ROLA", "update-atomic"),
            ("causal", "causal"),
            ("1SR", "1SR"),
        ] {
            assert_eq!(find(text), Some(model), "{text}");
        }
        assert_eq!(find("serialisable"), None);
    }
}
