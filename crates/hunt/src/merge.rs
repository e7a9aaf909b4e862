//! The parts of a campaign, put together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::campaign::Tally;
use crate::files::{FilesError, Manifest};
use crate::row::Row;
use crate::seeds::Shard;
use crate::table;

/// The parts of a campaign that a folder has.
#[derive(Debug)]
pub struct Merged {
    /// What the campaign is; its shard is the whole: 1 of 1.
    pub manifest: Manifest,
    /// All rows, in order of their seeds, each once.
    pub rows: Vec<Row>,
    /// Shards that are not there.
    pub missing: Vec<Shard>,
    /// Files that have rows that another has, too, and the same.
    pub doubled: Vec<PathBuf>,
    /// How many files there are.
    pub files: usize,
}

/// Why the parts in a folder cannot be put together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// A file cannot be read.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// There is no part.
    #[error("there is no part of a campaign (shard-….parquet) in {}", .0.display())]
    Nothing(PathBuf),
    /// Two files are parts of different campaigns.
    #[error("{} and {} are parts of different campaigns: one has {what}", a.display(), b.display())]
    Different {
        /// The one.
        a: PathBuf,
        /// The other.
        b: PathBuf,
        /// What differs.
        what: String,
    },
    /// Two files have different rows for a seed.
    #[error(
        "two files have different rows for seed {seed}; the second is {}: one of them is damaged, \
         or runs are not deterministic", path.display()
    )]
    Contradiction {
        /// The seed.
        seed: u64,
        /// The second file.
        path: PathBuf,
    },
    /// A file has not the seeds that its shard has.
    #[error("{} has not the seeds of shard {}/{}", path.display(), shard.number, shard.of)]
    Seeds {
        /// The file.
        path: PathBuf,
        /// Its shard.
        shard: Shard,
    },
}

/// Reads all parts in a folder.
///
/// # Errors
/// If there is none, if one cannot be read, or if they do not fit together.
pub fn merge(folder: &Path) -> Result<Merged, MergeError> {
    let parts = parts(folder)?;
    let mut first: Option<(PathBuf, Manifest)> = None;
    let mut rows: BTreeMap<u64, Row> = BTreeMap::new();
    let (mut there, mut doubled) = (Vec::new(), Vec::new());
    for path in &parts {
        let (found, part) = table::read(path)?;
        let manifest: Manifest = serde_json::from_str(&part).map_err(|error| FilesError {
            path: path.clone(),
            reason: format!("it is no part of a campaign: {error}"),
        })?;
        let shard = manifest.shard.unwrap_or(Shard { number: 1, of: 1 });
        let seeds: Vec<u64> = manifest.seeds.of(Some(shard)).take(found.len() + 1).collect();
        if found.iter().map(|row| row.seed).ne(seeds.iter().copied()) {
            return Err(MergeError::Seeds { path: path.clone(), shard });
        }
        match &first {
            None => first = Some((path.clone(), manifest)),
            Some((a, other)) => {
                if let Some(what) = different(other, &manifest) {
                    return Err(MergeError::Different { a: a.clone(), b: path.clone(), what });
                }
            }
        }
        if there.contains(&shard) {
            doubled.push(path.clone());
        }
        there.push(shard);
        for row in found {
            match rows.get(&row.seed) {
                Some(known) if *known != row => {
                    return Err(MergeError::Contradiction { seed: row.seed, path: path.clone() });
                }
                Some(_) => {}
                None => {
                    rows.insert(row.seed, row);
                }
            }
        }
    }
    let Some((_, mut manifest)) = first else { return Err(MergeError::Nothing(folder.to_owned())) };
    let of = manifest.shard.map_or(1, |shard| shard.of);
    let all = (1..=of).map(|number| Shard { number, of });
    let missing = all.filter(|shard| !there.contains(shard)).collect();
    manifest.shard = Some(Shard { number: 1, of: 1 });
    let rows = rows.into_values().collect();
    Ok(Merged { manifest, rows, missing, doubled, files: parts.len() })
}

/// The files of parts, in order of their names.
fn parts(folder: &Path) -> Result<Vec<PathBuf>, MergeError> {
    let fail =
        |error: std::io::Error| FilesError { path: folder.to_owned(), reason: error.to_string() };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("shard-") && name.ends_with(".parquet") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn different(a: &Manifest, b: &Manifest) -> Option<String> {
    if a.shard.map(|shard| shard.of) != b.shard.map(|shard| shard.of) {
        return Some("another number of shards".to_owned());
    }
    if a.seeds != b.seeds {
        return Some("other seeds".to_owned());
    }
    let b = Manifest { shard: a.shard, ..b.clone() };
    a.differs(&b).map(str::to_owned)
}

impl Merged {
    /// What the rows come to.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::with(&self.manifest.weights, false);
        self.rows.iter().for_each(|row| tally.add(row));
        tally
    }
}
