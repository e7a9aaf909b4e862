use glomers_sim::{Rate, Workload};
use glomers_workload::{Broadcast, Echo, UniqueIds};

/// A workload and how often its operations begin.
pub struct Load {
    pub(crate) workload: Box<dyn Workload>,
    pub(crate) rate: Rate,
}

/// Gives a standard workload a rate: `Broadcast::rate(100.0)`.
pub trait Rated: Workload + Default + Sized + 'static {
    /// The workload with this many operations a second, of all clients together.
    fn rate(per_second: f64) -> Load {
        Load::new(Self::default(), per_second)
    }
}

impl Rated for Broadcast {}
impl Rated for Echo {}
impl Rated for UniqueIds {}

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
