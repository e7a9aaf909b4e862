//! Faults from their beginnings to their ends.

use glomers_sim::{Change, Fault, FaultEvent};

/// How many faults begin.
pub(crate) fn begun(faults: &[FaultEvent]) -> u64 {
    faults.iter().filter(|event| event.fault().is_some()).count() as u64
}

/// A fault, with its end if it has one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Window {
    pub(crate) id: u32,
    pub(crate) fault: Fault,
    /// When it begins, ns from the beginning of the main phase.
    pub(crate) from: u64,
    /// When it ends, likewise.
    pub(crate) until: Option<u64>,
}

/// The windows of a schedule.
pub(crate) fn windows(faults: &[FaultEvent]) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    for event in faults {
        match &event.change {
            Change::Begin { id, fault } => {
                windows.push(Window { id: *id, fault: fault.clone(), from: event.at, until: None })
            }
            Change::End { id } => {
                if let Some(open) = windows.iter_mut().find(|window| window.id == *id) {
                    open.until.get_or_insert(event.at);
                }
            }
        }
    }
    windows
}

/// The schedule of windows, in order of time.
pub(crate) fn schedule(windows: &[Window]) -> Vec<FaultEvent> {
    let begins = windows.iter().map(|one| FaultEvent::begin(one.from, one.id, one.fault.clone()));
    let ends = windows.iter().filter_map(|one| Some(FaultEvent::end(one.until?, one.id)));
    // What ends at a moment ends before the next begins, unless it begins there, too.
    let at_once = |event: &FaultEvent| {
        windows.iter().any(|one| one.id == event.id() && one.until == Some(one.from))
    };
    let mut faults: Vec<FaultEvent> = begins.chain(ends).collect();
    faults.sort_by_key(|event| {
        let begins = event.fault().is_some();
        (event.at, if at_once(event) { 2 + u8::from(!begins) } else { u8::from(begins) })
    });
    faults
}
