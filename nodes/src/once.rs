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
use std::time::Duration;

use glomers_node::{Context, ErrorCode, Kv, RpcError, Time, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How many changes a value remembers: more than others make while one waits.
const REMEMBERED: u64 = 64;

/// For how long a change is tried: a little less than a client waits for an answer.
const PATIENCE: Duration = Duration::from_millis(4500);

/// How long the first request may take; each that follows twice as long.
const FIRST: Duration = Duration::from_secs(1);

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

/// How long there is still to try.
struct Patience {
    until: Time,
    next: Duration,
}

impl Patience {
    fn new(now: Time) -> Patience {
        Patience { until: Time(now.0 + PATIENCE.as_nanos() as u64), next: FIRST }
    }

    /// How long the next request may take; `None` if there is no time left.
    fn next(&mut self, now: Time) -> Option<Duration> {
        let left = Duration::from_nanos(self.until.0.saturating_sub(now.0));
        let limit = self.next.min(left);
        self.next *= 2;
        (!limit.is_zero()).then_some(limit)
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
    let mut patience = Patience::new(cx.now());
    let stored = stored::<S, T>(cx, kv, &key.into(), &mut patience).await?;
    Ok(stored.map(|stored| stored.value))
}

async fn stored<S: 'static, T: DeserializeOwned>(
    cx: &Context<S>,
    kv: &Kv,
    key: &Value,
    patience: &mut Patience,
) -> Result<Option<Stored<T>>, RpcError> {
    while let Some(limit) = patience.next(cx.now()) {
        match kv.clone().timeout(limit).get(key.clone()).await {
            Err(error) if error.code == ErrorCode::TIMEOUT => {}
            answer => return answer,
        }
    }
    Err(RpcError::new(ErrorCode::TIMEOUT, "the service does not answer"))
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
    let mut patience = Patience::new(cx.now());
    // How many changes there had been when this was first tried.
    let mut tried: Option<u64> = None;
    let mut collisions = 0;
    loop {
        let old = stored::<S, T>(cx, kv, &key, &mut patience).await;
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
        let Some(limit) = patience.next(cx.now()) else {
            return Err(match tried {
                None => RpcError::new(ErrorCode::TEMPORARILY_UNAVAILABLE, "there is no time left"),
                Some(_) => RpcError::new(ErrorCode::TIMEOUT, "the service does not answer"),
            });
        };
        tried.get_or_insert(changes);
        // What does not exist is compared with null, which nobody writes.
        let limited = kv.clone().timeout(limit);
        match limited.cas_or_create(key.clone(), old.as_ref(), Some(&new)).await {
            Ok(()) => return Ok(new.value),
            Err(error) if error.code == ErrorCode::TIMEOUT => {}
            Err(error) if error.code == ErrorCode::PRECONDITION_FAILED => {
                // The service answers, so there is no need to wait longer for it.
                patience.next = FIRST;
                let longest = (2_u64 << collisions).min(LONGEST_PAUSE);
                collisions = (collisions + 1).min(16);
                let pause = 1 + cx.random_below(longest);
                cx.sleep(Duration::from_millis(pause)).await;
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
