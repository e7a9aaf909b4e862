//! The services that every cluster has: key-value stores of several strengths
//! and a source of timestamps. They sit in the network as nodes do, with latency, and
//! are never broken; their links are, if the Plan says so.

mod lin_kv;
mod lin_tso;
mod lww_kv;
mod request;
mod seq_kv;
#[cfg(test)]
mod tests;

use glomers_node::{NodeId, Payload};

use crate::draws::{Draws, Purpose};
use glomers_history::Endpoint;
use request::{ReplyTo, Request};

/// The names of the services, by their places among them.
pub const SERVICES: [&str; 4] = ["lin-kv", "seq-kv", "lww-kv", "lin-tso"];

/// All services of a run.
pub(crate) struct Services {
    pub(crate) names: [NodeId; SERVICES.len()],
    seed: u64,
    /// Requests that each service took so far.
    counts: [u64; SERVICES.len()],
    lin_kv: lin_kv::LinKv,
    seq_kv: seq_kv::SeqKv,
    lww_kv: lww_kv::LwwKv,
    lin_tso: lin_tso::LinTso,
}

impl Services {
    pub(crate) fn new(seed: u64) -> Services {
        Services {
            names: SERVICES.map(NodeId::new),
            seed,
            counts: [0; SERVICES.len()],
            lin_kv: lin_kv::LinKv::default(),
            seq_kv: seq_kv::SeqKv::default(),
            lww_kv: lww_kv::LwwKv::default(),
            lin_tso: lin_tso::LinTso::default(),
        }
    }

    /// The place of the service of this name.
    pub(crate) fn place(name: &str) -> Option<u32> {
        SERVICES.iter().position(|service| *service == name).map(|place| place as u32)
    }

    /// What a service answers to a message of this key; `None` if it does not know such
    /// requests.
    pub(crate) fn answer(
        &mut self,
        service: u32,
        sender: Endpoint,
        payload: &Payload,
        key: u64,
    ) -> Option<Payload> {
        let place = service as usize;
        if SERVICES[place] == "lin-tso" {
            if payload.header().kind() != "ts" {
                return None;
            }
            self.counts[place] += 1;
            return Some(self.lin_tso.answer(ReplyTo::read(payload)));
        }
        let request = Request::read(payload)?;
        let to = ReplyTo::read(payload);
        let request = match request {
            Ok(request) => request,
            Err(error) => return Some(to.reply(error)),
        };
        self.counts[place] += 1;
        let mut draws = Draws::keyed(self.seed, Purpose::Service, key, 0, 0);
        let answer = match SERVICES[place] {
            "lin-kv" => self.lin_kv.answer(&request),
            "seq-kv" => self.seq_kv.answer(sender, &request, &mut draws),
            _ => self.lww_kv.answer(&request, &mut draws),
        };
        Some(answer.into_payload(to))
    }
}
