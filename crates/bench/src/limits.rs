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
    let needed = open_now() + nodes as u64 * PIPES + SPARE;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    if let Some(allowed) = limit.maximum
        && allowed < needed
    {
        return Err(BenchError::OpenFiles {
            nodes,
            needed,
            allowed,
        });
    }
    let raised = Rlimit {
        current: Some(needed),
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).map_err(|error| {
        BenchError::system("cannot raise the limit of open files (ulimit -n)")(error.into())
    })
}

fn open_now() -> u64 {
    // The listing holds one descriptor itself, which errs on the safe side.
    std::fs::read_dir("/dev/fd").map_or(16, |entries| entries.count() as u64)
}
