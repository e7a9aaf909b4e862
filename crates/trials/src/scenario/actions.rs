//! Commands that make something happen.

use glomers_sim::{
    Cut, ListedOperation, MessageName, MessageOverride, OverrideAction, Partition, PartitionKind,
};

use super::line::{Line, Parsed};
use super::operations::{BEFORE_NODE, operation};
use super::parse::Parser;
use super::settings::duration;

/// More clients than anybody writes down.
const MOST_CLIENTS: u32 = 10_000;

impl Parser {
    pub(super) fn action(&mut self, name: &str, line: &mut Line<'_>) -> Parsed<()> {
        match name {
            "client" | "final" => self.client(line, name == "final")?,
            "partition" => self.partition(line)?,
            "cut" => self.cut_links(line)?,
            "heal" => {
                self.cut.clear();
                self.mend(|fault| fault.name() == "partition");
            }
            "kill" | "start" | "pause" | "resume" => self.process_fault(name, line)?,
            "lose" | "duplicate" | "reorder" => self.message_fault(name, line)?,
            "slow" => self.slow(line)?,
            "clock" => self.clock(line)?,
            "disk" => self.disk(line)?,
            "drop" | "delay" | "double" => self.exception(name, line)?,
            "run" => {
                let nanos = duration(line)?;
                self.run(nanos);
            }
            other => unreachable!("{other} is in the list of actions"),
        }
        Ok(())
    }

    /// `client c1 broadcast 7 to n0`: the name is a worker's, and nothing but a
    /// name.
    fn client(&mut self, line: &mut Line<'_>, is_final: bool) -> Parsed<()> {
        let word = line.word("the name of a client")?;
        let number = word.text.strip_prefix('c').and_then(|n| n.parse().ok());
        let Some(number) = number.filter(|n| (1..=MOST_CLIENTS).contains(n)) else {
            let text = format!("clients are c1, c2, …, but this is {:?}", word.text);
            return Err(line.error(word.column, text));
        };
        let worker = number - 1;
        if let Some(concurrency) = self.concurrency.filter(|&most| worker >= most) {
            let text = format!("there are {concurrency} clients only, c1 … c{concurrency}");
            return Err(line.error(word.column, text));
        }
        self.highest_worker = self.highest_worker.max(worker);

        let (f, value) = operation(&self.plan().workload.name, line)?;
        let (mut node, mut number) = (None, None);
        if line.peek().is_some() {
            line.one_of("word before a node", &BEFORE_NODE)?;
            node = Some(self.node(line)?);
            if line.take("number") {
                number = Some(line.parse("which operation of its client it is, counted from 0")?);
            }
        }
        self.operation(ListedOperation { at: 0, worker, node, f, value, number, is_final });
        Ok(())
    }

    /// `partition n0 n1 | n2 n3`: nodes, and services, that are not named hear everybody.
    /// `partition leader`: those that say they lead, each alone.
    fn partition(&mut self, line: &mut Line<'_>) -> Parsed<()> {
        if line.take("leader") {
            // What is cut is known when it begins; `cut` begins anew.
            self.cut.clear();
            let kind = PartitionKind::Leader;
            self.fault(Partition { kind, cut: Cut::default() });
            return Ok(());
        }
        let mut groups: Vec<Vec<u32>> = vec![Vec::new()];
        loop {
            let word = line.word("the name of a node")?;
            if word.text == "|" {
                groups.push(Vec::new());
                continue;
            }
            let node = self.place_named(word, line)?;
            if groups.iter().flatten().any(|&other| other == node) {
                return Err(line.error(word.column, format!("{} is named twice", word.text)));
            }
            groups.last_mut().expect("has one").push(node);
            if line.peek().is_none() {
                break;
            }
        }
        if groups.len() == 1 || groups.iter().any(Vec::is_empty) {
            return Err(line.error(1, "a partition has two sides or more: n0 n1 | n2 n3 n4"));
        }
        let cut = Cut::components(&groups);
        self.cut = cut
            .iter()
            .flat_map(|(receiver, sources)| sources.iter().map(move |&src| (receiver, src)))
            .collect();
        self.fault(Partition::by_hand(cut));
        Ok(())
    }

    /// `cut n0 -> n1, n1 -> n2`: in addition to what is cut already.
    fn cut_links(&mut self, line: &mut Line<'_>) -> Parsed<()> {
        loop {
            let (src, dest) = self.direction(line)?;
            self.cut.insert((dest, src));
            if !line.take(",") {
                break;
            }
        }
        let cut = Cut::links(self.cut.iter().copied());
        self.fault(Partition::by_hand(cut));
        Ok(())
    }

    /// `drop n0 -> n1 3`, `delay n0 -> n1 3 250ms`, `double n0 -> n1 3 20ms`, `drop message 17`
    /// (by its key).
    fn exception(&mut self, name: &str, line: &mut Line<'_>) -> Parsed<()> {
        let message = if line.take("message") {
            MessageName::Key(line.parse("the key of a message")?)
        } else {
            let src = self.node(line)?;
            line.must("->")?;
            let dest = self.node(line)?;
            let count = line.parse("the number of a message on this link, counted from 0")?;
            MessageName::Nth { src, dest, count }
        };
        let action = match name {
            "drop" => OverrideAction::Drop,
            "double" => OverrideAction::Double(duration(line)?),
            _ => OverrideAction::Delay(duration(line)?),
        };
        self.builder().exception(MessageOverride { message, action });
        Ok(())
    }

    pub(super) fn direction(&mut self, line: &mut Line<'_>) -> Parsed<(u32, u32)> {
        let src = self.place(line)?;
        line.must("->")?;
        let dest = self.place(line)?;
        Ok((src, dest))
    }
}
