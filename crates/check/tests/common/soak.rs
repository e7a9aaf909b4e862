//! How much is tried.

/// How many histories; `GLOMERS_SOAK` is a factor for more of them.
pub(crate) fn histories(number: u64) -> u64 {
    let soak = std::env::var("GLOMERS_SOAK").ok().and_then(|text| text.parse::<u64>().ok());
    number * soak.unwrap_or(1).max(1)
}
