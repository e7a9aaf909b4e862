//! Registers to which several transactions wrote one value that was read: whose it was is
//! found out together with the rest.

use glomers_history::Stop;

use super::analysis::Analysis;
use super::axiom::Axiom;
use super::cases::Case;
use super::complete::{axiom, level, of_registers, verdict};
use super::demand::ConsistencyModels;
use super::graph::Order;
use super::guess::Outcome;
use super::models::Names;
use super::search::{Found, Level, search};
use super::weak;

const CAUSAL: (Axiom, Order) = (Axiom::Causal, Order::Session);

impl Analysis<'_> {
    /// Looks for sources of what was read that the models allow; if all of them are
    /// decided so, there is no doubt any more.
    pub(super) fn find_sources(&mut self, models: &ConsistencyModels, budget: u64, stop: &Stop) {
        let demanded = models.implied();
        // Whether an order of all transactions explains all reads, if there is one.
        let is_clean = models.are_clean() && self.unclean().is_none();
        // What keeps to real time keeps to all there is, and most stores do.
        if is_clean
            && self.parsed.has_clear_time()
            && self.runs(Level::Serial, Order::RealTime, budget, stop)
        {
            self.doubt = None;
            return;
        }
        let level = level(demanded);
        let axiom = axiom(demanded);
        let mut holding = Names::new();
        let mut axioms: Vec<(Axiom, Order)> = Vec::new();
        if level.is_none() {
            let flow = self.ordered(["G1c-realtime", "G1c-process", "G1c"]);
            let writes = self.ordered(["G0-realtime", "G0-process", "G0"]);
            axioms.extend(writes.filter(|_| writes != flow).map(|order| (Axiom::Writes, order)));
            axioms.extend(flow.map(|order| (Axiom::Flow, order)));
            axioms.extend(axiom);
        } else if demanded.contains("causal") && self.order != Order::RealTime {
            axioms.extend(axiom);
        }
        for (axiom, order) in axioms {
            if let Some(case) = self.unclean().filter(|_| (axiom, order) == CAUSAL) {
                let (name, elle, _) = axiom.names(order);
                return self.more.add_as(name, elle, case);
            }
            let Some(ours) = self.registers() else { return };
            let (name, elle, model) = axiom.names(order);
            match weak::check(&self.parsed, ours, (axiom, order), budget, stop) {
                Outcome::Holds => holding.insert(model),
                Outcome::Open => return self.open = Some(model),
                Outcome::Broken(steps) => return self.more.add_as(name, elle, Case::Guess(steps)),
            };
        }
        if let Some(level) = level {
            let Some((joined, open)) = self.polygraph(level) else { return };
            let (name, elle, model) = verdict(level, self.order);
            match search(&joined, level, &open, budget, stop) {
                Found::Order => holding.insert(model),
                Found::Open => return self.open = Some(model),
                Found::NoOrder(proof) => {
                    return self.more.add_as(name, elle, Case::NoOrder { proof, model });
                }
            };
        }
        // Models that have no search of their own hold where a stronger one does.
        for level in [Level::Serial, Level::Snapshot] {
            if !super::models::weaker(holding.iter().copied()).is_superset(demanded)
                && is_clean
                && self.runs(level, self.order, budget, stop)
            {
                holding.insert(verdict(level, self.order).2);
            }
        }
        if super::models::weaker(holding).is_superset(demanded) {
            self.doubt = None;
        }
    }

    /// Which order counts where the first of these anomalies may not be that may not: by
    /// real time, by session, at all.
    fn ordered(&self, names: [&str; 3]) -> Option<Order> {
        let orders = [Order::RealTime, Order::Session, Order::Free];
        let mut pairs = names.into_iter().zip(orders);
        pairs.find(|(name, _)| self.prohibited.contains(name)).map(|(_, order)| order)
    }

    /// Whether an order of all transactions is found soon.
    fn runs(&self, level: Level, order: Order, budget: u64, stop: &Stop) -> bool {
        let Some(ours) = self.registers() else { return false };
        let open = of_registers(&self.parsed, ours);
        search(&self.in_order(order), level, &open, budget / 4, stop) == Found::Order
    }
}
