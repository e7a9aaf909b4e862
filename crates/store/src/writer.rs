//! Events to files, while a run goes on.

use std::fs::File;
use std::io::Write;
use std::mem::take;
use std::path::{Path, PathBuf};

use glomers_history::journal::{BODY_LIMIT, Record};
use glomers_history::{Event, Finding, Observer, Op, Time, Value, jsonl};
use glomers_protocol::Payload;

use crate::StoreError;
use crate::bodies::{LastBodies, Texts};
use crate::files::{BUFFER, HISTORY, JOURNAL};
use crate::frames::FrameWriter;
use crate::journal::{Journal, Told};
use crate::names::{Names, Number, cut, cut_bytes};
use crate::node_logs::NodeLogs;

/// How many bytes of a body's type are kept. Nodes choose types freely.
const KIND_LIMIT: usize = 256;

/// Streams a run to its directory while it goes on.
///
/// Observers cannot fail, so the first error is kept and nothing more is
/// written; a driver asks [`StoreWriter::error`] now and then, and
/// [`StoreWriter::finish`] gives it back. What was written stays readable.
///
/// In real time a driver calls [`StoreWriter::flush`] five times a second, so
/// that a kill costs no more than that. A run in virtual time need not: its
/// blocks are written as they fill.
pub struct StoreWriter {
    history: Box<dyn Write + Send>,
    history_path: PathBuf,
    lines: Vec<u8>,
    form: jsonl::Lines,
    journal: FrameWriter<Box<dyn Write + Send>>,
    journal_path: PathBuf,
    names: Names,
    texts: Texts,
    /// What files are derived from, if they will be.
    told: Option<Told>,
    bodies: LastBodies,
    mark: Vec<u8>,
    node_logs: NodeLogs,
    failed: Option<StoreError>,
    finished: bool,
}

/// A run that was written, as far as its writer remembers it: by default not at all.
#[derive(Debug, Default)]
pub struct Written(pub(crate) Option<Journal>);

impl std::fmt::Debug for StoreWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreWriter")
            .field("journal", &self.journal_path)
            .field("error", &self.failed)
            .finish_non_exhaustive()
    }
}

impl StoreWriter {
    pub(crate) fn create(run: &Path) -> Result<StoreWriter, StoreError> {
        let open = |name| {
            let path = run.join(name);
            File::create(&path)
                .map(|file| Box::new(file) as Box<dyn Write + Send>)
                .map_err(StoreError::at(&path, "created"))
        };
        StoreWriter::over(run, open(HISTORY)?, open(JOURNAL)?)
    }

    /// Over any two streams, so that tests can make them fail.
    pub(crate) fn over(
        run: &Path,
        history: Box<dyn Write + Send>,
        journal: Box<dyn Write + Send>,
    ) -> Result<StoreWriter, StoreError> {
        let journal_path = run.join(JOURNAL);
        Ok(StoreWriter {
            history,
            history_path: run.join(HISTORY),
            lines: Vec::with_capacity(2 * BUFFER),
            form: jsonl::Lines::default(),
            journal: FrameWriter::new(journal).map_err(StoreError::at(&journal_path, "written"))?,
            journal_path,
            names: Names::default(),
            texts: Texts::default(),
            told: None,
            bodies: LastBodies::default(),
            mark: Vec::new(),
            node_logs: NodeLogs::new(run),
            failed: None,
            finished: false,
        })
    }

    /// The first error, if there was one; nothing was written since.
    pub fn error(&self) -> Option<&StoreError> {
        self.failed.as_ref()
    }

    /// Writes all that has gathered, so that a kill cannot take it.
    pub fn flush(&mut self) {
        self.attempt(|writer| {
            writer.flush_history()?;
            writer.journal.flush().map_err(StoreError::at(&writer.journal_path, "written"))?;
            writer.node_logs.flush()
        });
    }

    /// Sets how many bytes the log of each node may have; 64 MiB unless set. What lies
    /// between the beginning and the end of a longer one is left out, and said.
    pub fn bound_logs(&mut self, most: u64) {
        self.node_logs.set_most(most);
    }

    /// Puts a copy of what repeats the run at the beginning of the journal.
    pub(crate) fn replay(&mut self, bytes: &[u8]) {
        self.record(&Record::Replay { bytes });
    }

    /// Remembers of each message what [`Store::derive`](crate::Store::derive) needs, so that
    /// the journal is not read for it: 24 bytes and more.
    pub fn remember(&mut self) {
        self.told = Some(Told::nothing());
    }

    /// Writes the rest and the journal's end.
    ///
    /// # Errors
    /// The first error of the whole run.
    pub fn finish(mut self) -> Result<Written, StoreError> {
        self.record(&Record::End);
        self.flush();
        self.attempt(|writer| writer.node_logs.close());
        self.finished = true;
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let told = self.told.take();
        let path = take(&mut self.journal_path);
        Ok(Written(told.map(|told| Journal::of(path, self.journal.written(), told, None))))
    }

