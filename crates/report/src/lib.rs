//! What runs have measured, as tables, figures and files for other tools.
//!
//! Reads data and stores, and gives text or bytes; never runs anything, and writes no file
//! itself. The same data give the same bytes.
//!
//! - [`frontier`]: broadcast algorithms, messages against latency: a table, a
//!   figure (SVG), JSON and Parquet;
//! - [`comparison`]: two sides over the same seeds: ratios with confidence
//!   intervals, and in words;
//! - [`circle`]: operations that would each have to come before the next: SVG;
//! - [`operations`]: operations in time, to see what is wrong with them: SVG;
//! - [`picture`]: which of the two a finding is drawn as;
//! - [`layout`]: tables that fit where they are shown;
//! - [`trace`]: a run as a space-time view;
//! - [`page`]: a run as one page for the browser;
//! - [`export`]: a run for other tools: Perfetto, ShiViz, lines of JSON;
//! - [`tables`]: reports of many runs for the browser.

pub mod circle;
pub mod comparison;
pub mod export;
pub mod frontier;
pub mod layout;
pub mod operations;
pub mod page;
pub mod picture;
mod scale;
mod svg;
pub mod tables;
pub mod trace;
