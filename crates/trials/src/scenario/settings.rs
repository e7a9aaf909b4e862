//! Commands that say what the cluster is.

use std::time::Duration;

use glomers_check::Availability;
use glomers_history::MILLISECOND;
use glomers_sim::{
    Distribution, Host, Inbox, Latency, LatencyStep, LinkRule, NodeProgram, Plan, PlanBuilder,
    Rate, Regions, Schedule, Wire, parse_bandwidth,
};

use super::line::{Line, Parsed, Word, unquote};
use super::parse::Parser;
use crate::embedded::{embedded_factory, workload_of};

/// More nodes than anybody draws.
const MOST_NODES: u32 = 10_000;

impl Parser {
    pub(super) fn nodes(&mut self, line: &mut Line<'_>, word: Word<'_>) -> Parsed<()> {
        if self.plan.is_some() {
            return Err(line.error(word.column, "a scenario has its nodes once"));
        }
        let column = line.peek().map_or(word.column, |count| count.column);
        let count: u32 = line.parse("the number of nodes")?;
        if !(1..=MOST_NODES).contains(&count) {
            let text = format!("a cluster has 1 to {MOST_NODES} nodes");
            return Err(line.error(column, text));
        }
        let name = line.word("the name of an embedded node, or --bin and an executable")?;
        if name.text == "--bin" {
            return self.executables(count, line);
        }
        let Some(workload) = workload_of(name.text) else {
            let known: Vec<&str> = glomers_nodes::NODES.iter().map(|node| node.name).collect();
            return Err(line.unknown(name, "embedded node", &known));
        };
        let argument = line.peek();
        let program =
            NodeProgram::Embedded { name: name.text.to_owned(), arguments: line.unquoted() };
        let plan = begun(count, program, workload);
        if let Err(error) = embedded_factory(plan.so_far()) {
            let column = argument.map_or(name.column, |argument| argument.column);
            return Err(line.error(column, error.to_string()));
        }
        self.plan = Some(plan);
        Ok(())
    }

    /// `--bin ./node.py -- arguments`: an executable in virtual time. It may be on another
    /// machine that this is read, so nobody looks for it before it is run.
    fn executables(&mut self, count: u32, line: &mut Line<'_>) -> Parsed<()> {
        let path = unquote(line.word("the executable")?.text);
        let mut arguments = Vec::new();
        if line.peek().is_some() {
            line.must("--")?;
            arguments = line.unquoted();
        }
        let program = NodeProgram::Program { path, arguments };
        let mut plan = begun(count, program, "echo");
        plan.host(Host::Traced { schedule: Schedule::Fifo });
        (self.plan, self.lacks_workload) = (Some(plan), true);
        Ok(())
    }

    /// `names alpha beta`: what nodes are called.
    fn names(&mut self, line: &mut Line<'_>) -> Parsed<()> {
        let column = line.peek().map_or(1, |word| word.column);
        let (names, count) = (line.rest(), self.plan().nodes.len());
        if names.len() != count {
            let text = format!("there are {count} nodes, but {} names", names.len());
            return Err(line.error(column, text));
        }
        self.builder().named(names);
        Ok(())
    }

    /// Which thread of an executable goes on when several could.
    fn schedule(&mut self, line: &mut Line<'_>) -> Parsed<()> {
        let column = line.peek().map_or(1, |word| word.column);
        let schedule = match line.one_of("schedule", &["fifo", "random"])? {
            "random" => Schedule::Random,
            _ => Schedule::Fifo,
        };
        if !self.plan().host.has_processes() {
            return Err(
                line.error(column, "embedded nodes have no threads: a schedule needs --bin")
            );
        }
        self.builder().host(Host::Traced { schedule });
        Ok(())
    }

