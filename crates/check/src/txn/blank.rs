//! Reads that never return anything: whether what is written is kept cannot be seen.

use glomers_history::{History, OpKind, Value};

/// So many reads and writes say something.
const ENOUGH: u64 = 20;

/// Says that no read returned a value though much was written, if that is so: a node that
/// keeps nothing answers just so, and no model of few demands forbids it.
pub(super) fn note(history: &History) -> Option<String> {
    let (mut reads, mut writes) = (0, 0);
    for op in history.ops().iter().filter(|op| op.kind == OpKind::Ok && op.process.is_client()) {
        for part in op.value.as_list()?.iter() {
            let part = part.as_list()?;
            match part.get(0).and_then(|f| f.as_str().map(str::to_owned)).as_deref() {
                Some("r") => match part.get(2) {
                    None | Some(Value::Null) => reads += 1,
                    Some(Value::List(list)) if list.is_empty() => reads += 1,
                    Some(_) => return None,
                },
                Some(_) => writes += 1,
                None => return None,
            }
        }
    }
    (reads >= ENOUGH && writes >= ENOUGH).then(|| {
        format!(
            "None of {reads} reads returned a value, though {writes} writes were acknowledged: a \
             cluster that keeps nothing would pass as well."
        )
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn noted(read: &str) -> Option<String> {
        let mut text = String::new();
        for value in 0..20 {
            let _ = writeln!(
                text,
                "{{:process 0 :type :invoke :f :txn :value [[:w 1 {value}] [:r 1 nil]]}}"
            );
            let _ = writeln!(
                text,
                "{{:process 0 :type :ok :f :txn :value [[:w 1 {value}] [:r 2 {read}]]}}"
            );
        }
        note(&glomers_history::read(text.as_bytes()).unwrap())
    }

    #[test]
    fn a_cluster_that_keeps_nothing_is_noted() {
        assert!(noted("nil").unwrap().starts_with("None of 20 reads"));
        assert!(noted("[]").is_some());
        assert_eq!(noted("3"), None);
        assert_eq!(noted("[3]"), None);
    }
}
