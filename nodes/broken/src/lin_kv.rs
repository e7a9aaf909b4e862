//! Registers that are not what one copy would be.
//!
//! The finding is `not-linearizable` where nothing else is said.
//!
//! | node | what is wrong | under | minimal case |
//! |---|---|---|---|
//! | `proxy-caches` | a value that was read or written is answered from memory for a while | nothing | two nodes, a write and a read at one, a write at the other, a read at the first |
//! | `proxy-retries-cas` | a compare-and-set that is not answered in time is sent again | latency | one node, a cas that is answered late, a read |
//! | `proxy-retries-write` | a write that is not answered in time is sent again | latency | two nodes, a write that is answered late, another write, a read |
//! | `proxy-compares-itself` | a cas is a read, a comparison and a write | latency | two nodes, two cas at once |
//! | `proxy-seq-kv` | the registers are those of seq-kv, which may show old states | latency | two nodes, a write at one, a read at the other |
//! | `proxy-lww-kv` | the registers are those of lww-kv, which may lose writes | latency | one node, a write, a read |
//! | `proxy-null-on-timeout` | a read that is not answered in time is answered with null (`null-read`) | latency | one node, a write, a read that is answered late |
//! | `proxy-missing-on-timeout` | it is answered with "there is no such key" (`wrong-refusal`) | latency; refusals are checked | one node, a write, a read that is answered late |
//! | `registers-cas-twice` | between the comparison of a cas and its change lies a wait | nothing | one node, two cas at once |
//! | `registers-remove-first` | a write removes the old value, waits, and puts the new one (`wrong-refusal`) | nothing | one node, a write, another write and a read at once |
//! | `proxy-remembers` | a read that is not answered in time is answered with the value that the node saw last | partitions from the service | two nodes, a write at one, apart from the service, a write at the other, a read at the first |
//! | `registers-alone` | each node has registers of its own | nothing | two nodes, a write at one, a read at the other |

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_node::protocol::rpc::kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk};
use glomers_node::{Context, ErrorCode, Kv, Node, NodeId, Request, Retry, RpcError, Time, Value};

/// How long the service may take to answer.
const PATIENCE: Duration = Duration::from_millis(30);

/// How long the two halves of what should be one step lie apart.
const MOMENT: Duration = Duration::from_millis(5);

/// For how long a value is taken to be what it was.
const FRESH: Duration = Duration::from_millis(100);

async fn ask<S: 'static, M: Request>(
    cx: &Context<S>,
    service: &str,
    message: M,
) -> Result<M::Reply, RpcError> {
    cx.rpc(&NodeId::new(service), message).await
}

/// Asks, and asks again.
async fn insist<M: Request>(cx: &Context<()>, message: M) -> Result<M::Reply, RpcError> {
    let rpc = cx.rpc(&NodeId::new("lin-kv"), message).timeout(PATIENCE);
    rpc.retry(Retry::forever()).await
}

/// A value, and when it was seen.
pub type Cache = BTreeMap<Value, (Value, Time)>;

/// Asks the service only for what it has not seen of late.
pub fn caches() -> Node<Cache> {
    Node::<Cache>::new()
        .on(async |cx, Read { key }| {
            let now = cx.now();
            let is_fresh = |(_, seen): &&(Value, Time)| now.since(*seen) < FRESH;
            // Wrong: another node may have changed it since.
            let cached = cx.with(|cache| cache.get(&key).filter(is_fresh).cloned());
            if let Some((value, _)) = cached {
                return Ok(ReadOk { value });
            }
            let ReadOk { value } = ask(&cx, "lin-kv", Read { key: key.clone() }).await?;
            cx.with(|cache| cache.insert(key, (value.clone(), cx.now())));
            Ok(ReadOk { value })
        })
        .on(async |cx, Write { key, value }| {
            let write = Write { key: key.clone(), value: value.clone() };
            let written = ask(&cx, "lin-kv", write).await?;
            cx.with(|cache| cache.insert(key, (value, cx.now())));
            Ok(written)
        })
        .on(async |cx, cas: Cas| {
            let (key, to) = (cas.key.clone(), cas.to.clone());
            let swapped = ask(&cx, "lin-kv", cas).await?;
            cx.with(|cache| cache.insert(key, (to, cx.now())));
            Ok(swapped)
        })
}

/// Insists on a compare-and-set.
pub fn retries_cas() -> Node<()> {
    Node::new()
        .on(async |cx, read: Read| ask(&cx, "lin-kv", read).await)
        .on(async |cx, write: Write| ask(&cx, "lin-kv", write).await)
        // Wrong: if the first was done, the second fails, and the client hears
        // that nothing was done.
        .on(async |cx, cas: Cas| insist(&cx, cas).await)
}

/// Insists on a write.
pub fn retries_write() -> Node<()> {
    Node::new()
        .on(async |cx, read: Read| ask(&cx, "lin-kv", read).await)
        // Wrong: a write that comes after its answer undoes what others did
        // meanwhile.
        .on(async |cx, write: Write| insist(&cx, write).await)
        .on(async |cx, cas: Cas| ask(&cx, "lin-kv", cas).await)
}

/// Needs no compare-and-set.
pub fn compares_itself() -> Node<()> {
    Node::new()
        .on(async |cx, read: Read| ask(&cx, "lin-kv", read).await)
        .on(async |cx, write: Write| ask(&cx, "lin-kv", write).await)
        .on(async |cx, Cas { key, from, to, .. }| {
            let old: Value = cx.lin_kv().read(key.clone()).await?;
            if old != from {
                let text = format!("current value {old} is not {from}");
                return Err(RpcError::new(ErrorCode::PRECONDITION_FAILED, text));
            }
            // Wrong: it may have another value by now.
            cx.lin_kv().write(key, to).await?;
            Ok(CasOk {})
        })
}

