//! The search for an order: depth first, and no state twice (Wing and Gong 1993; Lowe,
//! "Testing for linearizability", 2017).
//!
//! Operations take effect in any order that does not put one before another that had
//! ended when it began. What was tried is remembered as the operations that took effect
//! and the state that they led to: from there on all goes the same.

use glomers_history::Stop;
use rustc_hash::FxHashSet;

use super::{Call, Model};

/// The end of an operation that is left open.
const OPEN: u32 = u32::MAX;

/// An operation on one object.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    /// Its place in the history.
    pub(super) begin: u32,
    /// The place of its answer; `u32::MAX` if there is none.
    pub(super) end: u32,
    pub(super) call: Call,
}

impl Operation {
    pub(super) fn is_answered(&self) -> bool {
        self.end != OPEN
    }
}

/// What a search found.
pub(super) enum Found {
    Order,
    /// There is no order.
    Stuck(Stuck),
    /// The budget did not suffice.
    Open,
}

/// Where an order got stuck, of all tried the one that got furthest.
pub(super) struct Stuck {
    /// The operations that took effect, in order.
    pub(super) order: Vec<u32>,
    /// What the object held then, in words.
    pub(super) state: String,
    /// The operation that ends first of those that had not taken effect.
    pub(super) operation: u32,
}

/// A set of operations: those below `whole` are all in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Done {
    whole: u32,
    /// Of those from `whole` on, a bit for each.
    bits: Vec<u64>,
}

impl Done {
    fn has(&self, operation: u32) -> bool {
        let Some(at) = operation.checked_sub(self.whole) else { return true };
        let word = self.bits.get(at as usize / 64).copied().unwrap_or(0);
        word >> (at % 64) & 1 == 1
    }

    fn insert(&mut self, operation: u32) {
        let at = (operation - self.whole) as usize;
        if at / 64 >= self.bits.len() {
            self.bits.resize(at / 64 + 1, 0);
        }
        self.bits[at / 64] |= 1 << (at % 64);
        while self.bits.first() == Some(&u64::MAX) {
            self.bits.remove(0);
            self.whole += 64;
        }
    }
}

/// A place in the search.
struct Frame<S> {
    done: Done,
    state: S,
    /// The operation that led here.
    by: u32,
    /// What could come next, and was not tried yet.
    open: Vec<(u32, S)>,
    /// How many answered operations have taken effect.
    answered: usize,
}

/// It asks whether to stop after so many steps: some hundredths of a second.
const LOOK: u64 = 1 << 16;

/// Looks for an order. Operations are in order of their beginnings.
pub(super) fn search<M: Model>(
    model: &M,
    operations: &[Operation],
    budget: u64,
    stop: &Stop,
) -> Found {
    let wanted = operations.iter().filter(|operation| operation.is_answered()).count();
    if wanted == 0 {
        return Found::Order;
    }
    let mut search = Search { model, operations, steps: 0, seen: FxHashSet::default() };
    let (done, state) = (Done::default(), model.start());
    let open = search.next(&done, &state);
    let mut path = vec![Frame { done, state, by: OPEN, open, answered: 0 }];
    let mut best: Option<Stuck> = None;
    let mut furthest = 0;
    let mut look = LOOK;
    while let Some(frame) = path.last_mut() {
        if search.steps > budget {
            return Found::Open;
        }
        if search.steps > look {
            look = search.steps + LOOK;
            if stop.is_wanted() {
                return Found::Open;
            }
        }
        let Some((by, state)) = frame.open.pop() else {
            if best.is_none() || frame.answered > furthest {
                furthest = frame.answered;
                best = search.stuck(&path);
            }
            path.pop();
            continue;
        };
        let mut done = frame.done.clone();
        done.insert(by);
        let answered = frame.answered + usize::from(operations[by as usize].is_answered());
        if answered == wanted {
            return Found::Order;
        }
        if !search.seen.insert((done.clone(), state.clone())) {
            continue;
        }
        let open = search.next(&done, &state);
        path.push(Frame { done, state, by, open, answered });
    }
    best.map_or(Found::Order, Found::Stuck)
}

struct Search<'a, M: Model> {
    model: &'a M,
    operations: &'a [Operation],
    steps: u64,
    seen: FxHashSet<(Done, M::State)>,
}

impl<M: Model> Search<'_, M> {
    /// What can take effect next: whatever began before the first end of what has not
    /// yet. The last is tried first, so what is answered soonest stands last, and what
    /// is left open first.
    fn next(&mut self, done: &Done, state: &M::State) -> Vec<(u32, M::State)> {
        let mut candidates = Vec::new();
        let mut end = OPEN;
        for number in done.whole..self.operations.len() as u32 {
            let operation = &self.operations[number as usize];
            if operation.begin > end {
                break;
            }
            if !done.has(number) {
                end = end.min(operation.end);
                candidates.push(number);
            }
        }
        candidates.sort_by_key(|&number| std::cmp::Reverse(self.operations[number as usize].end));
        let mut next = Vec::new();
        for number in candidates {
            self.steps += 1;
            let states = self.model.step(state, &self.operations[number as usize].call);
            next.extend(states.into_iter().map(|state| (number, state)));
        }
        next
    }

    /// What the end of a path says.
    fn stuck(&self, path: &[Frame<M::State>]) -> Option<Stuck> {
        let last = path.last()?;
        let open = (0..self.operations.len() as u32).filter(|&number| !last.done.has(number));
        Some(Stuck {
            order: path[1..].iter().map(|frame| frame.by).collect(),
            state: format!("{:?}", last.state),
            operation: open.min_by_key(|&number| self.operations[number as usize].end)?,
        })
    }
}
