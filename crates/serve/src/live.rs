//! How far a run is that goes on: what its streams have grown to.

use std::convert::Infallible;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use serde::Serialize;
use serde_json::Value as Json;

use crate::{Shared, list};

/// How often what is told is looked up.
const OFTEN: Duration = Duration::from_millis(500);

/// What is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Told {
    running: Option<Progress>,
    runs: usize,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Progress {
    run: String,
    /// Entries of the history.
    operations: u64,
    /// The time of the last of them.
    seconds: f64,
    /// How long operations go on.
    limit: Option<f64>,
    /// How long its streams are.
    bytes: u64,
}

/// Watches the folder of the stores.
#[derive(Debug)]
pub(crate) struct Watch {
    root: PathBuf,
    history: Option<Followed>,
}

/// A history that is read as it grows.
#[derive(Debug)]
struct Followed {
    run: PathBuf,
    limit: Option<f64>,
    at: u64,
    operations: u64,
    seconds: f64,
    /// A line that is not whole yet.
    rest: Vec<u8>,
}

impl Watch {
    pub(crate) fn new(root: PathBuf) -> Watch {
        Watch { root, history: None }
    }

    /// What there is to tell now.
    pub(crate) fn look(&mut self) -> Told {
        let running = fs::read_link(self.root.join("current")).ok().map(|run| self.root.join(run));
        match running.filter(|run| run.starts_with(&self.root) && run.is_dir()) {
            None => self.history = None,
            Some(run) if self.history.as_ref().is_none_or(|followed| followed.run != run) => {
                let limit = limit(&run);
                let (at, operations, seconds) = (0, 0, 0.0);
                self.history =
                    Some(Followed { run, limit, at, operations, seconds, rest: Vec::new() });
            }
            Some(_) => {}
        }
        let running = self.history.as_mut().map(|followed| followed.progress(&self.root));
        Told { running, runs: list::count(&self.root) }
    }
}

impl Followed {
    fn progress(&mut self, root: &Path) -> Progress {
        // A file that is not there yet has nothing to tell.
        let _ = self.read_on();
        let journal = fs::metadata(self.run.join("journal.bin")).map_or(0, |data| data.len());
        let run = self.run.strip_prefix(root).unwrap_or(&self.run);
        Progress {
            run: run.display().to_string(),
            operations: self.operations,
            seconds: self.seconds,
            limit: self.limit,
            bytes: self.at + journal,
        }
    }

    fn read_on(&mut self) -> std::io::Result<()> {
        let mut file = File::open(self.run.join("history.jsonl"))?;
        file.seek(SeekFrom::Start(self.at))?;
        let mut new = std::mem::take(&mut self.rest);
        self.at += file.read_to_end(&mut new)? as u64;
        let end = new.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        self.rest = new.split_off(end);
        self.operations += new.iter().filter(|&&byte| byte == b'\n').count() as u64;
        let last = new.split(|&byte| byte == b'\n').rfind(|line| !line.is_empty());
        let last = last.and_then(|line| serde_json::from_slice::<Json>(line).ok());
        if let Some(time) = last.as_ref().and_then(|op| op["time"].as_f64()) {
            self.seconds = time / 1e9;
        }
        Ok(())
    }
}

/// How long the operations of a run go on, s.
fn limit(run: &Path) -> Option<f64> {
    let replay: Json = serde_json::from_slice(&fs::read(run.join("replay.json")).ok()?).ok()?;
    let nanos = replay["plan"]["time_limit"].as_f64().or_else(|| replay["time_limit"].as_f64())?;
    Some(nanos / 1e9)
}

pub(crate) async fn live(
    State(shared): State<Arc<Shared>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let watch = Watch::new(shared.root.clone());
    let told = stream::unfold((watch, None::<Told>), |(mut watch, before)| async move {
        let mut pause = before.is_some();
        loop {
            if pause {
                tokio::time::sleep(OFTEN).await;
            }
            pause = true;
            let (back, now) = tokio::task::spawn_blocking(move || {
                let now = watch.look();
                (watch, now)
            })
            .await
            .ok()?;
            watch = back;
            if before.as_ref() != Some(&now) {
                let event = Event::default().data(serde_json::to_string(&now).ok()?);
                return Some((Ok(event), (watch, Some(now))));
            }
        }
    });
    Sse::new(told).keep_alive(KeepAlive::default())
}
