//! From a seed to a Plan: a function of families, weights, what is held fixed, and the
//! seed.

use std::collections::BTreeMap;

use glomers_history::{MILLISECOND, SECOND};
use glomers_sim::draws::{Draws, Purpose};
use glomers_sim::nemesis::{Kind, Schedule, Target};
use glomers_sim::{Distribution, FaultEvent, Host, Plan, Rate, SERVICES, ServiceTime};

use crate::delays;
use crate::family::{Family, FaultGroup, Numbers, TARGETS, Words};
use crate::weights::{FamilyTallies, Weights, beta};

/// The share of Plans that is drawn from families as they are, whatever the weights.
const UNIFORM: f64 = 0.3;

/// What is the same in all Plans of a hunt.
#[derive(Debug, Clone)]
pub struct Base {
    /// What a Plan is where neither a family nor a fixed knob says otherwise.
    pub plan: Plan,
    /// Knobs that are held fixed, by their names.
    pub fixed: BTreeMap<String, Fixed>,
    /// The only kinds of faults, if these are held fixed.
    pub kinds: Option<Vec<Kind>>,
    /// The kinds of faults that the node claims to survive: others are not drawn.
    pub claims: Option<Vec<Kind>>,
    /// How many clients a node has at least.
    pub workers_per_node: u32,
    /// Whether the workload takes a number of keys.
    pub takes_keys: bool,
}

/// The value of a knob that is held fixed.
#[derive(Debug, Clone, PartialEq)]
pub enum Fixed {
    /// A number, in the unit of the flag.
    Number(f64),
    /// A word.
    Word(String),
}

/// A Plan, and how it was drawn.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The Plan.
    pub plan: Plan,
    /// Its family.
    pub family: String,
    /// Whether weights chose.
    pub guided: bool,
    /// Which part of each knob was drawn, of knobs that have several.
    pub knobs: Vec<(String, u32)>,
}

impl Base {
    /// Whether the node claims to survive a kind of fault, and whether it can be done to it.
    fn allows(&self, kind: Kind) -> bool {
        let claimed = match kind {
            // A node that survives cut links survives them whichever they are.
            Kind::Bridge | Kind::SingleLink => Kind::Partition,
            kind => kind,
        };
        let is_claimed = self
            .claims
            .as_ref()
            .is_none_or(|claims| claims.contains(&claimed) || claims.contains(&kind));
        let is_possible = match self.plan.host {
            Host::InProcess => true,
            Host::Traced { .. } => kind != Kind::Disk,
            Host::Processes => !matches!(kind, Kind::Disk | Kind::Clock),
        };
        is_claimed && is_possible
    }

    /// The kinds of faults of a family, if none of them is ever drawn: its runs then break
    /// less than its file says.
    pub fn without(&self, family: &Family) -> Vec<Kind> {
        if self.kinds.is_some() {
            return Vec::new();
        }
        let mut kinds: Vec<Kind> = family.faults.iter().flat_map(FaultGroup::kinds).collect();
        if kinds.iter().any(|kind| self.allows(*kind)) {
            return Vec::new();
        }
        kinds.dedup();
        kinds
    }
}

/// Draws the Plan of a seed.
///
/// # Errors
/// If a family makes a Plan that cannot be run; says which and why.
pub fn draw(
    families: &[Family],
    weights: &Weights,
    base: &Base,
    seed: u64,
) -> Result<Drawn, String> {
    let mut draws = stream(seed, "family", 0);
    let guided = !weights.is_empty() && draws.unit() >= UNIFORM;
    let place = match guided {
        false => draws.below(families.len() as u64) as usize,
        true => best(families.iter().enumerate().map(|(place, family)| {
            let mut draws = stream(seed, &family.name, 1);
            (place, beta(weights.of(&family.name).map(|of| of.all).unwrap_or_default(), &mut draws))
        })),
    };
    let family = &families[place];
    let mut knobs = Knobs {
        seed,
        base,
        tallies: weights.of(&family.name).filter(|_| guided),
        drawn: Vec::new(),
    };
    let plan = knobs
        .plan(family)
        .and_then(|plan| plan.validate().map(|()| plan).map_err(|error| error.to_string()))
        .map_err(|error| {
            format!(
                "the family {} draws a Plan with seed {seed} that cannot be run: {error}",
                family.name
            )
        })?;
    Ok(Drawn { plan, family: family.name.clone(), guided, knobs: knobs.drawn })
}

