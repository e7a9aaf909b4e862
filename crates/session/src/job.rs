//! One run on its way, and what its tracer says.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use glomers_history::Observer;
use glomers_sim::{Engine, Workload};

/// Where nodes that are processes may keep data.
#[cfg(feature = "processes")]
pub(crate) const NODE_DATA: &str = "node-data";

/// One run on its way: what it needs beside Plan and session.
pub(crate) struct Job<'a> {
    pub(crate) workload: &'a mut dyn Workload,
    pub(crate) observer: &'a mut dyn Observer,
    /// Whether going on would be in vain.
    pub(crate) has_failed: &'a Cell<bool>,
    /// Where the run is stored: processes keep data there.
    #[cfg_attr(not(feature = "processes"), expect(dead_code, reason = "processes need it"))]
    pub(crate) directory: Option<&'a Path>,
    /// Who is told how far the run is, in real time.
    #[cfg_attr(not(feature = "processes"), expect(dead_code, reason = "processes need it"))]
    pub(crate) progress: &'a dyn Fn(&Engine<'_>),
}

/// What the tracer says of its nodes.
#[derive(Debug, Clone, Default)]
pub struct Traced {
    /// Whether another run on this machine is the same, byte for byte.
    pub is_exact: bool,
    /// What happened that is worth a word.
    pub notes: Vec<String>,
    /// How often a thread was stopped, in all.
    pub stops: u64,
    /// The files whose code ran.
    pub files: Vec<PathBuf>,
}
