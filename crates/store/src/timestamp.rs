//! Moments as texts: names of directories, and what `run.json` says.

use std::time::{Duration, SystemTime};

/// A moment as the name of a directory, in UTC: `20261122T203015.123Z`.
///
/// No colons, which some file systems refuse; names sort by time. A moment
/// before 1970 counts as its beginning.
pub fn timestamp(moment: SystemTime) -> String {
    let [year, month, day, hour, minute, second, millis] = fields(moment);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}.{millis:03}Z")
}

/// The same moment for readers: `2026-11-22T20:30:15.123Z`.
pub(crate) fn rfc3339(moment: SystemTime) -> String {
    let [year, month, day, hour, minute, second, millis] = fields(moment);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

fn fields(moment: SystemTime) -> [u64; 7] {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    // The calendar repeats every 400 years; a year that begins in March has its
    // leap day last, so months need no case for it.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    [
        era * 400 + year_of_era + u64::from(month <= 2),
        month,
        day_of_year - (153 * from_march + 2) / 5 + 1,
        second / 3600,
        second / 60 % 60,
        second % 60,
        u64::from(since.subsec_millis()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_moments_in_utc() {
        let at = |secs, millis| {
            timestamp(
                SystemTime::UNIX_EPOCH + Duration::from_secs(secs) + Duration::from_millis(millis),
            )
        };
        assert_eq!(at(0, 0), "19700101T000000.000Z");
        assert_eq!(at(951_782_400, 0), "20000229T000000.000Z");
        assert_eq!(at(1_795_379_415, 123), "20261122T203015.123Z");
        assert_eq!(at(4_107_542_399, 999), "21000228T235959.999Z");
        assert_eq!(at(4_107_542_400, 0), "21000301T000000.000Z");
    }
}