/// Passes everything on to another service.
fn pass_on(service: &'static str) -> Node<()> {
    Node::new()
        .on(async move |cx, read: Read| ask(&cx, service, read).await)
        .on(async move |cx, write: Write| ask(&cx, service, write).await)
        .on(async move |cx, cas: Cas| ask(&cx, service, cas).await)
}

/// Trusts in a service that promises less.
pub fn seq_kv() -> Node<()> {
    // Wrong: reads may be old.
    pass_on("seq-kv")
}

/// Trusts in a service that promises nearly nothing.
pub fn lww_kv() -> Node<()> {
    // Wrong: its replicas need not know of each other.
    pass_on("lww-kv")
}

/// Gives reads a time limit, and this for an answer when it is over.
fn limits_reads(answer: fn(RpcError) -> Result<Value, RpcError>) -> Node<()> {
    Node::new()
        .on(async move |cx, Read { key }| {
            let kv: Kv = cx.lin_kv().timeout(PATIENCE);
            match kv.read::<Value>(key).await {
                Err(error) if error.code == ErrorCode::TIMEOUT => {
                    Ok(ReadOk { value: answer(error)? })
                }
                value => Ok(ReadOk { value: value? }),
            }
        })
        .on(async |cx, write: Write| ask(&cx, "lin-kv", write).await)
        .on(async |cx, cas: Cas| ask(&cx, "lin-kv", cas).await)
}

/// Knows nothing, and says "nothing".
pub fn null_on_timeout() -> Node<()> {
    // Wrong: null says that there is no value.
    limits_reads(|_| Ok(Value::Null))
}

/// Finds nothing, and says that there is nothing.
pub fn missing_on_timeout() -> Node<()> {
    // Wrong: whether the key exists, it does not know.
    limits_reads(|error| Err(RpcError::new(ErrorCode::KEY_DOES_NOT_EXIST, error.text)))
}

/// Answers from memory if there is no other answer.
pub fn remembers() -> Node<BTreeMap<Value, Value>> {
    Node::<BTreeMap<Value, Value>>::new()
        .on(async |cx, Read { key }| {
            let read = Read { key: key.clone() };
            let answer = cx.rpc(&NodeId::new("lin-kv"), read).timeout(PATIENCE).await;
            let known = || cx.with(|seen| seen.get(&key).cloned());
            match answer {
                Ok(ReadOk { value }) => {
                    cx.with(|seen| seen.insert(key, value.clone()));
                    Ok(ReadOk { value })
                }
                // Wrong: others may reach the service, and change it.
                Err(error) if error.code == ErrorCode::TIMEOUT => {
                    Ok(ReadOk { value: known().ok_or(error)? })
                }
                Err(error) => Err(error),
            }
        })
        .on(async |cx, write: Write| {
            let (key, value) = (write.key.clone(), write.value.clone());
            let written = ask(&cx, "lin-kv", write).await?;
            cx.with(|seen| seen.insert(key, value));
            Ok(written)
        })
        .on(async |cx, cas: Cas| {
            let (key, to) = (cas.key.clone(), cas.to.clone());
            let swapped = ask(&cx, "lin-kv", cas).await?;
            cx.with(|seen| seen.insert(key, to));
            Ok(swapped)
        })
}

/// The registers of one node.
pub type Registers = BTreeMap<Value, Value>;

fn missing() -> RpcError {
    RpcError::new(ErrorCode::KEY_DOES_NOT_EXIST, "there is no such key")
}

/// The value of a key, if that is what a cas expects.
fn compare(registers: &Registers, key: &Value, from: &Value) -> Result<(), RpcError> {
    let old = registers.get(key).ok_or_else(missing)?;
    if old != from {
        let text = format!("current value {old} is not {from}");
        return Err(RpcError::new(ErrorCode::PRECONDITION_FAILED, text));
    }
    Ok(())
}

fn reads(node: Node<Registers>) -> Node<Registers> {
    node.on(async move |cx, Read { key }| {
        let value = cx.with(|registers| registers.get(&key).cloned());
        Ok(ReadOk { value: value.ok_or_else(missing)? })
    })
}

fn writes(node: Node<Registers>) -> Node<Registers> {
    node.on(async |cx, Write { key, value }| {
        cx.with(|registers| registers.insert(key, value));
        Ok(WriteOk {})
    })
}

fn swaps(node: Node<Registers>) -> Node<Registers> {
    node.on(async |cx, Cas { key, from, to, .. }| {
        cx.with(|registers| {
            compare(registers, &key, &from)?;
            registers.insert(key, to);
            Ok(CasOk {})
        })
    })
}

/// Has never heard of other nodes.
pub fn alone() -> Node<Registers> {
    // Wrong only in a cluster of several: nobody shares a register.
    swaps(writes(reads(Node::new())))
}

/// Does a compare-and-set in two steps.
pub fn cas_twice() -> Node<Registers> {
    writes(reads(Node::new())).on(async |cx, Cas { key, from, to, .. }| {
        cx.with(|registers| compare(registers, &key, &from))?;
        // Wrong: another cas may find the same value meanwhile, and both succeed.
        cx.sleep(MOMENT).await;
        cx.with(|registers| registers.insert(key, to));
        Ok(CasOk {})
    })
}

/// Makes room for a value before it stores it.
pub fn remove_first() -> Node<Registers> {
    swaps(reads(Node::new())).on(async |cx, Write { key, value }| {
        cx.with(|registers| registers.remove(&key));
        // Wrong: who asks meanwhile is told that there is no such key.
        cx.sleep(MOMENT).await;
        cx.with(|registers| registers.insert(key, value));
        Ok(WriteOk {})
    })
}
