use std::io::IsTerminal as _;

use glomers_sim::Engine;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar on the terminal; nothing where nobody looks.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Shows nothing.
    pub(crate) fn none() -> Progress {
        Progress { bar: ProgressBar::hidden() }
    }

    /// For a run in real time.
    pub(crate) fn of_run(name: &str) -> Progress {
        let bar = Progress::bar("{prefix} {bar:30} {msg}");
        bar.set_prefix(name.to_owned());
        Progress { bar }
    }

    /// For many runs.
    pub(crate) fn of_runs(count: u64) -> Progress {
        let bar = Progress::bar("{bar:30} {pos}/{len} runs, {eta} left {msg}");
        bar.set_length(count);
        Progress { bar }
    }

    /// For submissions that are graded.
    pub(crate) fn of_submissions(count: u64) -> Progress {
        let bar = Progress::bar("{bar:30} {pos}/{len} submissions, {elapsed}");
        bar.set_length(count);
        Progress { bar }
    }

    /// For a hunt, of which so many runs are done; how many there will be is not always
    /// known.
    pub(crate) fn of_hunt(count: Option<u64>, done: u64) -> Progress {
        let bar = match count {
            Some(_) => "{bar:30} {pos}/{len} seeds, {per_sec}, {eta} left; {msg}",
            None => "{spinner} {pos} seeds, {per_sec}, {elapsed}; {msg}",
        };
        let bar = Progress::bar(bar);
        if let Some(count) = count {
            bar.set_length(count);
        }
        bar.set_position(done);
        bar.reset_eta();
        Progress { bar }
    }

    /// One run more of a hunt is over, and so many different findings are known.
    pub(crate) fn hunted(&self, groups: usize) {
        self.bar.inc(1);
        let s = if groups == 1 { "" } else { "s" };
        self.bar.set_message(format!("{groups} finding{s}"));
    }

    fn bar(template: &str) -> ProgressBar {
        if !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━━ "));
        }
        bar
    }

    /// How far a run is.
    pub(crate) fn show(&self, engine: &Engine<'_>) {
        let (done, all) = engine.progress();
        self.bar.set_length(all.as_millis() as u64);
        self.bar.set_position(done.as_millis() as u64);
        let net = engine.net();
        self.bar.set_message(format!(
            "{:.0}/{:.0} s, {} operations, {} messages",
            done.as_secs_f64(),
            all.as_secs_f64(),
            net.operations,
            net.all().sent
        ));
    }

    /// One run more is over.
    pub(crate) fn advance(&self) {
        self.bar.inc(1);
    }

    /// Takes the bar away while something is printed.
    pub(crate) fn clear_for(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
