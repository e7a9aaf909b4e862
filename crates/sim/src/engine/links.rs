//! What is in store for a message on its link: loss, latency, order, bandwidth.

use glomers_history::journal::DropReason;
use glomers_history::{MILLISECOND, Time};
use glomers_node::key::{mix, of_name};
use rustc_hash::FxHashMap;

use super::disturbances::{Disturbances, Touched};
use super::link_counts::LinkCounts;
use crate::bursts::{Bursts, State};
use crate::draws::{Draws, Purpose};
use crate::latency::{
    CORRELATION_WINDOW, Distribution, Latency, LatencyChange, LatencyStep, correlated,
};
use crate::plan::{LinkRule, MessageName, MessageOverride, OverrideAction, Plan};
use crate::services::SERVICES;

/// The largest cluster whose links have a table of what rules say about them.
const LARGEST_TABLE: usize = 256;

/// A message as its link sees it.
pub(super) struct Parcel {
    pub(super) src: u32,
    pub(super) dest: u32,
    /// Its key.
    pub(super) key: u64,
    /// How many messages its link has carried before.
    pub(super) of_all: u64,
    /// When it is sent.
    pub(super) now: Time,
    /// Its length as a line, in bytes; 0 if nothing depends on it.
    pub(super) bytes: u64,
}

/// What is in store for one message; the latency in ns.
pub(super) enum Fate {
    Arrives(u64),
    Lost(DropReason),
    Disturbed(Touched),
}

/// What the Plan says about links, and what they have carried.
pub(super) struct LinkTable {
    seed: u64,
    latency: Latency,
    /// How many thousandths of its time a message takes at present.
    times: u64,
    steps: Vec<LatencyStep>,
    correlation: f64,
    loss: f64,
    nodes: u32,
    /// The keys of the nodes' names.
    names: Vec<u64>,
    /// Whether the links of services are as those between nodes.
    has_services: bool,
    rules: Vec<LinkRule>,
    /// The last rules that fit for latency and loss, a row for each source; empty if there
    /// are no rules or too many nodes.
    ruled: Vec<(Option<Latency>, Option<f64>)>,
    overrides: Vec<MessageOverride>,
    /// Unless faults are on, all messages between nodes take the same time.
    is_plain: bool,
    order: Option<FxHashMap<(u32, u32), Time>>,
    bandwidth: Option<u64>,
    /// Until when a link with a bandwidth is at a message.
    busy: FxHashMap<(u32, u32), Time>,
    bursts: Option<Bursts>,
    states: FxHashMap<(u32, u32), State>,
    pub(super) counts: LinkCounts,
    pub(super) disturbances: Disturbances,
}

impl LinkTable {
    pub(super) fn new(plan: &Plan) -> LinkTable {
        let is_plain = plan.latency.distribution == Distribution::Constant
            && plan.loss <= 0.0
            && plan.links.is_empty()
            && plan.overrides.is_empty()
            && plan.latency_steps.is_empty()
            && !plan.in_order
            && plan.bandwidth.is_none()
            && plan.loss_bursts.is_none();
        let nodes = plan.nodes.len();
        let has_table = !plan.links.is_empty() && nodes <= LARGEST_TABLE;
        let pairs =
            (0..nodes as u32).flat_map(|src| (0..nodes as u32).map(move |dest| (src, dest)));
        let ruled = pairs.filter(|_| has_table).map(|(src, dest)| rule(&plan.links, src, dest));
        LinkTable {
            seed: plan.seed,
            latency: plan.latency,
            times: 1000,
            steps: plan.latency_steps.clone(),
            correlation: plan.latency_correlation,
            loss: plan.loss,
            nodes: nodes as u32,
            names: plan.nodes.iter().map(|name| of_name(name)).collect(),
            has_services: plan.fault_services,
            is_plain,
            ruled: ruled.collect(),
            rules: plan.links.clone(),
            overrides: plan.overrides.clone(),
            order: plan.in_order.then(FxHashMap::default),
            bandwidth: plan.bandwidth,
            busy: FxHashMap::default(),
            bursts: plan.loss_bursts,
            states: FxHashMap::default(),
            counts: LinkCounts::new(nodes),
            disturbances: Disturbances::default(),
        }
    }

    /// Whether the length of messages decides anything.
    pub(super) fn counts_bytes(&self) -> bool {
        self.bandwidth.is_some()
    }

    /// A step of the Plan's latencies is due.
    pub(super) fn take_step(&mut self, index: u32) {
        match self.steps.get(index as usize).map(|step| step.change) {
            Some(LatencyChange::To(latency)) => self.latency = latency,
            Some(LatencyChange::Times { thousandths }) => self.times = thousandths,
            None => {}
        }
    }

    /// As [`LinkTable::fate`], where one end is a service.
    pub(super) fn fate_of_service(&mut self, parcel: &Parcel) -> Fate {
        if self.has_services {
            return self.fate(parcel);
        }
        // Such links lose nothing.
        Fate::Arrives(self.time(self.latency, parcel))
    }

    /// The place of somebody on the network, from its number in the keys of links.
    fn place(&self, key: u32) -> u32 {
        match u32::MAX - key {
            service if service < SERVICES.len() as u32 => self.nodes + service,
            _ => key,
        }
    }

