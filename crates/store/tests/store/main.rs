//! The store from outside: what a user of the crate sees.

mod common;
mod damage;
mod directory;
mod events;
mod files;
mod recover;
