//! Counters that lose, repeat or misread additions.
//!
//! The finding is `wrong-final-count` for all of them.
//!
//! | node | what is wrong | under | minimal case |
//! |---|---|---|---|
//! | `counter-without-cas` | the sum is read from a service, added to and written | nothing | two nodes, two additions at once |
//! | `counter-ignores-collision` | a compare-and-set that fails is not tried again | nothing | two nodes, two additions at once |
//! | `counter-counts-retries` | additions are told to others again until they answer, and who answers late adds twice | loss | two nodes, one addition, its answer lost |
//! | `counter-stale` | reads of seq-kv without a write before | nothing | two nodes, one addition |
//! | `counter-loses-concurrent` | between reading the node's own sum and setting it lies a wait | two clients a node | one node, two additions at once |
//! | `counter-restarts-at-zero` | a node's key in the service is overwritten by a sum that is counted from its start | kills | one node, one addition, a kill, one addition |
//! | `pn-counter-forgets-negatives` | of two totals of a node the larger is taken for the newer | nothing | two nodes, an addition of −1 |
//! | `pn-counter-stops-at-zero` | a total is unsigned and stops at zero | nothing | one node, additions of −1 and 1 |
//! | `pn-counter-compares-added` | of two views of a node the one with more added counts, whatever was taken away | ten nodes | two nodes, an addition of 1, an exchange, one of −1 |
//! | `pn-counter-newer-by-time` | of two views of a node the one that came last counts | latency | two nodes, two additions, whose messages overtake each other |

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_node::protocol::rpc::counter::{Add, AddOk, Read, ReadOk};
use glomers_node::{ErrorCode, Message, Node, Retry, RpcError};
use serde::{Deserialize, Serialize};

/// A sum in the service lin-kv.
pub fn without_cas() -> Node<()> {
    Node::new()
        .on(async |cx, Add { delta }| {
            let kv = cx.lin_kv();
            let sum: Option<i64> = kv.get("sum").await?;
            // Wrong: another node may have written since.
            kv.write("sum", sum.unwrap_or(0) + delta).await?;
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { value: cx.lin_kv().get("sum").await?.unwrap_or(0) }))
}

/// The same with compare-and-set.
pub fn ignores_collision() -> Node<()> {
    Node::new()
        .on(async |cx, Add { delta }| {
            let kv = cx.lin_kv();
            let sum: Option<i64> = kv.get("sum").await?;
            let changed = match sum {
                Some(sum) => kv.cas("sum", sum, sum + delta).await,
                None => kv.create("sum", delta).await,
            };
            match changed {
                // Wrong: somebody was faster, and this addition is not there.
                Err(error) if error.code == ErrorCode::PRECONDITION_FAILED => Ok(AddOk {}),
                changed => changed.map(|()| AddOk {}),
            }
        })
        .on(async |cx, Read {}| Ok(ReadOk { value: cx.lin_kv().get("sum").await?.unwrap_or(0) }))
}

/// A sum on each node.
pub fn counts_retries() -> Node<i64> {
    Node::<i64>::new()
        .on(async |cx, Add { delta }| {
            cx.with(|sum| *sum += delta);
            for peer in cx.others().filter(|_| cx.src().is_client()) {
                // Wrong: that no answer came does not say that nothing was added.
                let rpc = cx.rpc(peer, Add { delta }).timeout(Duration::from_millis(50));
                let call = rpc.retry(Retry::forever());
                cx.spawn(async { call.await.map(|_| ()) });
            }
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { value: cx.with(|sum| *sum) }))
}

/// A sum in the service seq-kv.
pub fn stale() -> Node<()> {
    Node::new()
        .on(async |cx, Add { delta }| {
            let add = |sum: Option<i64>| sum.unwrap_or(0) + delta;
            cx.seq_kv().update("sum", add).await?;
            Ok(AddOk {})
        })
        // Wrong: a node that writes nothing may see an old state for ever.
        .on(async |cx, Read {}| Ok(ReadOk { value: cx.seq_kv().get("sum").await?.unwrap_or(0) }))
}

/// A node's own additions, kept in memory and in a key of seq-kv.
async fn sum_of_all(cx: &glomers_node::Context<i64>) -> Result<ReadOk, RpcError> {
    let kv = cx.lin_kv();
    let mut value = 0;
    for node in cx.peers().iter() {
        value += kv.get::<i64>(node.as_str()).await?.unwrap_or(0);
    }
    Ok(ReadOk { value })
}

