//! Panics: those of nodes are findings, those of Glomers are bugs of ours.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use crate::error::CRASHED;
use crate::out;

/// Says what a panic means instead of what Rust would print.
pub(crate) fn install_hook() {
    std::panic::set_hook(Box::new(hook));
}

fn hook(info: &PanicHookInfo<'_>) {
    if glomers_session::node_panicked(info) {
        // It becomes a finding, which is printed where findings are.
        return;
    }
    let place = info.location().map(ToString::to_string);
    let said = info.payload_as_str().unwrap_or("a panic without words");
    let place = place.unwrap_or_else(|| "an unknown place".to_owned());
    out::error(format_args!(
        "error: Glomers itself failed: {said} (at {place})\n  help: this is a bug of Glomers; \
         please report it with the command that you typed:\n        {}",
        std::env::args().collect::<Vec<String>>().join(" ")
    ));
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        out::error(backtrace);
    }
}

/// Runs the command; a panic ends it with an exit status of its own.
pub(crate) fn caught(run: impl FnOnce() -> ExitCode) -> ExitCode {
    // Nothing is used afterwards that a panic could have left half done.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
        .unwrap_or_else(|_| ExitCode::from(CRASHED))
}
