//! Every broken node of the gallery is found out, its twin accepted.
//! `GLOMERS_SEEDS=100` tries that many seeds instead of a few; `GLOMERS_ONLY=NAME`
//! only what begins so. `glomers gallery` does the same with a table.

use std::sync::atomic::{AtomicUsize, Ordering};

use glomers_broken_nodes::entries;
use glomers_nodes::NODES;
use glomers_trials::gallery::{
    Accepted, Case, Caught, Claim, Nodes, cases, claims, guide, try_broken, try_twin,
};

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

fn judge(case: &Case) -> Option<String> {
    let (mut caught, mut accepted) = (Caught::default(), Accepted::default());
    for seed in seeds(2) {
        caught.add(&try_broken(case, seed, Nodes::Embedded).unwrap(), case.finding);
        accepted.add(&try_twin(case, seed, Nodes::Embedded).unwrap());
    }
    let wrong = format!(
        "{}: {} of {} caught, without: {:?}; its twin {}: {} accepted, without: {:?}",
        case.name,
        caught.caught,
        caught.seeds,
        caught.missed,
        case.twin,
        accepted.accepted,
        accepted.refused
    );
    (!caught.is_enough() || !accepted.is_all()).then_some(wrong)
}

#[test]
fn every_broken_node_is_found_out_and_its_twin_is_accepted() {
    let chosen: Vec<&Case> = cases().filter(|case| is_chosen(case.name)).collect();
    let wrong = all(&chosen, |case| judge(case));
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), chosen.len(), wrong.join("\n"));
}

#[test]
fn reference_nodes_survive_what_they_claim_to() {
    let chosen: Vec<Claim> = claims().into_iter().filter(|claim| is_chosen(claim.node)).collect();
    let wrong = all(&chosen, |claim| {
        let mut accepted = Accepted::default();
        for seed in seeds(1) {
            accepted.add(&claim.attempt(seed, Nodes::Embedded).unwrap());
        }
        (!accepted.is_all()).then(|| format!("{claim:?}: {accepted:?}"))
    });
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), chosen.len(), wrong.join("\n"));
}

#[test]
fn each_broken_node_has_its_case() {
    let names: Vec<&str> = entries().map(|entry| entry.name).collect();
    let tried: Vec<&str> = cases().map(|case| case.name).collect();
    assert_eq!(tried, names);
    for case in cases() {
        let entry = case.entry();
        let twin = NODES.iter().find(|node| node.name == case.twin);
        let twin = twin.unwrap_or_else(|| panic!("{}: no twin {}", case.name, case.twin));
        let fits = twin.workload == entry.workload
            || (twin.workload, entry.workload) == ("g-counter", "pn-counter");
        assert!(fits, "{}: {} is for {}", entry.name, case.twin, twin.workload);
        assert!(entry.wrong.ends_with('.') && !entry.shows.is_empty(), "{}", entry.name);
        assert!((1..=case.under.nodes).contains(&entry.nodes), "{}", entry.name);
        let same = entries().filter(|other| other.name == entry.name).count();
        assert_eq!(same, 1, "{}", entry.name);
    }
    for workload in glomers_workload::NAMES {
        let count = entries().filter(|entry| entry.workload == workload).count();
        assert!(count >= 3, "{workload} has {count}");
    }
}

/// `GLOMERS_UPDATE=1` writes it.
#[test]
fn the_guide_is_the_generated_one() {
    let path = format!("{}/../../docs/src/gallery.md", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("GLOMERS_UPDATE").is_some() {
        std::fs::write(&path, guide()).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(found == guide(), "{path} is not what GLOMERS_UPDATE=1 makes");
}