/// By which factor links may slow down at most: what is on its way when the faults end is to
/// arrive while the cluster recovers, or a right node would lack it.
fn slowest(plan: &Plan) -> u32 {
    // So many times the mean no message takes, nearly.
    let longest = match plan.latency.distribution {
        Distribution::Constant | Distribution::Uniform | Distribution::Exponential => 20,
        _ => 100,
    };
    let mean = plan.latency.mean_ms.max(1) * MILLISECOND;
    u32::try_from(plan.recovery / longest / mean).unwrap_or(u32::MAX).max(2)
}

/// The stream of what a seed draws under a name.
fn stream(seed: u64, name: &str, use_number: u64) -> Draws {
    // FNV-1a, 64 bits.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Draws::keyed(seed, Purpose::Family, hash, use_number, 0)
}

/// The place with the highest number.
fn best(scored: impl Iterator<Item = (usize, f64)>) -> usize {
    scored.fold((0, f64::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a }).0
}

/// Draws knob by knob. What is drawn under one name changes nothing under another.
struct Knobs<'a> {
    seed: u64,
    base: &'a Base,
    tallies: Option<&'a FamilyTallies>,
    drawn: Vec<(String, u32)>,
}

impl Knobs<'_> {
    fn part(&mut self, knob: &str, parts: usize) -> usize {
        if parts < 2 {
            return 0;
        }
        let part = match self.tallies {
            None => stream(self.seed, knob, 2).below(parts as u64) as usize,
            Some(tallies) => best((0..parts).map(|part| {
                let mut draws = stream(self.seed, knob, 100 + part as u64);
                (part, beta(tallies.part(knob, part), &mut draws))
            })),
        };
        self.drawn.push((knob.to_owned(), part as u32));
        part
    }

    fn number(&mut self, flag: &str, group: &str, numbers: Option<&Numbers>) -> Option<f64> {
        if let Some(Fixed::Number(number)) = self.base.fixed.get(flag) {
            return Some(*number);
        }
        let numbers = numbers?;
        let knob = format!("{group}{flag}");
        let part = self.part(&knob, numbers.parts());
        Some(numbers.at(part, stream(self.seed, &knob, 3).unit()))
    }

    fn word(&mut self, flag: &str, group: &str, words: Option<&Words>) -> Option<String> {
        if let Some(Fixed::Word(word)) = self.base.fixed.get(flag) {
            return Some(word.clone());
        }
        let words = words?.all();
        let part = self.part(&format!("{group}{flag}"), words.len());
        words.get(part).cloned()
    }

    /// Whether something of this probability is there.
    fn chance(&mut self, knob: &str, probability: f64) -> bool {
        if probability <= 0.0 || probability >= 1.0 {
            return probability >= 1.0;
        }
        if self.tallies.is_some() {
            return self.part(knob, 2) == 1;
        }
        let is_there = stream(self.seed, knob, 2).unit() < probability;
        self.drawn.push((knob.to_owned(), u32::from(is_there)));
        is_there
    }

    fn plan(&mut self, family: &Family) -> Result<Plan, String> {
        let base = self.base;
        let mut plan = Plan { seed: self.seed, ..base.plan.clone() };
        let mut clients = base.plan.concurrency / (base.plan.nodes.len() as u32).max(1);
        if let Some(count) = self.number("node-count", "", family.node_count.as_ref()) {
            plan.set_node_count(count as u32);
        }
        if let Some(times) = self.number("clients", "", family.clients.as_ref()) {
            clients = times as u32 * base.workers_per_node;
        }
        plan.concurrency = match base.fixed.get("concurrency") {
            Some(Fixed::Number(workers)) => *workers as u32,
            _ => clients.max(1) * plan.nodes.len() as u32,
        };
        if let Some(rate) = self.number("rate", "", family.rate.as_ref()) {
            plan.rate = Rate::PerSecond((rate * 10.0).round().max(1.0) / 10.0);
        }
        if base.fixed.contains_key("rate") {
            plan.rate = base.plan.rate;
        }
        if let Some(seconds) = self.number("time-limit", "", family.time_limit.as_ref()) {
            plan.time_limit = whole_ms(seconds * 1e3);
        }
        if base.takes_keys
            && let Some(keys) = self.number("key-count", "", family.key_count.as_ref())
        {
            plan.workload.options.insert("key-count".to_owned(), (keys as u32).to_string());
        }
        self.network(family, &mut plan);
        plan.faults = self.faults(family, &plan)?;
        if let Some(delay) = &family.delays
            && base.claims.as_ref().is_none_or(|claims| claims.contains(&Kind::Reorder))
        {
            let count = self.number("delays.count", "", Some(&delay.count)).unwrap_or(0.0) as u64;
            let length = self.number("delays.length", "", Some(&delay.length)).unwrap_or(0.0);
            plan.overrides =
                delays::draw(&plan, count, whole_ms(length), &mut stream(self.seed, "delays", 3));
        }
        Ok(plan)
    }

    fn network(&mut self, family: &Family, plan: &mut Plan) {
        if let Some(latency) = self.number("latency", "", family.latency.as_ref()) {
            plan.latency.mean_ms = latency.round() as u64;
        }
        if let Some(spread) = self.word("latency-dist", "", family.latency_dist.as_ref()) {
            // Families are tested when they are read.
            plan.latency.distribution = spread.parse().unwrap_or(Distribution::Constant);
        }
        let is_fixed = self.base.fixed.contains_key("loss");
        let may_lose = self.base.claims.as_ref().is_none_or(|claims| claims.contains(&Kind::Loss));
        if let Some(loss) = self.number("loss", "", family.loss.as_ref())
            && (is_fixed || (may_lose && self.base.kinds.is_none()))
        {
            plan.loss = loss;
        }
        let mean = |ms: f64| match (ms * MILLISECOND as f64) as u64 {
            0 => ServiceTime::Off,
            mean => ServiceTime::Exponential { mean },
        };
        if plan.host != Host::Processes {
            if let Some(ms) = self.number("service-time", "", family.service_time.as_ref()) {
                plan.service_time = mean(ms);
            }
            if let Some(ms) = self.number("sync-time", "", family.sync_time.as_ref()) {
                plan.sync_time = mean(ms);
            }
        }
        if let Some(on) = self.number("fault-services", "", family.fault_services.as_ref()) {
            plan.fault_services = on >= 0.5;
        }
    }

    fn faults(&mut self, family: &Family, plan: &Plan) -> Result<Vec<FaultEvent>, String> {
        let mut events = Vec::new();
        let fallback = FaultGroup::usual();
        match &self.base.kinds {
            Some(kinds) => {
                let group = family.faults.first().unwrap_or(&fallback);
                events.extend(self.group("faults.", group, kinds, plan)?);
            }
            None => {
                for (number, group) in family.faults.iter().enumerate() {
                    let prefix = format!("faults-{}.", number + 1);
                    let mut kinds: Vec<Kind> = Vec::new();
                    for kind in group.kinds() {
                        let is_there = self.chance(&format!("{prefix}{}", kind.name()), group.each);
                        if is_there && self.base.allows(kind) {
                            kinds.push(kind);
                        }
                    }
                    events.extend(self.group(&prefix, group, &kinds, plan)?);
                }
            }
        }
        // Stable: at one moment the groups stand in the order of the family.
        events.sort_by_key(|event: &FaultEvent| event.at);
        Ok(events)
    }

    fn group(
        &mut self,
        prefix: &str,
        group: &FaultGroup,
        kinds: &[Kind],
        plan: &Plan,
    ) -> Result<Vec<FaultEvent>, String> {
        let nanos = |seconds: f64| (seconds * SECOND as f64) as u64;
        let interval = self.number("nemesis-interval", prefix, group.nemesis_interval.as_ref());
        let interval = interval.map_or(SECOND, nanos);
        let length = self.number("nemesis-length", prefix, group.nemesis_length.as_ref());
        let target = self.word("nemesis-target", prefix, group.nemesis_target.as_ref());
        let target = TARGETS.iter().find(|(name, _)| Some(*name) == target.as_deref());
        let mut target = target.map_or(Target::Any, |(_, target)| *target);
        if target == Target::Leader && plan.host.has_processes() {
            // Processes cannot say that they lead.
            target = Target::One;
        }
        let usual =
            Schedule::new(self.seed, kinds, plan.nodes.len() as u32, interval, plan.time_limit);
        let mut number = |flag: &str, numbers: Option<&Numbers>, usual: f64| {
            self.number(flag, prefix, numbers).unwrap_or(usual)
        };
        let ms = |ms: f64| (ms * MILLISECOND as f64) as u64;
        let slow = number("fault-slow", group.fault_slow.as_ref(), f64::from(usual.slow)) as u32;
        let slow = slow.min(slowest(plan));
        let schedule = Schedule {
            length: length.map_or(interval, nanos),
            target,
            loss: number("fault-loss", group.fault_loss.as_ref(), usual.loss),
            duplicate: number("fault-duplicate", group.fault_duplicate.as_ref(), usual.duplicate),
            reorder: number("fault-reorder", group.fault_reorder.as_ref(), usual.reorder),
            delay: ms(number("fault-delay", group.fault_delay.as_ref(), 500.0)),
            slow,
            slow_extra: match plan.latency.mean_ms {
                0 => u64::from(slow) * MILLISECOND,
                _ => 0,
            },
            clock: ms(number("fault-clock", group.fault_clock.as_ref(), 5000.0)),
            processes: plan.host == Host::Processes,
            takes_time: plan.service_time != ServiceTime::Off,
            services: if plan.fault_services { SERVICES.len() as u32 } else { 0 },
            ..usual
        };
        schedule.check()?;
        Ok(schedule.draw())
    }
}

