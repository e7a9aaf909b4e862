//! Scenarios: a run as a text that says what happens and what comes of it.
//!
//! A scenario is a [`Plan`] for people: a golden test, a tutorial and a report
//! of a bug at once. Commands stand one to a line; `#` begins a comment. Lines
//! after `----`, up to a blank one, are what the commands before it print.
//!
//! ```
//! use glomers_trials::scenario::Scenario;
//!
//! let text = "\
//! nodes 2 flood
//! topology line
//! latency 100
//! client c1 broadcast 7 to n0
//! run 100ms
//! messages
//! ----
//! 0 ms  #9  n0 → n1  {\"type\":\"broadcast\",\"message\":7}  delivered at 100 ms
//! ";
//! let ran = Scenario::parse(text, "flood.scenario").unwrap().run().unwrap();
//! assert!(ran.matches, "{}", ran.difference.unwrap());
//! ```
//!
//! **The cluster**, first of all: `nodes 5 flood [arguments…]`, an embedded node
//! by its name (`broken/NAME` for one of the gallery); or `nodes 5 --bin ./node.py [-- arguments…]`, an executable in
//! virtual time, with `workload broadcast` on the next line. What is not one word stands in quotes, as in JSON. Then settings,
//! each with a default: `workload broadcast` (that
//! of the node), `names alpha beta` (n0, n1, …), `schedule random` (of the threads of an executable; `fifo`), `topology tree4`, `option key-count 3` (of the workload), `seed 7` (0), `latency 100 [constant | uniform
//! | exponential]` (0), `link n0 -> n1 latency 300`, `link n0 -> * loss 0.5` (`*`: any node),
//! `loss 0.1` (0), `fault-services on` (off: faults and loss do not touch the links of
//! services; on, they may be named where links are: `partition n0 | n1 lin-kv`),
//! `service-time 0.5` and `sync-time 1` (0, so that times are
//! round; all in ms), `inbox maelstrom` (`ideal`), `wire json` (`typed`), `rpc-timeout 5s`,
//! `init-timeout 10s`, `recovery 10s`, `recovery-bound 5s` (as `recovery`),
//! `concurrency 5` (as many clients as nodes, or as the file names). How the run is judged, as with
//! the options of `glomers test`: `availability answered | total | 0.9` (`none`; judged when the run is over),
//! `jepsen-compat on`, `require-faults on`, `require-overlap on` (all `off`).
//!
//! **What happens**, at the present moment: `client c1 broadcast 7 to n0`,
//! `client c1 read from n0`, `client c2 generate at n1`, `final c1 read from n0` (as at the end of a test: what is missing
//! then never comes; clients are workers;
//! without a node c1 asks n0, c2 n1, and so on; what a busy client is asked
//! waits; `number 7` behind the node says that it was the client's eighth operation in the run
//! that the scenario comes from, on which what is drawn about it depends). Values are JSON; in `read k`, `write k 1`, `cas k 1 2` (lin-kv), `send
//! k 1`, `poll`, `assign k1 k2`, `crash` (kafka) keys need no quotes. `partition n0 n1 | n2 n3 n4` instead of what was cut (who is not named
//! hears all), `cut n0 -> n1` besides, `heal`; `kill n1`, `start n1`, `pause n1`,
//! `resume n1`; `disk full n0 n1`, `disk slow 100 n0` (times), `disk failing 30 n0`
//! (percent) instead of what was wrong with disks, `disk heal`. `drop n0 -> n1 3`
//! and `delay n0 -> n1 3 250ms`, `double n0 -> n1 3 20ms` (a copy comes after so long) are about the fourth
//! message of all that n0 sends to n1, as the first is number 0.
//!
//! `lose 0.3` (of the messages between nodes), `duplicate 0.3 100ms` (the copy comes
//! up to so much later), `reorder 0.3 100ms` (held up by up to so much), each on all
//! links, or `around n0 n1`, or `on n0 -> n1, n1 -> n0`; `slow links 10` (times the
//! latency), `slow links 10 50ms` (and so much more), on links as before; `slow
//! nodes 10 n0`; `clock ahead 5s n0`, `clock behind 5s n0`, `clock drift -200 n0`
//! (millionths too fast). Each replaces what the same command began before, and
//! ends with `heal`: `lose heal`, `slow links heal`, `clock heal`. Wherever nodes
//! are named, and after `partition`, `leader` stands for those that say they lead
//! at that moment; `start leader` and `resume leader` for those hit as leaders.
//!
//! **Time** passes with `run 2s` or `run 150ms`, and not otherwise. At one moment
//! things happen in the order of the file: what one command causes without delay
//! has happened when the next comes. (The Plan has each command a nanosecond
//! later than the last.)
//!
//! **What is printed**: `history` (operations: time, process, node, type,
//! function, value, error), `messages` (between servers: time, id, body, fate;
//! `messages all`: clients' too), `marks` and `logs`, each since the same command
//! was last used; `net`, `verdict`, `faults`, each over the run so far. The
//! messages of the start (`init` and the set-up) count in `net`, but are not
//! shown; a message in flight is shown again when it has a fate.