    /// Does something unless something failed before.
    fn attempt(&mut self, action: impl FnOnce(&mut StoreWriter) -> Result<(), StoreError>) {
        if self.failed.is_none() {
            self.failed = action(self).err();
        }
    }

    fn flush_history(&mut self) -> Result<(), StoreError> {
        self.history
            .write_all(&self.lines)
            .map_err(StoreError::at(&self.history_path, "written"))?;
        self.lines.clear();
        Ok(())
    }

    fn record(&mut self, record: &Record<'_>) {
        self.attempt(|writer| {
            if let Some(told) = &mut writer.told {
                let is_taken = told.take(*record).is_ok();
                debug_assert!(is_taken, "what is written can be read");
            }
            let is_full = writer
                .journal
                .push(&writer.bodies.shorten(*record))
                .map_err(StoreError::at(&writer.journal_path, "written"))?;
            if is_full {
                // The history first: the journal never tells of operations that
                // are not there.
                writer.flush_history()?;
                writer.journal.flush().map_err(StoreError::at(&writer.journal_path, "written"))?;
            }
            Ok(())
        });
    }

    /// The number of a name, which is written when it first comes.
    fn number(&mut self, name: &str) -> u32 {
        match self.names.number(name) {
            Number::Old(number) => number,
            Number::New(number) => {
                self.record(&Record::Name { number, text: name });
                number
            }
        }
    }

    fn kind(&mut self, payload: &Payload) -> Option<u32> {
        match payload {
            Payload::Typed { body, .. } => Some(self.number(cut(body.kind(), KIND_LIMIT))),
            Payload::Json(text) => match leading_kind(text.get()) {
                Some(kind) => Some(self.number(cut(kind, KIND_LIMIT))),
                None => {
                    let header = payload.header();
                    let kind = header.kind.as_deref()?;
                    Some(self.number(cut(kind, KIND_LIMIT)))
                }
            },
        }
    }
}

/// The type of a body that begins with it, as most do, without parsing the rest.
fn leading_kind(body: &str) -> Option<&str> {
    let rest = body.strip_prefix('{')?.trim_start();
    let rest = rest.strip_prefix("\"type\"")?.trim_start();
    let rest = rest.strip_prefix(':')?.trim_start();
    let rest = rest.strip_prefix('"')?;
    let kind = &rest[..rest.find('"')?];
    (!kind.contains('\\')).then_some(kind)
}

impl StoreWriter {
    fn operation(&mut self, op: &Op) {
        let start = self.lines.len();
        self.form.write_op(op, &mut self.lines);
        let sum = crc32fast::hash(&self.lines[start..self.lines.len() - 1]);
        self.record(&Record::Operation { sum });
        if self.lines.len() >= BUFFER {
            self.attempt(StoreWriter::flush_history);
        }
    }

    fn sent(&mut self, time: Time, id: u64, src: &str, dest: &str, payload: &Payload) {
        let src = self.number(src);
        let dest = self.number(dest);
        let kind = self.kind(payload);
        // Taken out and put back: the record borrows it while `self` writes.
        let mut texts = take(&mut self.texts);
        let (body, length) = match payload {
            Payload::Json(text) => (text.get().as_bytes(), text.get().len()),
            Payload::Typed { .. } => texts.of(payload),
        };
        let (body, body_length) = (cut_bytes(body, BODY_LIMIT), length as u64);
        self.record(&Record::Send { time, id, src, dest, kind, body, body_length });
        self.texts = texts;
    }

    fn marked(&mut self, time: Time, node: &str, label: &str, value: &Value) {
        let node = self.number(node);
        let label = self.number(label);
        let mut buffer = take(&mut self.mark);
        buffer.clear();
        value.write_json(&mut buffer);
        let value = std::str::from_utf8(&buffer).expect("JSON is UTF-8");
        self.record(&Record::Mark { time, node, label, value });
        self.mark = buffer;
    }

    fn found(&mut self, finding: &Finding) {
        let node = self.number(finding.node.as_deref().unwrap_or_default());
        let time = finding.time.unwrap_or_default();
        let (name, summary) = (&finding.name, &finding.summary);
        let evidence = &finding.evidence.join("\n");
        self.record(&Record::Finding { time, node, name, summary, evidence });
    }
}

