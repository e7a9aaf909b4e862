//! The engine, behaviour by behaviour, with nodes of a few lines. Every run is
//! made twice, with typed bodies and over JSON text, and must be the same.

mod blame;
mod chooser;
mod common;
mod crashes;
mod disk;
mod draws;
mod faults;
mod latency;
mod lines;
mod lives;
mod network;
mod operations;
mod standstill;
mod starts;
