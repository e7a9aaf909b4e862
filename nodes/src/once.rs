//! Changes to a key of a key-value service that are made once, though requests and
//! answers may be lost, late, or there twice.
//!
//! A compare-and-set that is not answered may have been done or not, and may still be
//! done; and if the network doubles the request, the answer to the second, an error,
//! may come first. So a value is stored together with the numbers of the last changes
//! that were made to it. Who is not sure reads it: if the number of his change is
//! there, it was made. If not, it was not, and never will be unless the value is still
//! what he compared with, for no two states of a key are the same; so he may try again.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use glomers_node::{Context, Either, ErrorCode, Kv, RpcError, Time, Value, select};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How many changes a value remembers: more than others make while one waits.
const REMEMBERED: u64 = 64;

/// For how long the service is asked: a little less than a client waits for an answer.
const PATIENCE: Duration = Duration::from_millis(4500);

/// After how long it is asked again. The first answer counts, whichever it is to.
const AGAIN: Duration = Duration::from_millis(400);

/// The longest pause before a change that collided with another is tried again.
const LONGEST_PAUSE: u64 = 64;

/// A value as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stored<T> {
    value: T,
    /// How many changes there were.
    changes: u64,
    /// The numbers of the last of them.
    last: VecDeque<i64>,
}

/// Until when a request that came now is worth the trouble.
fn deadline<S: 'static>(cx: &Context<S>) -> Time {
    Time(cx.now().0.saturating_add(PATIENCE.as_nanos() as u64))
}

/// Asks again and again until there is an answer, to whichever question. `ask` is given
/// how long to wait for one. What is asked must be such that it does no harm when it is
/// done twice.
pub(crate) async fn insist<S: 'static, T, F>(
    cx: &Context<S>,
    until: Time,
    ask: impl Fn(Duration) -> F,
) -> Result<T, RpcError>
where
    F: Future<Output = Result<T, RpcError>>,
{
    let mut asked: Vec<Pin<Box<F>>> = Vec::new();
    loop {
        let left = Duration::from_nanos(until.0.saturating_sub(cx.now().0));
        if left.is_zero() {
            return Err(RpcError::new(ErrorCode::TIMEOUT, "the service does not answer"));
        }
        asked.push(Box::pin(ask(left)));
        let first = poll_fn(|context| {
            for question in &mut asked {
                if let Poll::Ready(answer) = question.as_mut().poll(context) {
                    return Poll::Ready(answer);
                }
            }
            Poll::Pending
        });
        if let Either::First(answer) = select(first, cx.sleep(AGAIN.min(left))).await {
            return answer;
        }
    }
}

/// The value of a key; `None` if there is none. Asks until there is an answer.
///
/// # Errors
/// If the service does not answer.
pub async fn read<S: 'static, T: DeserializeOwned>(
    cx: &Context<S>,
    kv: &Kv,
    key: impl Into<Value>,
) -> Result<Option<T>, RpcError> {
    let stored = stored::<S, T>(cx, kv, &key.into(), deadline(cx)).await?;
    Ok(stored.map(|stored| stored.value))
}

async fn stored<S: 'static, T: DeserializeOwned>(
    cx: &Context<S>,
    kv: &Kv,
    key: &Value,
    until: Time,
) -> Result<Option<Stored<T>>, RpcError> {
    insist(cx, until, |limit| {
        let (kv, key) = (kv.clone().timeout(limit), key.clone());
        async move { kv.get(key).await }
    })
    .await
}

/// Writes a value that nobody else ever writes to a key that nobody else writes to. Asks
/// until there is an answer.
///
/// # Errors
/// If the service does not answer; the key may be written all the same.
pub async fn write<S: 'static>(
    cx: &Context<S>,
    kv: &Kv,
    key: impl Into<Value>,
    value: impl Into<Value>,
) -> Result<(), RpcError> {
    let (key, value) = (key.into(), value.into());
    insist(cx, deadline(cx), |limit| {
        let (kv, key, value) = (kv.clone().timeout(limit), key.clone(), value.clone());
        async move { kv.write(key, value).await }
    })
    .await
}

/// Changes a key once: to what `f` makes of its value, which is `None` if there is no
/// such key. If `f` gives `None`, all is as it should be. `number` is that of the change:
/// no other may have it. Gives the value that the change led to.
///
/// # Errors
/// That of `f`, and then nothing was changed. If the service does not answer:
/// [`ErrorCode::TEMPORARILY_UNAVAILABLE`] if nothing can have been changed, else one
/// that leaves that open.
pub async fn change<S, T>(
    cx: &Context<S>,
    kv: &Kv,
    key: impl Into<Value>,
    number: i64,
    mut f: impl FnMut(Option<&T>) -> Result<Option<T>, RpcError>,
) -> Result<T, RpcError>
where
    S: 'static,
    T: Clone + Serialize + DeserializeOwned,
{
    let key = key.into();
    let until = deadline(cx);
    // How many changes there had been when this was first tried.
    let mut tried: Option<u64> = None;
    let mut collisions = 0;
    loop {
        let old = stored::<S, T>(cx, kv, &key, until).await;
        let old = old.map_err(|error| if tried.is_none() { unavailable(&error) } else { error })?;
        let changes = old.as_ref().map_or(0, |old| old.changes);
        if let Some(old) = old.as_ref().filter(|old| old.last.contains(&number)) {
            return Ok(old.value.clone());
        }
        if tried.is_some_and(|before| changes - before.min(changes) >= REMEMBERED) {
            let text = "whether it was changed nobody remembers";
            return Err(RpcError::new(ErrorCode::CRASH, text));
        }
        let Some(value) = f(old.as_ref().map(|old| &old.value))? else {
            let old = old.map(|old| old.value);
            return old.ok_or_else(|| RpcError::new(ErrorCode::ABORT, "there is nothing to keep"));
        };
        let mut last = old.as_ref().map(|old| old.last.clone()).unwrap_or_default();
        last.push_back(number);
        if last.len() as u64 > REMEMBERED {
            last.pop_front();
        }
        let new = Stored { value, changes: changes + 1, last };
        tried.get_or_insert(changes);
        // What does not exist is compared with null, which nobody writes.
        let swapped = insist(cx, until, |limit| {
            let (kv, key) = (kv.clone().timeout(limit), key.clone());
            let (old, new) = (old.clone(), new.clone());
            async move { kv.cas_or_create(key, old, Some(new)).await }
        });
        match swapped.await {
            Ok(()) => return Ok(new.value),
            Err(error) if error.code == ErrorCode::PRECONDITION_FAILED => {
                let longest = (2_u64 << collisions).min(LONGEST_PAUSE);
                collisions = (collisions + 1).min(16);
                cx.sleep(Duration::from_millis(1 + cx.random_below(longest))).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// A number that no other change has.
pub fn number<S: 'static>(cx: &Context<S>) -> i64 {
    cx.with_rng(|rng| rng.bits()).cast_signed()
}

/// Nothing has been changed, and the client may ask again.
fn unavailable(error: &RpcError) -> RpcError {
    RpcError::new(ErrorCode::TEMPORARILY_UNAVAILABLE, error.text.clone())
}
