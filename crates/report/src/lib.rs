//! What runs have measured, as tables, figures and files for other tools.
//!
//! Reads data and gives text or bytes; never runs anything, and writes no file
//! itself. The same data give the same bytes.
//!
//! - [`frontier`]: broadcast algorithms, messages against latency: a table, a
//!   figure (SVG), JSON and Parquet;
//! - [`comparison`]: two sides over the same seeds: ratios with confidence
//!   intervals, and in words;
//! - [`operations`]: operations in time, to see what is wrong with them: SVG;
//! - [`layout`]: tables that fit where they are shown;
//! - [`trace`]: a run as a space-time view.

pub mod comparison;
pub mod frontier;
pub mod layout;
pub mod operations;
mod scale;
mod svg;
pub mod trace;
