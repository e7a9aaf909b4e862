//! How many files may be open: nodes have three pipes each.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::BenchError;

/// Pipes of a node that stay open here.
const PIPES: u64 = 3;
/// What is open for a moment while a node starts, and what Glomers has open for
/// itself: the store, the poll, the terminal.
const SPARE: u64 = 64;

/// Makes sure that so many nodes can have their pipes. The limit is raised only
/// if it must be and only as far as needed, because nodes inherit it and there
/// are programs that suffer from a high one.
pub(crate) fn allow_open_files(nodes: usize) -> Result<(), BenchError> {
    let limit = getrlimit(Resource::Nofile);
    let Some(needed) = raised(nodes, open_now(), limit.current, limit.maximum)? else {
        return Ok(());
    };
    let raised = Rlimit { current: Some(needed), maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).map_err(|error| {
        BenchError::system("cannot raise the limit of open files (ulimit -n)")(error.into())
    })
}

/// What the soft limit must become; `None`: it is high enough.
fn raised(
    nodes: usize,
    open: u64,
    soft: Option<u64>,
    hard: Option<u64>,
) -> Result<Option<u64>, BenchError> {
    let needed = open + nodes as u64 * PIPES + SPARE;
    if soft.is_none_or(|soft| soft >= needed) {
        return Ok(None);
    }
    match hard {
        Some(allowed) if allowed < needed => Err(BenchError::OpenFiles { nodes, needed, allowed }),
        _ => Ok(Some(needed)),
    }
}

fn open_now() -> u64 {
    // The listing holds one descriptor itself, which errs on the safe side.
    std::fs::read_dir("/dev/fd").map_or(16, |entries| entries.count() as u64)
}

#[cfg(test)]
mod tests {
    use super::raised;

    #[test]
    fn the_limit_is_raised_as_far_as_needed() {
        assert_eq!(raised(100, 10, Some(1024), Some(1024)).unwrap(), None);
        assert_eq!(raised(1000, 10, Some(1024), Some(4096)).unwrap(), Some(3074));
        assert_eq!(raised(1000, 10, Some(1024), None).unwrap(), Some(3074));
        let refused = raised(2000, 10, Some(1024), Some(4096)).unwrap_err();
        assert!(refused.is_usage() && refused.to_string().contains("ulimit -n 6074"));
    }
}
