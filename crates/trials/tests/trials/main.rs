//! Reference nodes, broken nodes and scenarios in virtual time.

mod causal;
mod challenges;
mod durable;
mod faults_bite;
mod gallery;
mod raft_settings;
mod scenarios;
mod workloads;
