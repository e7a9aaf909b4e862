//! Raft on the kernel, without a cluster: rules one by one, and the properties of
//! figure 3 of the paper under any order of messages.

mod kernel;
mod net;
mod one;
mod properties;
mod requests;
