//! What can be set on the command line.

use std::time::Duration;

use crate::broadcast::arguments::{Arguments, milliseconds};

/// Times, all relative to how long messages take.
///
/// The default suits mean latencies from 0 to about 100 ms, also when some take
/// ten times as long: within one election time-out at least four heartbeats must
/// all be late before anybody doubts the leader (with exponential latencies of
/// mean 100 ms: about once in 20,000 time-outs; and then the others say that they
/// still hear it). Slower networks need a longer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The least time without a leader before an election; each wait is drawn
    /// from one to three times this (§5.2, §9.3).
    pub election_timeout: Duration,
    /// How often the leader speaks, at least.
    pub heartbeat: Duration,
    /// How long the leader waits for more to send with what it has.
    pub batch: Duration,
    /// How long a client's request is kept here while no leader is known.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options::with_election_timeout(Duration::from_millis(500))
    }
}

impl Options {
    /// The usual proportions.
    pub fn with_election_timeout(election_timeout: Duration) -> Options {
        Options {
            election_timeout,
            heartbeat: election_timeout / 5,
            batch: Duration::from_millis(1),
            // Clients of workload lin-kv wait a second.
            patience: Duration::from_millis(950),
        }
    }

    /// Reads `--election-timeout MS`, `--heartbeat MS`, `--batch MS` and
    /// `--patience MS`.
    ///
    /// # Errors
    /// Says which argument is not understood.
    pub fn parse(arguments: &[String]) -> Result<Options, String> {
        let known = &["--election-timeout MS", "--heartbeat MS", "--batch MS", "--patience MS"];
        let mut pairs = Arguments::new(arguments, known);
        let (mut election_timeout, mut heartbeat, mut batch, mut patience) =
            (None, None, None, None);
        while let Some((name, value)) = pairs.next_pair()? {
            match name {
                "--election-timeout" => election_timeout = Some(milliseconds(name, value, 5)?),
                "--heartbeat" => heartbeat = Some(milliseconds(name, value, 1)?),
                "--batch" => batch = Some(milliseconds(name, value, 0)?),
                _ => patience = Some(milliseconds(name, value, 0)?),
            }
        }
        let mut options = match election_timeout {
            Some(timeout) => Options::with_election_timeout(timeout),
            // Who sets only the heartbeat wants all of it in proportion.
            None => heartbeat.map_or_else(Options::default, |heartbeat| {
                Options::with_election_timeout(heartbeat * 5)
            }),
        };
        options.heartbeat = heartbeat.unwrap_or(options.heartbeat);
        options.batch = batch.unwrap_or(options.batch);
        options.patience = patience.unwrap_or(options.patience);
        if options.heartbeat * 2 > options.election_timeout {
            return Err(format!(
                "--heartbeat ({} ms) must be at most half of --election-timeout ({} ms), or \
                 followers doubt a leader that is well",
                options.heartbeat.as_millis(),
                options.election_timeout.as_millis()
            ));
        }
        Ok(options)
    }

    /// How long a leader goes on without a majority's answers.
    pub fn resign_after(&self) -> Duration {
        self.election_timeout * 10
    }

    /// How long a request to the leader may take before it is sent again.
    pub fn resend_after(&self) -> Duration {
        self.election_timeout / 2
    }
}