mod actions;
mod diff;
mod error;
mod faults;
mod line;
mod operations;
mod output;
mod parse;
mod record;
mod settings;
mod summary;
mod write;

use glomers_session::{RunOptions, Session, SessionError};
use glomers_sim::{NodeProgram, Plan};

pub use error::ScenarioError;
pub use write::{Moments, write};

use crate::embedded::EMBEDDED;
use output::View;
use parse::Block;
use record::Recording;

/// A scenario that has been read.
#[derive(Debug)]
pub struct Scenario {
    text: String,
    plan: Plan,
    judge: RunOptions,
    blocks: Vec<Block>,
    has_expectations: bool,
}

/// A scenario that has been run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The file with what its commands print.
    pub rendered: String,
    /// Whether the file says that already, or does not say what to expect.
    pub matches: bool,
    /// What is to change in the file for it to match: `-` lines that it has, `+`
    /// lines that it should have.
    pub difference: Option<String>,
}

impl Scenario {
    /// Reads a scenario. `file_name` is for messages only.
    ///
    /// # Errors
    /// Points at the first word that is invalid.
    pub fn parse(text: &str, file_name: &str) -> Result<Scenario, ScenarioError> {
        let parsing = parse::parse(text, file_name)?;
        let plan = parsing.plan;
        // Options of the workload are known by their values only when it is made.
        if let Err(error) = glomers_workload::make(&plan.workload.name, &plan.workload.options) {
            let source = text.lines().next().unwrap_or_default();
            let error = SessionError::from(error);
            return Err(ScenarioError::from_run(&error, file_name, 1, source));
        }
        Ok(Scenario {
            text: text.to_owned(),
            plan,
            judge: parsing.judge,
            blocks: parsing.blocks,
            has_expectations: parsing.has_expectations,
        })
    }

    /// The run as a Plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How the run is judged.
    pub fn judge(&self) -> &RunOptions {
        &self.judge
    }

    /// The same with another program for its nodes.
    #[must_use]
    pub fn with_program(mut self, program: NodeProgram) -> Scenario {
        self.plan.program = program;
        self
    }

    /// Whether the file says what it expects, so that it can fail.
    pub fn has_expectations(&self) -> bool {
        self.has_expectations
    }

    /// Runs a scenario of embedded nodes and compares.
    ///
    /// # Errors
    /// If the Plan cannot be run; what [`Scenario::parse`] has accepted can, unless its
    /// nodes are executables.
    pub fn run(&self) -> Result<Ran, SessionError> {
        self.run_in(&Session { embedded: &EMBEDDED, ..Session::default() })
    }

    /// Runs the scenario in a session that can start executables, if it has some, and
    /// compares. It is judged as the scenario says.
    ///
    /// # Errors
    /// If the Plan cannot be run.
    pub fn run_in(&self, session: &Session<'_>) -> Result<Ran, SessionError> {
        let session = Session { store: None, judge: self.judge.clone(), ..session.clone() };
        let mut recording = Recording::default();
        let report = session.run(&self.plan, &mut recording)?.report;
        let mut view = View::new(&self.plan, &report, &recording);
        let rendered = self.render(&mut view);
        let difference = match self.has_expectations {
            true => diff::difference(&self.text, &rendered),
            false => None,
        };
        Ok(Ran { matches: difference.is_none(), rendered, difference })
    }

    fn render(&self, view: &mut View<'_>) -> String {
        let lines: Vec<&str> = self.text.lines().collect();
        let mut rendered: Vec<String> = Vec::new();
        let mut copied = 0;
        let copy = |from: &mut usize, to: usize, rendered: &mut Vec<String>| {
            rendered.extend(lines[*from..to].iter().map(ToString::to_string));
            *from = to;
        };
        for block in &self.blocks {
            copy(&mut copied, block.commands_end, &mut rendered);
            rendered.push("----".to_owned());
            for output in &block.outputs {
                // A blank line would end the block.
                let printed = view.print(*output).into_iter();
                rendered.extend(printed.filter(|line| !line.trim().is_empty()));
            }
            copied = block.end;
        }
        copy(&mut copied, lines.len(), &mut rendered);
        rendered.join("\n") + "\n"
    }
}
