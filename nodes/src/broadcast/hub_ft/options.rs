//! What can be set on the command line.

use std::time::Duration;

use super::direct::MEND;
use super::message::Plan;
use crate::broadcast::arguments::{Arguments, milliseconds, number, switch};

/// The environment variable that sets `--max-latency` of the program where no
/// argument sets that or the period.
pub const VARIABLE: &str = "GLOMERS_MAX_LATENCY";

/// The program's arguments and what its environment adds, for workbenches that
/// cannot hand arguments to nodes. Embedded nodes do not look at it: a run must not
/// depend on anything but its options.
pub fn with_environment(mut arguments: Vec<String>) -> Vec<String> {
    let is_set = |name: &str| arguments.iter().any(|argument| argument == name);
    if !is_set("--period")
        && !is_set("--max-latency")
        && let Ok(value) = std::env::var(VARIABLE)
    {
        arguments.extend(["--max-latency".to_owned(), value.trim().to_owned()]);
    }
    arguments
}

/// What can be set on the command line. Only the hub's settings count, as its
/// choice travels in its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// When the last node is to have a value; period and way of working follow
    /// from it.
    pub max_latency: Option<Duration>,
    /// Neither that nor a period was given: the hub chooses a latency that the network
    /// allows.
    pub chooses: bool,
    /// The time between two moments of the hub.
    pub period: Duration,
    /// How much before its latest moment a message is sent.
    pub guard: Duration,
    /// Whether leaves ask when a message that they expect does not come.
    pub nack: bool,
    /// How long an acknowledgement waits for a message to ride on; `None`: four
    /// periods, but 1 s at the least and 2 s at the most.
    pub acknowledge: Option<Duration>,
    /// The pause between two conversations of a node that cannot reach the hub.
    pub gossip: Duration,
    /// The most values in a message, which has no more than 64 KiB in any case.
    pub items: usize,
    /// Whether what clients bring is stored before it is acknowledged.
    pub durable: bool,
}

/// What a hub that chooses begins with.
const UNTIL_CHOSEN: Duration = Duration::from_secs(1);

const KNOWN: &[&str] = &[
    "--max-latency MS",
    "--period MS",
    "--guard MS",
    "--nack on|off",
    "--acknowledge MS",
    "--gossip MS",
    "--items N",
    "--durable on|off",
];

impl Options {
    /// Reads the arguments.
    ///
    /// # Errors
    /// Says which argument is not understood.
    pub fn parse(arguments: &[String]) -> Result<Options, String> {
        let mut options = Options {
            max_latency: None,
            chooses: false,
            period: Duration::from_millis(450),
            guard: Duration::from_millis(10),
            nack: true,
            acknowledge: None,
            gossip: Duration::from_millis(250),
            items: 100_000,
            durable: false,
        };
        let mut pairs = Arguments::new(arguments, KNOWN);
        let mut has_period = false;
        while let Some((name, value)) = pairs.next_pair()? {
            match name {
                "--max-latency" => options.max_latency = Some(milliseconds(name, value, 1)?),
                "--period" => {
                    options.period = milliseconds(name, value, 1)?;
                    has_period = true;
                }
                "--guard" => options.guard = milliseconds(name, value, 0)?,
                "--nack" => options.nack = switch(name, value)?,
                "--acknowledge" => options.acknowledge = Some(milliseconds(name, value, 1)?),
                "--durable" => options.durable = switch(name, value)?,
                "--gossip" => options.gossip = milliseconds(name, value, 1)?,
                _ => options.items = number(name, value, 1, 1_000_000)? as usize,
            }
        }
        if has_period && options.max_latency.is_some() {
            return Err("--period and --max-latency exclude each other: the second chooses \
                        the first"
                .to_owned());
        }
        options.chooses = !has_period && options.max_latency.is_none();
        if options.max_latency.is_none() && options.guard >= options.period {
            return Err("--guard must be shorter than --period".to_owned());
        }
        Ok(options)
    }

    /// How a hub that knows no better begins: with a wanted latency it uses timers
    /// and a tenth of it, until it knows how long messages take.
    ///
    /// A wanted latency of 200 ms or less is taken to be less than a round trip: if
    /// it is not, round trips are so short that this mistake does not last.
    pub(super) fn plan(&self) -> Plan {
        let wanted = self.max_latency.or(self.chooses.then_some(UNTIL_CHOSEN));
        let direct = wanted.filter(|wanted| wanted.as_millis() <= 200);
        let period = match wanted {
            Some(_) if direct.is_some() => MEND,
            Some(wanted) => wanted / 10,
            None => self.period,
        };
        Plan {
            period: period.as_micros() as u64,
            margin: wanted.is_none().then_some(self.guard.as_micros() as u64),
            ask: self.nack.then_some(20_000),
            direct: direct.map(|wanted| wanted.as_micros() as u64),
            ..Plan::default()
        }
    }
}
