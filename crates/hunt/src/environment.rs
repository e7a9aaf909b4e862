//! Which shard this is, as the engine says that started it.

use crate::seeds::Shard;

/// A way in which engines say it: the index, its least value, how many there are.
struct Way {
    engine: &'static str,
    index: &'static str,
    least: Least,
    count: Option<&'static str>,
}

/// What the first index is.
enum Least {
    Is(u64),
    /// Another variable says.
    In(&'static str),
}

const WAYS: [Way; 4] = [
    Way {
        engine: "a Slurm array",
        index: "SLURM_ARRAY_TASK_ID",
        least: Least::In("SLURM_ARRAY_TASK_MIN"),
        count: Some("SLURM_ARRAY_TASK_COUNT"),
    },
    Way {
        engine: "an Indexed Job of Kubernetes",
        index: "JOB_COMPLETION_INDEX",
        least: Least::Is(0),
        count: None,
    },
    Way {
        engine: "a parallel job of a CI system",
        index: "CI_NODE_INDEX",
        least: Least::Is(1),
        count: Some("CI_NODE_TOTAL"),
    },
    Way {
        engine: "a sharded test",
        index: "TEST_SHARD_INDEX",
        least: Least::Is(0),
        count: Some("TEST_TOTAL_SHARDS"),
    },
];

/// The shard that the environment names, and a sentence that says how. `shards` is what
/// `--shards` says.
///
/// # Errors
/// If two engines name one, or one says half of what is needed; says what to do.
pub fn shard(
    variable: &dyn Fn(&str) -> Option<String>,
    shards: Option<u64>,
) -> Result<Option<(Shard, String)>, String> {
    let named: Vec<&Way> =
        WAYS.iter().filter(|way| variable(way.index).is_some_and(|v| !v.is_empty())).collect();
    let way = match *named {
        [] => {
            return match shards {
                None => Ok(None),
                Some(of) => Err(format!(
                    "--shards {of} says how many there are, but not which one this is: say \
                     --shard 1/{of}, or set JOB_COMPLETION_INDEX"
                )),
            };
        }
        [way] => way,
        [a, b, ..] => {
            return Err(format!(
                "{} and {} both say which shard this is; say it with --shard, as in --shard 3/8",
                a.index, b.index
            ));
        }
    };
    let number = |name: &str| -> Result<u64, String> {
        let text = variable(name).ok_or_else(|| {
            format!("{} is set, but {name} is not: say which shard this is with --shard", way.index)
        })?;
        text.trim().parse().map_err(|_| format!("{name} is {text:?}, which is no number"))
    };
    let index = number(way.index)?;
    let least = match way.least {
        Least::Is(least) => least,
        Least::In(name) => number(name)?,
    };
    let of = match (way.count, shards) {
        (Some(count), None) => number(count)?,
        (Some(count), Some(of)) if number(count)? == of => of,
        (Some(count), Some(of)) => {
            return Err(format!("--shards is {of}, but {count} is {}", number(count)?));
        }
        (None, Some(of)) => of,
        (None, None) => {
            return Err(format!(
                "{} says which shard this is, but not of how many: add --shards N",
                way.index
            ));
        }
    };
    let number = index.checked_sub(least).map(|place| place + 1);
    let number =
        number.ok_or_else(|| format!("{} is {index}, below the first, {least}", way.index))?;
    let shard = Shard { number, of }.checked()?;
    Ok(Some((shard, format!("{} ({} = {index})", way.engine, way.index))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(set: &[(&str, &str)], shards: Option<u64>) -> Result<Option<Shard>, String> {
        let variable = |name: &str| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        shard(&variable, shards).map(|found| found.map(|(shard, _)| shard))
    }

    #[test]
    fn every_engine_counts_in_its_own_way() {
        let third = Ok(Some(Shard { number: 3, of: 8 }));
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "12"),
            ("SLURM_ARRAY_TASK_MIN", "10"),
            ("SLURM_ARRAY_TASK_COUNT", "8"),
        ];
        assert_eq!(of(&slurm, None), third);
        assert_eq!(of(&[("JOB_COMPLETION_INDEX", "2")], Some(8)), third);
        assert_eq!(of(&[("CI_NODE_INDEX", "3"), ("CI_NODE_TOTAL", "8")], None), third);
        assert_eq!(of(&[("TEST_SHARD_INDEX", "2"), ("TEST_TOTAL_SHARDS", "8")], None), third);
        assert_eq!(of(&[], None), Ok(None));
    }

    #[test]
    fn what_is_ambiguous_or_half_said_is_refused() {
        let both = [("CI_NODE_INDEX", "3"), ("CI_NODE_TOTAL", "8"), ("JOB_COMPLETION_INDEX", "2")];
        assert!(of(&both, Some(8)).unwrap_err().contains("both say"));
        assert!(of(&[("JOB_COMPLETION_INDEX", "2")], None).unwrap_err().contains("--shards"));
        assert!(of(&[("CI_NODE_INDEX", "3")], None).unwrap_err().contains("CI_NODE_TOTAL"));
        assert!(of(&[("JOB_COMPLETION_INDEX", "8")], Some(8)).unwrap_err().contains("from 1 to 8"));
        assert!(of(&[], Some(8)).unwrap_err().contains("--shard 1/8"));
    }
}
