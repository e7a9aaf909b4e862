//! Workloads with their rates, as tests write them.

use std::sync::Arc;

use glomers_sim::{Rate, Workload};
use glomers_workload::{Broadcast, Echo, GCounter, GSet, Kafka, LinKv, PnCounter, UniqueIds};

/// Makes the workload of a run, for any number of runs.
pub(crate) type MakeWorkload = Arc<dyn Fn() -> Box<dyn Workload> + Send + Sync>;

/// A workload and how often its operations begin.
pub struct Load {
    pub(crate) source: Source,
    pub(crate) rate: Rate,
}

/// Where the workload comes from.
pub(crate) enum Source {
    /// It is there, for one run.
    One(Box<dyn Workload>),
    /// It is made anew for each run.
    Each(MakeWorkload),
}

impl Load {
    /// The workload of one run.
    pub(crate) fn into_workload(self) -> Box<dyn Workload> {
        match self.source {
            Source::One(workload) => workload,
            Source::Each(make) => make(),
        }
    }
}

/// Gives a standard workload a rate: `Broadcast::rate(100.0)`.
///
/// A set that grows, on three nodes:
///
/// ```
/// use glomers_testing::*;
///
/// let run = Simulation::seed(1).nodes(3, glomers_nodes::g_set::node);
/// run.workload(GSet::rate(50.0)).run_for(5 * S).assert_valid();
/// ```
///
/// Counters: [`GCounter`] only adds, [`PnCounter`] also takes away:
///
/// ```
/// use glomers_testing::*;
///
/// let run = Simulation::seed(1).nodes(3, glomers_nodes::counter::crdt::node);
/// run.workload(PnCounter::rate(50.0)).run_for(5 * S).assert_valid();
/// let run = Simulation::seed(1).nodes(3, glomers_nodes::counter::seq_kv::node);
/// run.workload(GCounter::rate(50.0)).run_for(5 * S).assert_valid();
/// ```
///
/// Logs by key:
///
/// ```
/// use glomers_testing::*;
///
/// let run = Simulation::seed(1).nodes(1, glomers_nodes::kafka::single::node);
/// run.workload(Kafka::rate(100.0)).run_for(5 * S).assert_valid();
/// ```
///
/// Linearizable registers, which need an even number of clients per node:
///
/// ```
/// use glomers_testing::*;
///
/// let run = Simulation::seed(1).nodes(3, glomers_nodes::lin_kv_proxy::node);
/// run.clients_per_node(2).workload(LinKv::rate(50.0)).run_for(5 * S).assert_valid();
/// ```
pub trait Rated: Workload + Default + Sized + 'static {
    /// The workload with this many operations a second, of all clients together.
    fn rate(per_second: f64) -> Load {
        Load::each(Self::default, per_second)
    }
}

impl Rated for Broadcast {}
impl Rated for Echo {}
impl Rated for UniqueIds {}
impl Rated for GSet {}
impl Rated for GCounter {}
impl Rated for PnCounter {}
impl Rated for LinKv {}
impl Rated for Kafka {}

impl Load {
    /// Any workload with so many operations a second, of all clients together. It serves
    /// one run: where there are many, [`Load::each`] makes one for each.
    pub fn new(workload: impl Workload + 'static, per_second: f64) -> Load {
        let source = Source::One(Box::new(workload));
        Load { source, rate: Rate::PerSecond(per_second) }
    }

    /// As [`Load::new`], with a workload that is made anew for each run.
    pub fn each<W: Workload + 'static>(
        make: impl Fn() -> W + Send + Sync + 'static,
        per_second: f64,
    ) -> Load {
        let source = Source::Each(Arc::new(move || Box::new(make())));
        Load { source, rate: Rate::PerSecond(per_second) }
    }

    /// Any workload, each client beginning an operation as soon as its last has
    /// ended.
    pub fn max(workload: impl Workload + 'static) -> Load {
        Load { source: Source::One(Box::new(workload)), rate: Rate::Max }
    }
}
