//! Whether what was recorded can have happened in the order in which it stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Fault;
use super::builder::{Draft, Who};
use crate::{OpKind, Value};

/// What is under way, as far as the text was read.
pub(super) struct Order<'a> {
    text: &'a str,
    /// Where the operation of a process begins that is under way.
    numbered: BTreeMap<u32, usize>,
    named: BTreeMap<Value, usize>,
    /// How many operations without a process are under way, by their names.
    nobodys: BTreeMap<Option<Arc<str>>, usize>,
    index: Option<i64>,
}

impl<'a> Order<'a> {
    pub(super) fn new(text: &'a str) -> Order<'a> {
        Order {
            text,
            numbered: BTreeMap::new(),
            named: BTreeMap::new(),
            nobodys: BTreeMap::new(),
            index: None,
        }
    }

    /// Takes in the next operation, unless it contradicts those before.
    pub(super) fn check(&mut self, draft: &Draft) -> Result<(), Fault> {
        if let Some(index) = draft.index {
            match self.index {
                Some(before) if before >= index => {
                    let expected = format!(
                        ":index to be above {before}, that of an operation before it, and not \
                         {index}: operations must stand in the order of their :index"
                    );
                    return Err(Fault::new(draft.at, expected));
                }
                _ => self.index = Some(index),
            }
        }
        let is_begin = draft.kind == OpKind::Invoke;
        let (name, earlier, needs_one) = match &draft.process {
            Who::Nemesis => return Ok(()),
            Who::Client(number) => {
                let earlier = match is_begin {
                    true => self.numbered.insert(*number, draft.at),
                    false => self.numbered.remove(number),
                };
                let needs_one = matches!(draft.kind, OpKind::Ok | OpKind::Info);
                (format!("of process {number}"), earlier, needs_one)
            }
            Who::Named(name) => {
                let earlier = match is_begin {
                    true => self.named.insert(name.clone(), draft.at),
                    false => self.named.remove(name),
                };
                // Others than clients note things, too.
                (format!("of process {}", name.to_json()), earlier, draft.kind == OpKind::Ok)
            }
            Who::Nobody => {
                let count = self.nobodys.entry(draft.f.clone()).or_default();
                let found = (*count > 0).then_some(draft.at);
                match is_begin {
                    true => {
                        *count += 1;
                        return Ok(());
                    }
                    false => *count = count.saturating_sub(1),
                }
                ("of the same :f".to_owned(), found, draft.kind == OpKind::Ok)
            }
        };
        let expected = match earlier {
            Some(at) if is_begin => format!(
                "the operation {name} that began in line {} to end before it begins another",
                self.line(at)
            ),
            None if !is_begin && needs_one => format!(
                "an :invoke {name} before this :{}, which ends an operation that never began",
                draft.kind.name()
            ),
            _ => return Ok(()),
        };
        Err(Fault::new(draft.at, expected))
    }

    fn line(&self, at: usize) -> usize {
        self.text.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count() + 1
    }
}
