//! The command as users run it: the built program, its output, its stores and its exit statuses.
//!
//! One program for all of these tests: it is linked once, and slow tests share the time with
//! others. `cargo test -p glomers-cli --test command book::` runs one file.

mod bad_input;
mod bad_stores;
mod book;
mod chapter_faults;
mod check;
mod check_cases;
mod ci;
mod compare;
mod deploy;
mod determinism;
mod ends;
mod frontier;
mod gallery;
mod guide;
mod hunt;
mod hunt_kills;
mod logs;
mod network_models;
mod new;
mod node;
mod output;
mod protocol;
mod random_kills;
mod readme;
mod real_faults;
mod replay;
mod report;
mod robust;
mod serve;
mod shrink;
mod submissions;
mod support;
mod traced;
mod traced_shrink;
mod typed_lines;
mod usage;
mod verdicts;
