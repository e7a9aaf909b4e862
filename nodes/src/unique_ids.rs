//! Ids that no node ever gave before, without asking anybody. (Challenge 2.)
//!
//! An id has three parts, `n2-i4-17`:
//!
//! - the node's id: two nodes never give the same;
//! - the number of the node's incarnation, which it keeps on its disk. Where there
//!   is none it is 64 random bits (`n2-1c9d5a0f7be34d21-17`): two incarnations
//!   give the same with probability 2⁻⁶⁴, though nothing is stored;
//! - a counter: an incarnation never gives the same twice.

use glomers_node::protocol::rpc::unique_ids::{Generate, GenerateOk};
use glomers_node::{Context, DiskError, Node, RpcError};

/// Where the number of the last incarnation is kept.
const FILE: &str = "incarnation";

/// What an incarnation remembers.
#[derive(Debug, Default)]
pub struct State {
    /// What no other incarnation of this node has.
    incarnation: String,
    count: u64,
    /// Whether that is certain, because it is durable or random.
    is_certain: bool,
}

/// The node.
pub fn node() -> Node<State> {
    Node::<State>::new().on_start(begin).on(async |cx, Generate {}| {
        if !cx.with(|state| state.is_certain) {
            // Nobody may see an id before the number in it is durable.
            cx.sync().await?;
        }
        let (incarnation, count) = cx.with(|state| {
            state.count += 1;
            (state.incarnation.clone(), state.count)
        });
        Ok(GenerateOk { id: format!("{}-{incarnation}-{count}", cx.id()).into() })
    })
}

async fn begin(cx: Context<State>) -> Result<(), RpcError> {
    let bits = cx.with_rng(|rng| rng.bits());
    match next_incarnation(&cx) {
        Ok(number) => {
            cx.with(|state| state.incarnation = format!("i{number}"));
            cx.sync().await?;
        }
        Err(error) => {
            cx.log(format!("incarnations are told apart by random bits: {error}"));
            cx.with(|state| state.incarnation = format!("{bits:016x}"));
        }
    }
    cx.with(|state| state.is_certain = true);
    Ok(())
}

/// Counts this incarnation.
fn next_incarnation(cx: &Context<State>) -> Result<u64, DiskError> {
    cx.disk(|disk| {
        let before = disk.get(FILE)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let number = match before {
            None => 0,
            Some(text) => text
                .parse::<u64>()
                .map_err(|_| DiskError::Failed(format!("{FILE:?} holds {text:?}, no number")))?
                .wrapping_add(1),
        };
        disk.put(FILE, number.to_string().as_bytes())?;
        Ok(number)
    })?
}

#[cfg(test)]
mod tests {
    use glomers_node::testing::TestNode;
    use glomers_node::{DiskCall, Identity, MemoryDisk};

    use super::*;

    fn start(disk: &MemoryDisk) -> TestNode {
        let identity = Identity { seed: 1, incarnation: None };
        let mut node = TestNode::with_disk(node(), identity, disk.clone());
        node.init("n2", &["n1", "n2"]);
        node
    }

    fn id(node: &mut TestNode) -> String {
        node.call(Generate {}).unwrap().id.as_str().unwrap().to_owned()
    }

    #[test]
    fn each_incarnation_has_a_number_of_its_own() {
        let disk = MemoryDisk::new();
        let mut first = start(&disk);
        assert_eq!([id(&mut first), id(&mut first)], ["n2-i0-1", "n2-i0-2"]);
        assert_eq!(id(&mut start(&disk)), "n2-i1-1");
    }

    #[test]
    fn no_id_is_given_before_its_incarnation_is_durable() {
        let disk = MemoryDisk::new();
        let identity = Identity { seed: 1, incarnation: None };
        let mut node = TestNode::with_disk(node(), identity, disk);
        node.sync_by_hand();
        node.init("n2", &["n2"]);
        assert!(node.request_from("c1", 7, Generate {}).is_empty());
        assert!(node.sync()[0].reply_to(7).is_some());
    }

    #[test]
    fn without_a_disk_that_works_random_bits_tell_incarnations_apart() {
        let disk = MemoryDisk::new();
        disk.set_fault(Some(Box::new(|call| (call == DiskCall::Put).then_some(DiskError::Full))));
        assert_eq!(id(&mut start(&disk)).len(), "n2-".len() + 16 + "-1".len());
    }
}