impl FaultGroup {
    /// For faults that a family says nothing about.
    fn usual() -> FaultGroup {
        FaultGroup {
            nemesis: Vec::new(),
            each: 1.0,
            nemesis_interval: None,
            nemesis_length: None,
            nemesis_target: None,
            fault_loss: None,
            fault_duplicate: None,
            fault_reorder: None,
            fault_delay: None,
            fault_slow: None,
            fault_clock: None,
        }
    }
}

/// Milliseconds, rounded to whole ones, in ns.
fn whole_ms(ms: f64) -> u64 {
    ms.round().max(1.0) as u64 * MILLISECOND
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use glomers_sim::NodeProgram;

    use super::*;

    /// Found by hunts for right nodes: messages that a fault slowed down a hundredfold came
    /// after the final reads.
    #[test]
    fn what_a_slow_link_carries_comes_while_the_cluster_recovers() {
        let program = NodeProgram::Embedded { name: "flood".to_owned(), arguments: Vec::new() };
        let mut plan = Plan::new(1, program, "broadcast");
        let mut slow = |mean_ms: u64, spread: &str, recovery: u64| {
            plan.latency.mean_ms = mean_ms;
            plan.latency.distribution = spread.parse().unwrap();
            plan.recovery = Duration::from_secs(recovery).as_nanos() as u64;
            slowest(&plan)
        };
        assert_eq!(slow(0, "constant", 10), 500);
        assert_eq!(slow(10, "exponential", 10), 50);
        assert_eq!(slow(10, "lognormal:1", 10), 10);
        assert_eq!(slow(100, "exponential", 30), 15);
        assert_eq!(slow(100, "exponential", 1), 2);
    }
}
