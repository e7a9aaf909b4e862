//! Hunting: many Plans, drawn from families, until something is found.
//!
//! A [`Family`] is a distribution over Plans, as data. A [`Hunt`] draws the Plan of each
//! seed from families and weights, has a [`Lab`] run it, and keeps a [`Row`]. Runs whose
//! findings have one [`Signature`] are one [`Group`]. Nothing here knows processes, flags
//! or the terminal, and nothing depends on how many threads there are.

pub mod campaign;
mod delays;
mod draw;
pub mod environment;
pub mod family;
pub mod files;
mod groups;
#[cfg(feature = "tables")]
pub mod merge;
mod novelty;
mod row;
mod seeds;
pub mod shrink;
mod signature;
#[cfg(feature = "tables")]
pub mod table;
mod weights;

pub use campaign::{Hunt, Over, Tally};
pub use draw::{Base, Drawn, Fixed, draw};
pub use family::{Family, FamilyError};
pub use groups::{Group, Groups, Size};
pub use row::{Lab, Row, Run, Verdict, is_calm, is_liveness};
pub use seeds::{ROUND, Seeds, Shard};
pub use signature::Signature;
pub use weights::{FamilyTallies, Weights};