    /// How many operations must succeed.
    fn availability(&mut self, line: &mut Line<'_>) -> Parsed<()> {
        self.judge.availability = match line.peek().map(|word| word.text) {
            Some("none") => Availability::None,
            Some("total") => Availability::Total,
            Some("answered") => Availability::Answered,
            Some(word) if word.starts_with(|c: char| c.is_ascii_digit()) => {
                Availability::Fraction(fraction(line)?)
            }
            _ => {
                let known = ["none", "total", "answered"];
                line.one_of("availability (or a fraction from 0 to 1)", &known)?;
                return Ok(());
            }
        };
        line.rest();
        Ok(())
    }

    pub(super) fn setting(&mut self, name: &str, line: &mut Line<'_>) -> Parsed<()> {
        match name {
            "workload" => {
                let known = glomers_workload::NAMES;
                let name = line.one_of("workload", &known)?;
                self.builder().workload(name);
                self.lacks_workload = false;
            }
            "names" => self.names(line)?,
            "schedule" => self.schedule(line)?,
            "topology" => {
                let known = glomers_workload::TOPOLOGIES;
                let topology = line.one_of("topology", &known)?;
                self.builder().option("topology", topology);
            }
            "option" => {
                let name = line.word("the name of an option of the workload")?;
                let value = line.word("its value")?;
                self.builder().option(name.text, &unquote(value.text));
            }
            "seed" => {
                let seed = line.parse("a seed")?;
                self.builder().seed(seed);
            }
            "latency" => {
                let latency = latency(line)?;
                self.builder().latency(latency);
            }
            "latency-correlation" => {
                let correlation = fraction(line)?;
                self.builder().latency_correlation(correlation);
            }
            "latency-step" => {
                let column = line.peek().map_or(1, |word| word.column);
                let words = line.rest();
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let step = LatencyStep::parse(&words).map_err(|what| line.error(column, what))?;
                self.builder().latency_step(step);
            }
            "in-order" => {
                let is_on = is_on(line)?;
                self.builder().in_order(is_on);
            }
            "bandwidth" => {
                let bits = rest(line, parse_bandwidth)?;
                self.builder().bandwidth(Some(bits));
            }
            "loss-model" => {
                let bursts = rest(line, str::parse)?;
                self.builder().loss_bursts(Some(bursts));
            }
            "regions" => {
                let name = line.one_of("regions", &Regions::SHIPPED)?;
                let regions = Regions::shipped(name).unwrap_or_else(|| unreachable!("{name}"));
                let mut distribution = Distribution::Constant;
                if line.peek().is_some() {
                    distribution = rest(line, str::parse)?;
                }
                self.builder().regions(&regions, distribution);
            }
            "loss" => {
                let loss = fraction(line)?;
                self.builder().loss(loss);
            }
            "fault-services" => {
                let is_on = is_on(line)?;
                self.builder().fault_services(is_on);
            }
            "link" => self.link(line)?,
            "service-time" => {
                let mean = milliseconds(line)?;
                self.builder().service_time(mean);
            }
            "sync-time" => {
                let mean = milliseconds(line)?;
                self.builder().sync_time(mean);
            }
            "inbox" => {
                let inbox = line.one_of("inbox", &["ideal", "maelstrom"])?;
                self.builder().inbox(match inbox {
                    "maelstrom" => Inbox::Maelstrom,
                    _ => Inbox::Ideal,
                });
            }
            "wire" => {
                let wire = line.one_of("wire", &["typed", "json"])?;
                self.builder().wire(match wire {
                    "json" => Wire::Json,
                    _ => Wire::Typed,
                });
            }
            "rpc-timeout" => {
                let length = Duration::from_nanos(duration(line)?);
                self.builder().rpc_timeout(length);
            }
            "init-timeout" => {
                let length = Duration::from_nanos(duration(line)?);
                self.builder().init_timeout(length);
            }
            "recovery" => {
                let length = Duration::from_nanos(duration(line)?);
                self.builder().recovery(length);
            }
            "recovery-bound" => {
                let length = Duration::from_nanos(duration(line)?);
                self.builder().recovery_bound(Some(length));
            }
            "availability" => self.availability(line)?,
            "jepsen-compat" => self.judge.jepsen_compat = is_on(line)?,
            "require-faults" => self.judge.require_faults = is_on(line)?,
            "require-overlap" => self.judge.require_overlap = is_on(line)?,
            "concurrency" => self.concurrency = Some(line.parse("the number of clients")?),
            other => unreachable!("{other} is in the list of settings"),
        }
        Ok(())
    }

