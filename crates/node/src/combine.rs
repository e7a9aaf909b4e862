//! Waiting for several futures at once, always polled in the order in which they
//! were given, so that a run repeats exactly.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

/// Waits for both futures.
pub async fn join<A, B>(a: A, b: B) -> (A::Output, B::Output)
where
    A: IntoFuture,
    B: IntoFuture,
{
    let mut a = pin!(a.into_future());
    let mut b = pin!(b.into_future());
    let (mut first, mut second) = (None, None);
    poll_fn(move |context| {
        if first.is_none()
            && let Poll::Ready(output) = a.as_mut().poll(context)
        {
            first = Some(output);
        }
        if second.is_none()
            && let Poll::Ready(output) = b.as_mut().poll(context)
        {
            second = Some(output);
        }
        match (first.take(), second.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (first, second) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

/// Waits for all futures; the outputs are in the order of the futures.
pub async fn join_all<F: IntoFuture>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let futures: Vec<F> = futures.into_iter().collect();
    let count = futures.len();
    let mut outputs = join_first(count, futures).await;
    outputs.sort_by_key(|(index, _)| *index);
    outputs.into_iter().map(|(_, output)| output).collect()
}

/// Waits for `count` of the futures, whichever finish first (a majority, say),
/// and drops the others. Gives the index of each future with its output, in the
/// order in which they finished; of two that finish at once, the one given first
/// comes first. If there are fewer futures, waits for all.
pub async fn join_first<F: IntoFuture>(
    count: usize,
    futures: impl IntoIterator<Item = F>,
) -> Vec<(usize, F::Output)> {
    let mut waiting: Vec<(usize, Pin<Box<F::IntoFuture>>)> =
        futures.into_iter().map(|future| Box::pin(future.into_future())).enumerate().collect();
    let count = count.min(waiting.len());
    let mut outputs = Vec::with_capacity(count);
    poll_fn(move |context| {
        waiting.retain_mut(|(index, future)| {
            if outputs.len() == count {
                return true;
            }
            match future.as_mut().poll(context) {
                Poll::Ready(output) => {
                    outputs.push((*index, output));
                    false
                }
                Poll::Pending => true,
            }
        });
        if outputs.len() == count {
            return Poll::Ready(std::mem::take(&mut outputs));
        }
        Poll::Pending
    })
    .await
}

/// What finished first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The first future, with its output.
    First(A),
    /// The second future, with its output.
    Second(B),
}

/// Waits for one of two futures and drops the other. If both are ready, the
/// first wins.
pub async fn select<A, B>(a: A, b: B) -> Either<A::Output, B::Output>
where
    A: IntoFuture,
    B: IntoFuture,
{
    let mut a = pin!(a.into_future());
    let mut b = pin!(b.into_future());
    poll_fn(move |context| {
        if let Poll::Ready(output) = a.as_mut().poll(context) {
            return Poll::Ready(Either::First(output));
        }
        b.as_mut().poll(context).map(Either::Second)
    })
    .await
}
