//! Which models a history is to satisfy.

use std::fmt;
use std::str::FromStr;

use super::graph::Order;
use super::models::{self, Names};
use crate::spelling::nearest;

/// Consistency models, as Elle names them: `strict-serializable`, `read-committed`,
/// `PL-2`. A history must satisfy all of them.
///
/// They are read from text with commas between, with or without spaces, by any name
/// that Elle takes, with or without a colon, in capitals or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyModels {
    models: Vec<&'static str>,
    prohibited: Names,
    implied: Names,
    order: Order,
}

/// A model that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownModel {
    name: String,
}

impl UnknownModel {
    /// The name that nobody knows.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names that there are.
    pub fn known() -> impl Iterator<Item = &'static str> {
        models::spellings().into_iter()
    }
}

impl fmt::Display for UnknownModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            return f.write_str("a consistency model has no name");
        }
        write!(f, "there is no consistency model {:?}", self.name)?;
        let known: Vec<&str> = UnknownModel::known().collect();
        match nearest(&models::plain(&self.name), &known) {
            Some(near) => write!(f, "; did you mean {near:?}?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnknownModel {}

impl FromStr for ConsistencyModels {
    type Err = UnknownModel;

    fn from_str(text: &str) -> Result<ConsistencyModels, UnknownModel> {
        let names = text.split(',');
        let found = names.map(|name| {
            models::find(name).ok_or_else(|| UnknownModel { name: name.trim().to_owned() })
        });
        let mut models = found.collect::<Result<Vec<&'static str>, UnknownModel>>()?;
        models.dedup();
        Ok(ConsistencyModels::of(models))
    }
}

impl Default for ConsistencyModels {
    /// Strict serializability, as Maelstrom has it.
    fn default() -> ConsistencyModels {
        ConsistencyModels::of(vec!["PL-SS"])
    }
}

impl fmt::Display for ConsistencyModels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.models.iter().map(|model| models::friendly(model)).collect();
        f.write_str(&names.join(", "))
    }
}

impl ConsistencyModels {
    fn of(models: Vec<&'static str>) -> ConsistencyModels {
        let prohibited = models::prohibited(models.iter().copied());
        let implied = models::weaker(models.iter().copied());
        let order = order(&prohibited);
        ConsistencyModels { models, prohibited, implied, order }
    }

    /// The anomalies that may not be.
    pub(super) fn prohibited(&self) -> &Names {
        &self.prohibited
    }

    /// Whether only what was left behind may be read.
    pub(super) fn are_clean(&self) -> bool {
        ["G1a", "causal-cycle-exists"].iter().any(|name| self.prohibited.contains(name))
    }

    /// All models that these imply.
    pub(super) fn implied(&self) -> &Names {
        &self.implied
    }

    /// Which order counts.
    pub(super) fn order(&self) -> Order {
        self.order
    }
}

/// Which order counts where these anomalies may not be.
fn order(prohibited: &Names) -> Order {
    let of_cycles = ["G0", "G1c", "G-single-item", "G-nonadjacent-item", "G2-item"];
    let any = |suffix: &str| {
        let name = |name: &&str| format!("{name}-{suffix}");
        of_cycles.iter().any(|cycle| prohibited.contains(&*name(cycle)))
    };
    match (any("realtime"), any("process")) {
        (true, _) => Order::RealTime,
        (false, true) => Order::Session,
        (false, false) => Order::Free,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_with_commas_between() {
        let models = |text: &str| text.parse::<ConsistencyModels>().map(|models| models.models);
        assert_eq!(models("serializable"), Ok(vec!["PL-3"]));
        assert_eq!(models("read-committed,read-atomic"), Ok(vec!["PL-2", "read-atomic"]));
        assert_eq!(models(":read-committed , PL-SI"), Ok(vec!["PL-2", "PL-SI"]));
        let error = models("read-comitted").unwrap_err().to_string();
        let expected = "there is no consistency model \"read-comitted\"; did you mean \
                        \"read-committed\"?";
        assert_eq!(error, expected);
        let error = models("serializable,,").unwrap_err().to_string();
        assert_eq!(error, "a consistency model has no name");
    }

    #[test]
    fn which_order_counts() {
        let order = |text: &str| text.parse::<ConsistencyModels>().expect("a model").order();
        assert_eq!(order("strict-serializable"), Order::RealTime);
        assert_eq!(order("strong-session-serializable"), Order::Session);
        assert_eq!(order("serializable"), Order::Free);
        assert_eq!(order("strong-read-uncommitted"), Order::RealTime);
        assert_eq!(order("causal"), Order::Free);
    }
}
