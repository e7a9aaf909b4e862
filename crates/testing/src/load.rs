//! Workloads with their rates, as tests write them.

use glomers_sim::{Rate, Workload};
use glomers_workload::{Broadcast, Echo, GCounter, GSet, Kafka, LinKv, PnCounter, UniqueIds};

/// A workload and how often its operations begin.
pub struct Load {
    pub(crate) workload: Box<dyn Workload>,
    pub(crate) rate: Rate,
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
        Load::new(Self::default(), per_second)
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
    /// Any workload with so many operations a second, of all clients together.
    pub fn new(workload: impl Workload + 'static, per_second: f64) -> Load {
        Load { workload: Box::new(workload), rate: Rate::PerSecond(per_second) }
    }

    /// Any workload, each client beginning an operation as soon as its last has
    /// ended.
    pub fn max(workload: impl Workload + 'static) -> Load {
        Load { workload: Box::new(workload), rate: Rate::Max }
    }
}
