//! How many files may be open: too few are no fault of a node.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::WarpError;

/// What is open for a node: its pipes, its clock, its process, and a few more
/// processes that it may start.
const OF_A_NODE: u64 = 8;
/// What is open for a moment while a node starts, and what Glomers has open for
/// itself.
const SPARE: u64 = 64;

/// Makes sure that so many nodes can run. The limit is raised only if it must be and
/// only as far as needed, because nodes inherit it.
pub(crate) fn allow_open_files(nodes: usize) -> Result<(), WarpError> {
    let limit = getrlimit(Resource::Nofile);
    // The listing holds one descriptor itself, which errs on the safe side.
    let open = std::fs::read_dir("/proc/self/fd").map_or(16, |entries| entries.count() as u64);
    let Some(needed) = raised(nodes, open, limit.current, limit.maximum)? else {
        return Ok(());
    };
    let raised = Rlimit { current: Some(needed), maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).map_err(|error| {
        WarpError::System(format!("cannot raise the limit of open files (ulimit -n): {error}"))
    })
}

/// What the soft limit must become; `None`: it is high enough.
fn raised(
    nodes: usize,
    open: u64,
    soft: Option<u64>,
    hard: Option<u64>,
) -> Result<Option<u64>, WarpError> {
    let needed = open + nodes as u64 * OF_A_NODE + SPARE;
    if soft.is_none_or(|soft| soft >= needed) {
        return Ok(None);
    }
    match hard {
        Some(allowed) if allowed < needed => Err(WarpError::OpenFiles { nodes, needed, allowed }),
        _ => Ok(Some(needed)),
    }
}

#[cfg(test)]
mod tests {
    use super::raised;

    #[test]
    fn the_limit_is_raised_as_far_as_needed() {
        assert_eq!(raised(10, 10, Some(1024), Some(1024)), Ok(None));
        assert_eq!(raised(1000, 10, Some(1024), Some(10_000)), Ok(Some(8074)));
        assert_eq!(raised(1000, 10, Some(1024), None), Ok(Some(8074)));
        let refused = raised(1000, 10, Some(1024), Some(4096)).unwrap_err();
        assert!(refused.to_string().contains("ulimit -n 8074"), "{refused}");
    }
}
