//! Ids that are not unique.
//!
//! | node | what is wrong | finding | under | minimal case |
//! |---|---|---|---|---|
//! | `ids-local-counter` | each node counts for itself, and the id does not name the node | `duplicate-id` | nothing | two nodes, an id from each |
//! | `ids-from-clock` | the node's name and its clock in ms, which two requests may share | `duplicate-id` | nothing | one node, two ids in one ms |
//! | `ids-after-restart` | the node's name and a counter that begins anew when it restarts | `duplicate-id` | kills | one node, one id, a kill, one id |
//! | `ids-few-bits` | a random number below 100,000 | `duplicate-id` | nothing | one node, some 400 ids for an even chance |
//! | `ids-overlapping-blocks` | blocks from a service, of which the last id is the first of the next | `duplicate-id` | nothing | two nodes, two blocks: 102 ids |

use glomers_node::protocol::rpc::unique_ids::{Generate, GenerateOk};
use glomers_node::{Context, Node, RpcError};

/// Counts.
pub fn local_counter() -> Node<u64> {
    Node::<u64>::new().on(async |cx, Generate {}| {
        let count = cx.with(|count| {
            *count += 1;
            *count
        });
        // Wrong: every node has a first id, and a second.
        Ok(GenerateOk { id: count.into() })
    })
}

/// Asks the clock.
pub fn from_clock() -> Node<()> {
    Node::new().on(async |cx, Generate {}| {
        // Wrong: a ms is long.
        let ms = cx.wall_clock().0 / 1_000_000;
        Ok(GenerateOk { id: format!("{}-{ms}", cx.id()).into() })
    })
}

/// Counts, and names the node.
pub fn after_restart() -> Node<u64> {
    Node::<u64>::new().on(async |cx, Generate {}| {
        let count = cx.with(|count| {
            *count += 1;
            *count
        });
        // Wrong: a node that was killed has forgotten how far it was.
        Ok(GenerateOk { id: format!("{}-{count}", cx.id()).into() })
    })
}

/// Rolls dice.
pub fn few_bits() -> Node<()> {
    Node::new().on(async |cx, Generate {}| {
        // Wrong: with n ids there are n²/2 pairs that must differ.
        Ok(GenerateOk { id: cx.random_below(100_000).into() })
    })
}

/// Ids that a node may give: from the first to the last.
#[derive(Debug, Default)]
pub struct Block {
    next: u64,
    last: u64,
}

/// How many ids a block has.
const BLOCK: u64 = 50;

/// Reserves blocks of ids.
pub fn overlapping_blocks() -> Node<Block> {
    Node::with_state(Block { next: 1, last: 0 }).on(async |cx, Generate {}| {
        loop {
            let id = cx.with(|block| {
                let id = block.next;
                block.next += 1;
                (id <= block.last).then_some(id)
            });
            match id {
                Some(id) => return Ok(GenerateOk { id: id.into() }),
                None => reserve(&cx).await?,
            }
        }
    })
}

async fn reserve(cx: &Context<Block>) -> Result<(), RpcError> {
    let number: u64 = cx.lin_kv().update("blocks", |n: Option<u64>| n.unwrap_or(0) + 1).await?;
    // Wrong: the last id of this block is the first of the next one.
    let (next, last) = ((number - 1) * BLOCK, number * BLOCK);
    cx.with(|block| *block = Block { next, last });
    Ok(())
}
