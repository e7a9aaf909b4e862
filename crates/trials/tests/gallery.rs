//! Every broken node of the gallery is found out, its twin accepted.
//! `GLOMERS_SEEDS=100` tries that many seeds instead of a few; `GLOMERS_ONLY=NAME`
//! only what begins so. `glomers gallery` does the same with a table.

use std::sync::atomic::{AtomicUsize, Ordering};

use glomers_broken_nodes::{ENTRIES, Entry};
use glomers_nodes::NODES;
use glomers_trials::gallery::{Accepted, Caught, Claim, claims, in_words, try_broken, try_twin};

fn seeds(few: u64) -> std::ops::Range<u64> {
    let number = std::env::var("GLOMERS_SEEDS");
    0..number.map_or(few, |text| text.parse().expect("GLOMERS_SEEDS is a number"))
}

/// Does this with each, on two threads; gives what went wrong.
fn all<T: Sync>(list: &[T], check: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = Vec::new();
        while let Some(one) = list.get(next.fetch_add(1, Ordering::Relaxed)) {
            wrong.extend(check(one));
        }
        wrong
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut wrong = work();
        wrong.extend(other.join().expect("nothing panics"));
        wrong
    })
}

fn is_chosen(name: &str) -> bool {
    std::env::var("GLOMERS_ONLY").map_or(true, |only| name.starts_with(&only))
}

fn judge(entry: &Entry) -> Option<String> {
    let (mut caught, mut accepted) = (Caught::default(), Accepted::default());
    for seed in seeds(2) {
        caught.add(&try_broken(entry, seed).unwrap(), entry.finding);
        accepted.add(&try_twin(entry, seed).unwrap());
    }
    let wrong = format!(
        "{}: {} of {} caught, without: {:?}; its twin {}: {} accepted, without: {:?}",
        entry.name,
        caught.caught,
        caught.seeds,
        caught.missed,
        entry.twin,
        accepted.accepted,
        accepted.refused
    );
    (!caught.is_enough() || !accepted.is_all()).then_some(wrong)
}

#[test]
fn every_broken_node_is_found_out_and_its_twin_is_accepted() {
    let chosen: Vec<&Entry> = ENTRIES.iter().filter(|entry| is_chosen(entry.name)).collect();
    let wrong = all(&chosen, |entry| judge(entry));
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), chosen.len(), wrong.join("\n"));
}

#[test]
fn reference_nodes_survive_what_they_claim_to() {
    let chosen: Vec<Claim> = claims().into_iter().filter(|claim| is_chosen(claim.node)).collect();
    let wrong = all(&chosen, |claim| {
        let mut accepted = Accepted::default();
        for seed in seeds(1) {
            accepted.add(&claim.attempt(seed).unwrap());
        }
        (!accepted.is_all()).then(|| format!("{claim:?}: {accepted:?}"))
    });
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), chosen.len(), wrong.join("\n"));
}

#[test]
fn the_registry_is_whole() {
    for entry in &ENTRIES {
        let twin = NODES.iter().find(|node| node.name == entry.twin);
        let twin = twin.unwrap_or_else(|| panic!("{}: no twin {}", entry.name, entry.twin));
        let fits = twin.workload == entry.workload
            || (twin.workload, entry.workload) == ("g-counter", "pn-counter");
        assert!(fits, "{}: {} is for {}", entry.name, entry.twin, twin.workload);
        assert!(entry.wrong.ends_with('.') && !entry.minimal.is_empty(), "{}", entry.name);
        let same = ENTRIES.iter().filter(|other| other.name == entry.name).count();
        assert_eq!(same, 1, "{}", entry.name);
    }
    for workload in glomers_workload::NAMES {
        let count = ENTRIES.iter().filter(|entry| entry.workload == workload).count();
        assert!(count >= 3, "{workload} has {count}");
    }
}

/// The guide's table has a row for each, and says what the registry says.
#[test]
fn the_guide_shows_all() {
    let path = format!("{}/../../docs/src/gallery.md", env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_to_string(&path).unwrap();
    let row = |entry: &Entry| {
        format!(
            "| `{}` | {} | `{}` | {} | {} | `{}` |\n",
            entry.name,
            entry.wrong,
            entry.finding,
            in_words(&entry.under),
            entry.minimal,
            entry.twin
        )
    };
    let missing: String = ENTRIES.iter().map(row).filter(|row| !guide.contains(row)).collect();
    assert!(missing.is_empty(), "{path} lacks these rows:\n{missing}");
    let rows = guide.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, ENTRIES.len(), "{path} has rows of nodes that are no more");
}
