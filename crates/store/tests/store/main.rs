//! The store from outside: what a user of the crate sees.

mod common;
mod directory;
mod files;
mod recover;