impl Observer for StoreWriter {
    fn event(&mut self, time: Time, event: &Event<'_>) {
        if self.failed.is_some() {
            return;
        }
        match *event {
            Event::Sent { message, src, dest } => {
                self.sent(time, message.id, src, dest, message.payload);
            }
            Event::Received(message) => self.record(&Record::Receive { time, id: message.id }),
            Event::Dropped(message, reason) => {
                self.record(&Record::Drop { time, id: message.id, reason });
            }
            Event::Disturbed(message, how) => {
                self.record(&Record::Disturb { time, id: message.id, how });
            }
            Event::Operation(op) => self.operation(op),
            Event::Marked { node, label, value } => self.marked(time, node.name, label, value),
            Event::ClockRead(node) => {
                let node = self.number(node.name);
                self.record(&Record::ClockRead { time, node });
            }
            Event::Started { node, incarnation } => {
                let node = self.number(node.name);
                self.record(&Record::Started { time, node, incarnation });
            }
            Event::Stopped { node, why } => {
                let node = self.number(node.name);
                self.record(&Record::Stopped { time, node, why });
            }
            Event::Found(finding) => self.found(finding),
            Event::Logged { node, line } => {
                self.attempt(|writer| writer.node_logs.push(time, node.name, line));
            }
            Event::Initialised => self.record(&Record::Initialised { time }),
            Event::MainBegan => self.record(&Record::MainBegan { time }),
            Event::Tick => self.flush(),
            Event::Ended(how) => self.record(&Record::Over { time, how }),
        }
    }
}

impl Drop for StoreWriter {
    /// After a panic of ours, what has gathered is what shows why.
    fn drop(&mut self) {
        if !self.finished {
            self.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use glomers_history::{Endpoint, Message, OpKind, Process};

    use super::*;
    use crate::Recovered;
    use crate::files::REPLAY;

    /// A disk with room for so many bytes.
    #[derive(Clone)]
    struct Disk {
        written: Arc<Mutex<Vec<u8>>>,
        room: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut written = self.written.lock().unwrap();
            let fits = bytes.len().min(self.room - written.len());
            if fits == 0 && !bytes.is_empty() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            written.extend_from_slice(&bytes[..fits]);
            Ok(fits)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn play(writer: &mut StoreWriter) {
        for id in 0..20 {
            let payload = Payload::from_json(format!("{{\"x\":{id}}}")).unwrap();
            let (src, dest) = (Endpoint::Node(0), Endpoint::Node(1));
            let message = Message { id, src, dest, key: 0, payload: &payload };
            writer.event(Time(id), &Event::Sent { message, src: "n0", dest: "n1" });
            writer.event(Time(id), &Event::Received(message));
            writer.operation(&Op {
                index: id,
                time: Time(id),
                process: Process::Client(0),
                kind: OpKind::Invoke,
                f: "read".into(),
                value: Value::Null,
                error: None,
                is_final: false,
            });
            writer.flush();
        }
    }

    #[test]
    fn a_full_disk_is_reported_and_what_was_written_can_be_read() {
        let disk = |room| Disk { written: Arc::default(), room };
        for room in (9..600).step_by(13) {
            let run = tempfile::tempdir().unwrap();
            let (history, journal) = (disk(room), disk(room));
            let mut writer =
                StoreWriter::over(run.path(), Box::new(history.clone()), Box::new(journal.clone()))
                    .unwrap();
            play(&mut writer);
            let error = writer.error().expect("600 bytes are too few").to_string();
            assert!(error.contains("no space left"), "{error}");
            writer.finish().unwrap_err();

            for (name, bytes) in [(HISTORY, &history), (JOURNAL, &journal)] {
                std::fs::write(run.path().join(name), &*bytes.written.lock().unwrap()).unwrap();
            }
            std::fs::write(run.path().join(REPLAY), "{}").unwrap();
            let recovered = Recovered::open(run.path()).unwrap();
            assert!(!recovered.is_complete());
            assert!(recovered.history().len() < 20);
            for (at, message) in recovered.messages().unwrap().iter().enumerate() {
                assert_eq!(message.id, at as u64);
            }
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_device_that_is_always_full_is_a_full_disk() {
        let full = || Box::new(File::options().write(true).open("/dev/full").unwrap());
        let error = StoreWriter::over(Path::new("run"), full(), full()).unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{error}");
        let mut writer = StoreWriter::over(Path::new("run"), full(), Box::new(io::sink())).unwrap();
        play(&mut writer);
        let error = writer.finish().unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{error}");
    }

    #[test]
    fn finds_types_at_the_beginning_and_leaves_the_rest_to_the_parser() {
        assert_eq!(leading_kind(r#"{"type":"a","x":1}"#), Some("a"));
        assert_eq!(leading_kind(r#"{ "type" : "a" }"#), Some("a"));
        assert_eq!(leading_kind(r#"{"type":"a\u0062"}"#), None);
        assert_eq!(leading_kind(r#"{"type":7}"#), None);
        assert_eq!(leading_kind(r#"{"x":1,"type":"a"}"#), None);
        assert_eq!(leading_kind("{}"), None);
    }
}