    /// What becomes of a message.
    #[inline]
    pub(super) fn fate(&mut self, parcel: &Parcel) -> Fate {
        if !self.is_plain || self.disturbances.are_on() {
            return self.drawn(parcel);
        }
        Fate::Arrives(self.latency.mean_ms * MILLISECOND)
    }

    /// What a message draws. Not inlined: most runs draw nothing, and `send` is shorter
    /// without it.
    #[inline(never)]
    fn drawn(&mut self, parcel: &Parcel) -> Fate {
        let &Parcel { src, dest, key, of_all, .. } = parcel;
        let exception = self.overrides.iter().find(|one| match one.message {
            MessageName::Nth { src: from, dest: to, count } => {
                (from, to, count) == (src, dest, of_all)
            }
            MessageName::Key(other) => other == key,
        });
        match exception.map(|one| one.action) {
            Some(OverrideAction::Drop) => return Fate::Lost(DropReason::Override),
            Some(OverrideAction::Delay(nanos)) => return Fate::Arrives(nanos),
            Some(OverrideAction::Double(nanos)) => return self.by_chance(parcel).doubled(nanos),
            None => {}
        }
        self.by_chance(parcel)
    }

    /// What becomes of a message that the Plan does not name.
    fn by_chance(&mut self, parcel: &Parcel) -> Fate {
        let &Parcel { src, dest, key, .. } = parcel;
        // Services have no row.
        let is_ruled = !self.ruled.is_empty() && src < self.nodes && dest < self.nodes;
        let (latency, loss) = match is_ruled {
            true => self.ruled[src as usize * self.nodes as usize + dest as usize],
            false => rule(&self.rules, src, dest),
        };
        let (latency, loss) = (latency.unwrap_or(self.latency), loss.unwrap_or(self.loss));
        let seed = self.seed;
        let draws = |purpose, fault: u32| Draws::keyed(seed, purpose, key, u64::from(fault), 0);
        if loss > 0.0 && draws(Purpose::Loss, 0).unit() < loss {
            return Fate::Lost(DropReason::Loss);
        }
        if let Some(bursts) = self.bursts {
            let link = self.link_key(src, dest);
            let state = self.states.entry((src, dest)).or_default();
            let loss = state.loss(bursts, seed, link, parcel.now);
            if loss > 0.0 && draws(Purpose::BurstLoss, 0).unit() < loss {
                return Fate::Lost(DropReason::Loss);
            }
        }
        let nanos = self.time(latency, parcel);
        if !self.disturbances.are_on() {
            return Fate::Arrives(self.carried(nanos, parcel));
        }
        let places = (self.place(src), self.place(dest));
        let fate = self.disturbances.fate(places.0, places.1, nanos, latency, &draws);
        match fate {
            Fate::Arrives(nanos) => Fate::Arrives(self.carried(nanos, parcel)),
            Fate::Disturbed(mut touched) => {
                touched.latency = self.carried(touched.latency, parcel);
                Fate::Disturbed(touched)
            }
            lost @ Fate::Lost(_) => lost,
        }
    }

    /// The key of a link.
    fn link_key(&self, src: u32, dest: u32) -> u64 {
        let of = |end: u32| self.names.get(end as usize).copied().unwrap_or(end.into());
        mix(of(src), of(dest))
    }

    /// How long a message is under way by itself, in ns.
    fn time(&self, latency: Latency, parcel: &Parcel) -> u64 {
        let draws = |purpose| Draws::keyed(self.seed, purpose, parcel.key, 0, 0);
        let ms = if self.correlation > 0.0 && latency.distribution != Distribution::Constant {
            let window = parcel.now.0 / CORRELATION_WINDOW;
            let link = self.link_key(parcel.src, parcel.dest);
            let common = Draws::keyed(self.seed, Purpose::Correlation, link, window, 0).unit();
            latency.at(correlated(self.correlation, common, draws(Purpose::Latency).unit()))
        } else {
            latency.draw(|| draws(Purpose::Latency))
        };
        let nanos = ms.saturating_mul(MILLISECOND);
        match self.times {
            1000 => nanos,
            times => (u128::from(nanos) * u128::from(times) / 1000) as u64,
        }
    }

    /// What a message takes with what its link carried before it: it waits until these
    /// are sent, and, where links keep the order, until they have arrived.
    fn carried(&mut self, mut nanos: u64, parcel: &Parcel) -> u64 {
        let link = (parcel.src, parcel.dest);
        if let Some(bits) = self.bandwidth {
            let busy = self.busy.entry(link).or_default();
            let sending = u128::from(parcel.bytes) * 8_000_000_000 / u128::from(bits);
            let sent = Time(busy.0.max(parcel.now.0).saturating_add(sending as u64));
            *busy = sent;
            nanos = nanos.saturating_add(sent.0 - parcel.now.0);
        }
        if let Some(order) = &mut self.order {
            let last = order.entry(link).or_default();
            *last = Time(parcel.now.0.saturating_add(nanos).max(last.0));
            nanos = last.0 - parcel.now.0;
        }
        nanos
    }
}

/// What the last rules that fit a link say about its latency and loss.
fn rule(rules: &[LinkRule], src: u32, dest: u32) -> (Option<Latency>, Option<f64>) {
    let fits = |place: Option<u32>, end| place.is_none_or(|place| place == end);
    let mut found = (None, None);
    for rule in rules.iter().filter(|rule| fits(rule.src, src) && fits(rule.dest, dest)) {
        found = (rule.latency.or(found.0), rule.loss.or(found.1));
    }
    found
}