/// Adds to what the node knows of its key.
pub fn loses_concurrent() -> Node<i64> {
    Node::<i64>::new()
        .on_start(async |cx| {
            let sum: Option<i64> = cx.lin_kv().get(cx.id().as_str()).await?;
            cx.with(|own| *own = sum.unwrap_or(0));
            Ok::<_, RpcError>(())
        })
        .on(async |cx, Add { delta }| {
            let sum = cx.with(|own| *own) + delta;
            cx.lin_kv().write(cx.id().as_str(), sum).await?;
            // Wrong: the same happened for another client while this one waited.
            cx.with(|own| *own = sum);
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| sum_of_all(&cx).await)
}

/// Adds first, then writes.
pub fn restarts_at_zero() -> Node<i64> {
    Node::<i64>::new()
        .on(async |cx, Add { delta }| {
            let sum = cx.with(|own| {
                *own += delta;
                *own
            });
            // Wrong: after a restart this begins at zero, but the key does not.
            cx.lin_kv().write(cx.id().as_str(), sum).await?;
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| sum_of_all(&cx).await)
}

/// How often nodes tell all others what they know.
const PERIOD: Duration = Duration::from_millis(500);

/// What each node has counted.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
struct Totals {
    totals: BTreeMap<String, i64>,
}

/// Nodes that have a view of all totals, and tell all others of it with every
/// addition and every so often. `merge` is what becomes of two views of a total,
/// the node's own first.
fn gossip(merge: fn(i64, i64) -> i64) -> Node<BTreeMap<String, i64>> {
    Node::<BTreeMap<String, i64>>::new()
        .on_start(async |cx| {
            cx.every(PERIOD, async |cx| {
                let totals = cx.with(|totals| totals.clone());
                cx.send_all(cx.others(), Totals { totals });
            });
        })
        .on(async |cx, Add { delta }| {
            let totals = cx.with(|totals| {
                *totals.entry(cx.id().to_string()).or_default() += delta;
                totals.clone()
            });
            cx.send_all(cx.others(), Totals { totals });
            Ok(AddOk {})
        })
        .on_message(async move |cx, Totals { totals }| {
            cx.with(|mine| {
                for (node, total) in totals {
                    let known = mine.entry(node).or_insert(total);
                    *known = merge(*known, total);
                }
            });
        })
        .on(async |cx, Read {}| Ok(ReadOk { value: cx.with(|totals| totals.values().sum()) }))
}

/// Takes maxima.
pub fn forgets_negatives() -> Node<BTreeMap<String, i64>> {
    // Wrong: that finds the newer of two views only if totals never shrink.
    gossip(i64::max)
}

/// Has never heard of debts.
pub fn stops_at_zero() -> Node<()> {
    Node::new()
        .on(async |cx, Add { delta }| {
            // Wrong: what is taken away from nothing is forgotten.
            let add = |sum: Option<i64>| (sum.unwrap_or(0) + delta).max(0);
            cx.lin_kv().update("sum", add).await?;
            Ok(AddOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { value: cx.lin_kv().get("sum").await?.unwrap_or(0) }))
}

/// Believes the last who spoke.
pub fn newer_by_time() -> Node<BTreeMap<String, i64>> {
    // Wrong: what comes later may be older, even about the node itself.
    gossip(|_, theirs| theirs)
}

/// What each node has counted: added, and taken away.
type Counted = BTreeMap<String, (i64, i64)>;

#[derive(Debug, Clone, Serialize, Deserialize, Message)]
struct View {
    counted: Counted,
}

/// Keeps what was added and what was taken away apart, as it should.
pub fn compares_added() -> Node<Counted> {
    Node::<Counted>::new()
        .on_start(async |cx| {
            cx.every(PERIOD, async |cx| {
                let counted = cx.with(|counted| counted.clone());
                cx.send_all(cx.others(), View { counted });
            });
        })
        .on(async |cx, Add { delta }| {
            cx.with(|counted| {
                let (added, taken) = counted.entry(cx.id().to_string()).or_default();
                *if delta >= 0 { added } else { taken } += delta.abs();
            });
            Ok(AddOk {})
        })
        .on_message(async |cx, View { counted }| {
            cx.with(|mine| {
                for (node, theirs) in counted {
                    let ours = mine.entry(node).or_default();
                    // Wrong: with as much added, more may have been taken away.
                    if theirs.0 > ours.0 {
                        *ours = theirs;
                    }
                }
            });
        })
        .on(async |cx, Read {}| {
            let value = |(added, taken): &(i64, i64)| added - taken;
            Ok(ReadOk { value: cx.with(|counted| counted.values().map(value).sum()) })
        })
}
