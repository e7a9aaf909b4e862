//! Names that are almost right.

/// The known name that looks most like this one, if one does (optimal string
/// alignment distance of at most a third of the longer).
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|&candidate| (strsim::osa_distance(name, candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance * 3 <= name.len().max(candidate.len()) || candidate.starts_with(name)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
