//! Many runs on several threads, handed over in order.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::mpsc;
use std::sync::{Condvar, Mutex, PoisonError};

/// How many results of each thread may wait for one that takes long.
const AHEAD: u64 = 16;

/// How far the threads are.
#[derive(Default)]
struct Progress {
    /// The next number that nobody has begun.
    next: u64,
    /// How many results were handed over.
    taken: u64,
    is_over: bool,
}

/// Does `job` for the numbers from 0 to `count` on so many threads (`None`: one a
/// core), and hands the results over in the order of the numbers, on the thread of
/// the caller. Each thread takes the next number as soon as it has done one, so that
/// none waits for the slowest; only a result that very many others overtake holds them
/// up. When `take` breaks, no further number is begun, and what it gave is given.
///
/// # Panics
/// If a job panics.
pub fn many<T: Send, B>(
    count: u64,
    threads: Option<NonZero<usize>>,
    job: impl Fn(u64) -> T + Sync,
    mut take: impl FnMut(u64, T) -> ControlFlow<B>,
) -> Option<B> {
    let cores = || std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let threads = threads.unwrap_or_else(cores).get() as u64;
    if threads == 1 {
        return (0..count).find_map(|number| take(number, job(number)).break_value());
    }
    let (progress, moved) = (Mutex::new(Progress::default()), Condvar::new());
    let lock = || progress.lock().unwrap_or_else(PoisonError::into_inner);
    let next = || {
        let mut progress = lock();
        while !progress.is_over && progress.next >= progress.taken + AHEAD * threads {
            progress = moved.wait(progress).unwrap_or_else(PoisonError::into_inner);
        }
        let number = progress.next;
        progress.next += 1;
        (!progress.is_over && number < count).then_some(number)
    };
    let end = || {
        lock().is_over = true;
        moved.notify_all();
    };
    std::thread::scope(|scope| {
        // However this ends: others may be waiting.
        let _over = Over { end: &end, only_in_panic: false };
        let (sender, results) = mpsc::channel();
        for _ in 0..threads.min(count) {
            let sender = sender.clone();
            let (next, job, end) = (&next, &job, &end);
            scope.spawn(move || {
                // What it was at will never come.
                let _over = Over { end, only_in_panic: true };
                while let Some(number) = next() {
                    if sender.send((number, job(number))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut wanted = 0;
        for (number, result) in results {
            waiting.insert(number, result);
            while let Some(result) = waiting.remove(&wanted) {
                if let ControlFlow::Break(broke) = take(wanted, result) {
                    return Some(broke);
                }
                wanted += 1;
            }
            lock().taken = wanted;
            moved.notify_all();
        }
        None
    })
}

/// The results of a job for the numbers from 0 to `count` on, in order: see [`many`].
///
/// # Errors
/// The first error, after which nothing more is begun.
pub fn all<T: Send, E: Send>(
    count: u64,
    threads: Option<NonZero<usize>>,
    job: impl Fn(u64) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let mut results = Vec::new();
    let error = many(count, threads, job, |_, result| match result {
        Ok(result) => {
            results.push(result);
            ControlFlow::Continue(())
        }
        Err(error) => ControlFlow::Break(error),
    });
    error.map_or(Ok(results), Err)
}

/// Ends it all when it is dropped.
struct Over<'a> {
    end: &'a (dyn Fn() + Sync),
    only_in_panic: bool,
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        if !self.only_in_panic || std::thread::panicking() {
            (self.end)();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn threads(count: usize) -> Option<NonZero<usize>> {
        NonZero::new(count)
    }

    #[test]
    fn results_come_in_order_on_any_number_of_threads() {
        for count in [1, 2, 3, 8] {
            let mut taken = Vec::new();
            let end: Option<()> = many(
                200,
                threads(count),
                |number| number * 2,
                |number, result| {
                    assert_eq!(result, number * 2);
                    taken.push(number);
                    ControlFlow::Continue(())
                },
            );
            assert_eq!(end, None);
            assert_eq!(taken, (0..200).collect::<Vec<u64>>());
        }
        assert_eq!(many(0, threads(2), |number| number, |_, _| ControlFlow::Break(())), None);
    }

    #[test]
    fn after_a_break_nothing_is_taken_and_little_is_begun() {
        let begun = AtomicU64::new(0);
        let job = |number| {
            begun.fetch_add(1, Ordering::SeqCst);
            number
        };
        let end = many(1_000_000, threads(2), job, |number, _| match number {
            7 => ControlFlow::Break(number),
            8.. => panic!("taken after the break"),
            _ => ControlFlow::Continue(()),
        });
        assert_eq!(end, Some(7));
        assert!(begun.load(Ordering::SeqCst) <= 8 + 2 * AHEAD + 2);
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_job_that_panics_ends_it() {
        let job = |number| assert!(number != 3, "the third");
        many::<(), ()>(1_000_000, threads(2), job, |_, ()| ControlFlow::Continue(()));
    }

    #[test]
    fn none_waits_for_the_slowest() {
        // The first job ends when another thread has done ten.
        let (done, all) = (Mutex::new(0), Condvar::new());
        let job = |number| {
            let mut done = done.lock().unwrap();
            if number == 0 {
                while *done < 10 {
                    done = all.wait(done).unwrap();
                }
            }
            *done += 1;
            all.notify_all();
        };
        let end: Option<()> = many(20, threads(2), job, |_, ()| ControlFlow::Continue(()));
        assert_eq!(end, None);
    }
}
