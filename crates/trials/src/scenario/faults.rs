//! Commands that break or mend something beside links that are cut.

use glomers_sim::{
    BadDisks, DiskCondition, Duplicate, Fault, Kill, Links, Loss, Pause, Reorder, SlowLinks,
    SlowNodes, Targets, WrongClocks,
};

use super::line::{Line, Parsed};
use super::parse::Parser;
use super::settings::{duration, fraction};

impl Parser {
    /// `kill n1`, `kill leader`, `start n1`, `pause n1 n2`, `resume leader`.
    pub(super) fn process_fault(&mut self, name: &str, line: &mut Line<'_>) -> Parsed<()> {
        let column = line.peek().map_or(1, |word| word.column);
        let whom = match self.targets(line)? {
            // Each by itself, so that each can come back by itself.
            Targets::Nodes(nodes) => nodes.into_iter().map(|node| vec![node].into()).collect(),
            marked => vec![marked],
        };
        let at = self.next_moment();
        for nodes in whom {
            let is_meant = |fault: &Fault| match (name, fault) {
                ("start", Fault::Kill(kill)) => kill.nodes == nodes,
                ("resume", Fault::Pause(pause)) => pause.nodes == nodes,
                _ => false,
            };
            match name {
                "kill" => self.faults.begin(at, Kill { nodes }),
                "pause" => self.faults.begin(at, Pause { nodes }),
                _ if self.faults.end(at, is_meant) => {}
                _ => {
                    let before = if name == "start" { "kill" } else { "pause" };
                    let text = format!("{name} is the end of a {before}, and there is none here");
                    return Err(line.error(column, text));
                }
            }
        }
        Ok(())
    }

    /// `lose 0.3`, `duplicate 0.2 100ms around n0`, `reorder 0.2 100ms on n0 -> n1`,
    /// each with `heal` for its end.
    pub(super) fn message_fault(&mut self, name: &str, line: &mut Line<'_>) -> Parsed<()> {
        if line.take("heal") {
            let kind = if name == "lose" { "loss" } else { name };
            self.mend(|fault| fault.name() == kind);
            return Ok(());
        }
        let probability = fraction(line)?;
        let fault: Fault = if name == "lose" {
            Loss { probability, links: self.links(line)? }.into()
        } else {
            let most = duration(line)?;
            let links = self.links(line)?;
            match name {
                "duplicate" => Duplicate { probability, most, links }.into(),
                _ => Reorder { probability, most, links }.into(),
            }
        };
        self.fault(fault);
        Ok(())
    }

    /// `slow links 10`, `slow links 10 50ms around n0`, `slow links heal`,
    /// `slow nodes 10 n0 n1`, `slow nodes heal`.
    pub(super) fn slow(&mut self, line: &mut Line<'_>) -> Parsed<()> {
        let is_links = line.one_of("slow thing", &["links", "nodes"])? == "links";
        if line.take("heal") {
            let kind = if is_links { "slow-links" } else { "slow-nodes" };
            self.mend(|fault| fault.name() == kind);
            return Ok(());
        }
        let column = line.peek().map_or(1, |word| word.column);
        let factor = line.parse("how many times as long it takes")?;
        if factor == 0 {
            return Err(line.error(column, "slow is 1 or more times as long"));
        }
        let fault: Fault = if is_links {
            let has_extra = line.peek().is_some_and(|word| !["on", "around"].contains(&word.text));
            let extra = if has_extra { duration(line)? } else { 0 };
            SlowLinks { factor, extra, links: self.links(line)? }.into()
        } else {
            SlowNodes { factor, nodes: self.targets(line)? }.into()
        };
        self.fault(fault);
        Ok(())
    }

    /// `clock ahead 5s n0`, `clock behind 5s n0`, `clock drift -200 n0`, `clock ahead 5s
    /// drift -200 n0`, `clock heal`.
    pub(super) fn clock(&mut self, line: &mut Line<'_>) -> Parsed<()> {
        let how = line.one_of("error of a clock", &["ahead", "behind", "drift", "heal"])?;
        const DRIFT: &str = "how much too fast, in millionths";
        let mut drift = 0;
        let jump = match how {
            "ahead" => signed(duration(line)?),
            "behind" => -signed(duration(line)?),
            "drift" => {
                drift = line.parse(DRIFT)?;
                0
            }
            _ => {
                self.mend(|fault| fault.name() == "clock");
                return Ok(());
            }
        };
        if drift == 0 && line.take("drift") {
            drift = line.parse(DRIFT)?;
        }
        let nodes = self.targets(line)?;
        self.fault(WrongClocks { jump, drift, nodes });
        Ok(())
    }

    /// `disk full n0 n1`, `disk slow 100 n0`, `disk failing 30 n0`, `disk heal`.
    pub(super) fn disk(&mut self, line: &mut Line<'_>) -> Parsed<()> {
        let condition = match line.one_of("condition", &["full", "slow", "failing", "heal"])? {
            "full" => DiskCondition::Full,
            "slow" => {
                let factor = line.parse("how many times as long syncs take")?;
                DiskCondition::Slow { factor }
            }
            "failing" => {
                let percent = line.parse("which percentage of writes and syncs fails")?;
                DiskCondition::Failing { percent }
            }
            _ => {
                self.mend(|fault| fault.name() == "disk");
                return Ok(());
            }
        };
        let nodes = self.targets(line)?;
        self.fault(BadDisks { nodes, condition });
        Ok(())
    }

    /// `n0 n1`, or `leader`.
    fn targets(&mut self, line: &mut Line<'_>) -> Parsed<Targets> {
        if line.take("leader") {
            return Ok(Targets::LEADER);
        }
        let mut nodes = vec![self.node(line)?];
        while line.peek().is_some() {
            nodes.push(self.node(line)?);
        }
        Ok(nodes.into())
    }

    /// Nothing: all links; `around n0 n1`, `around leader`, `on n0 -> n1, n1 -> n0`.
    fn links(&mut self, line: &mut Line<'_>) -> Parsed<Links> {
        if line.peek().is_none() {
            return Ok(Links::All);
        }
        if line.one_of("word before links", &["around", "on"])? == "around" {
            if line.take("leader") {
                return Ok(Links::Around(Targets::LEADER));
            }
            let mut places = vec![self.place(line)?];
            while line.peek().is_some() {
                places.push(self.place(line)?);
            }
            return Ok(Links::Around(places.into()));
        }
        let mut links = vec![self.direction(line)?];
        while line.take(",") {
            links.push(self.direction(line)?);
        }
        Ok(Links::Single(links))
    }
}

fn signed(nanos: u64) -> i64 {
    i64::try_from(nanos).unwrap_or(i64::MAX)
}