    /// A node, or `*` for all.
    fn end_of_links(&mut self, line: &mut Line<'_>) -> Parsed<Option<u32>> {
        match line.take("*") {
            true => Ok(None),
            false => self.node(line).map(Some),
        }
    }

    fn link(&mut self, line: &mut Line<'_>) -> Parsed<()> {
        let src = self.end_of_links(line)?;
        line.must("->")?;
        let dest = self.end_of_links(line)?;
        let mut rule = LinkRule { src, dest, latency: None, loss: None };
        match line.one_of("setting of a link", &["latency", "loss"])? {
            "latency" => rule.latency = Some(latency(line)?),
            _ => rule.loss = Some(fraction(line)?),
        }
        self.builder().link(rule);
        Ok(())
    }
}

/// A Plan with so many nodes, and nothing that happens by itself: no service time, so that
/// times are round.
fn begun(count: u32, program: NodeProgram, workload: &str) -> PlanBuilder {
    let mut plan = Plan::builder(0, program, workload);
    plan.nodes(count)
        .rate(Rate::PerSecond(0.0))
        .service_time(Duration::ZERO)
        .sync_time(Duration::ZERO);
    plan
}

fn is_on(line: &mut Line<'_>) -> Parsed<bool> {
    Ok(line.one_of("word", &["on", "off"])? == "on")
}

/// `100`, `100 exponential`.
fn latency(line: &mut Line<'_>) -> Parsed<Latency> {
    let mean_ms = line.parse("a mean latency in whole milliseconds")?;
    let mut distribution = Distribution::Constant;
    if line.peek().is_some() {
        distribution = rest(line, str::parse)?;
    }
    Ok(Latency { mean_ms, distribution })
}

/// What the rest of a line says, without its spaces.
fn rest<T>(line: &mut Line<'_>, parse: impl Fn(&str) -> Result<T, String>) -> Parsed<T> {
    let column = line.peek().map_or(1, |word| word.column);
    parse(&line.rest().concat()).map_err(|what| line.error(column, what))
}

pub(super) fn fraction(line: &mut Line<'_>) -> Parsed<f64> {
    let column = line.peek().map_or(1, |word| word.column);
    let fraction: f64 = line.parse("a fraction from 0 to 1")?;
    if (0.0..=1.0).contains(&fraction) {
        return Ok(fraction);
    }
    Err(line.error(column, "a fraction is from 0 to 1"))
}

/// Milliseconds without a unit.
fn milliseconds(line: &mut Line<'_>) -> Parsed<Duration> {
    let column = line.peek().map_or(1, |word| word.column);
    let ms: f64 = line.parse("a number of milliseconds")?;
    if ms.is_finite() && ms >= 0.0 {
        return Ok(Duration::from_nanos((ms * MILLISECOND as f64).round() as u64));
    }
    Err(line.error(column, "a time cannot be negative"))
}

/// `2s`, `150ms`, `0.5ms`, `20us`, in ns.
pub(super) fn duration(line: &mut Line<'_>) -> Parsed<u64> {
    let word = line.word("a duration")?;
    let digits = word.text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == 'µ');
    let unit = match &word.text[digits.len()..] {
        "s" => 1e9,
        "ms" => 1e6,
        "us" | "µs" => 1e3,
        _ => 0.0,
    };
    match digits.parse::<f64>() {
        Ok(number) if unit > 0.0 && number.is_finite() && number >= 0.0 => {
            // To the nearest, as 0.3 · 10⁶ is a little below 300,000.
            Ok((number * unit).round() as u64)
        }
        _ => Err(line.error(
            word.column,
            format!("{:?} is no duration: write 2s, 150ms or 20us", word.text),
        )),
    }
}
