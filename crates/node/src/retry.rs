//! How often a request is sent again, and after which pauses.

use std::time::Duration;

use glomers_protocol::{ErrorCode, RpcError};

use crate::rng::Rng;

/// How often to send a request again, and how long to wait before.
///
/// A request is sent again when no reply came in time and after the error
/// `temporarily-unavailable`. It may then have been handled more than once, so
/// only requests that may be repeated should be retried. The pause before an
/// attempt doubles each time up to a longest, and is shortened at random by up
/// to a half, so that nodes do not retry in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    times: Option<u32>,
    first: Duration,
    longest: Duration,
}

impl Retry {
    /// Sends again up to this many times after the first attempt.
    pub fn times(times: u32) -> Retry {
        Retry { times: Some(times), ..Retry::forever() }
    }

    /// Sends again until there is an answer.
    pub fn forever() -> Retry {
        Retry { times: None, first: Duration::from_millis(10), longest: Duration::from_secs(1) }
    }

    /// Sets the pause before the first repetition and the longest pause; 10 ms
    /// and 1 s unless set.
    #[must_use]
    pub fn backoff(self, first: Duration, longest: Duration) -> Retry {
        Retry { first, longest, ..self }
    }

    /// The pause before repetition `number` (from 0), or `None` if it is not to
    /// be.
    pub(crate) fn pause(&self, number: u32, error: &RpcError, rng: &mut Rng) -> Option<Duration> {
        let may_help =
            matches!(error.code, ErrorCode::TIMEOUT | ErrorCode::TEMPORARILY_UNAVAILABLE);
        if !may_help || self.times.is_some_and(|times| number >= times) {
            return None;
        }
        Some(backoff(self.first, self.longest, number, rng))
    }
}

/// `first` doubled `number` times, at most `longest`, less up to a half of it.
pub(crate) fn backoff(first: Duration, longest: Duration, number: u32, rng: &mut Rng) -> Duration {
    let doubled = first.saturating_mul(1u32.checked_shl(number).unwrap_or(u32::MAX));
    let whole = u64::try_from(doubled.min(longest).as_nanos()).unwrap_or(u64::MAX);
    let half = whole / 2;
    Duration::from_nanos(whole - rng.below(half + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_the_longest() {
        let mut rng = Rng::from_seed(1);
        let (first, longest) = (Duration::from_millis(10), Duration::from_millis(50));
        for (number, expected) in [(0, 10), (1, 20), (2, 40), (3, 50), (60, 50), (u32::MAX, 50)] {
            let pause = backoff(first, longest, number, &mut rng).as_millis();
            assert!((expected / 2..=expected).contains(&pause), "{number}: {pause}");
        }
    }

    #[test]
    fn only_what_may_help_is_repeated() {
        let mut rng = Rng::from_seed(1);
        let timeout = RpcError::new(ErrorCode::TIMEOUT, "");
        let refused = RpcError::new(ErrorCode::ABORT, "");
        assert!(Retry::times(1).pause(0, &timeout, &mut rng).is_some());
        assert!(Retry::times(1).pause(1, &timeout, &mut rng).is_none());
        assert!(Retry::forever().pause(9, &timeout, &mut rng).is_some());
        assert!(Retry::forever().pause(0, &refused, &mut rng).is_none());
    }
}
