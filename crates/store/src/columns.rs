//! The tables of messages and marks, as Parquet.
//!
//! Parquet's own column writers, without Arrow, which would take longer to
//! compile than all the rest of Glomers.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;
use rustc_hash::FxHashMap;

use crate::StoreError;
use crate::messages::{Disturbed, MarkRef, MessageRef};
use crate::names::Recent;

/// A row group is written when it has so many rows …
const GROUP_ROWS: usize = 64 * 1024;
/// … or so many bytes of text, whichever comes first; this bounds memory.
const GROUP_BYTES: usize = 32 * 1024 * 1024;
/// So many texts at a time become values of the library, which are five times as
/// large as ours and counted references: few enough that they stay in the cache.
const BATCH: usize = 1024;

const MESSAGES: &str = "message messages {
    required int64 id;
    required int64 sent_at_ns;
    optional int64 received_at_ns;
    required binary src (STRING);
    required binary dest (STRING);
    optional binary type (STRING);
    required binary body (STRING);
    required int64 body_length;
    required binary fate (STRING);
    optional binary faults (STRING);
}";

const MARKS: &str = "message marks {
    required int64 time_ns;
    required binary node (STRING);
    required binary label (STRING);
    required binary value (STRING);
}";

/// A column of the row group that is being gathered.
enum Column {
    Number(Vec<i64>),
    /// Values, and for each row whether it has one.
    OptionalNumber(Vec<i64>, Vec<i16>),
    /// Texts that come again and again, as places in [`Names`].
    Name(Vec<u32>),
    OptionalName(Vec<u32>, Vec<i16>),
    /// Texts that are all different, one after the other, and where each ends.
    Text(Vec<u8>, Vec<usize>),
}

/// One cell of a row.
enum Cell<'a> {
    Number(i64),
    OptionalNumber(Option<i64>),
    Name(&'a str),
    OptionalName(Option<&'a str>),
    Text(&'a str),
}

/// The names of a table as values of the library.
#[derive(Default)]
struct Names {
    places: FxHashMap<Box<str>, u32>,
    values: Vec<ByteArray>,
    recent: Recent,
}

impl Names {
    #[inline]
    fn place(&mut self, name: &str) -> u32 {
        let recent = self.recent.place(name);
        match self.values.get(*recent as usize) {
            Some(value) if value.data() == name.as_bytes() => {}
            _ => *recent = Names::find(&mut self.places, &mut self.values, name),
        }
        *recent
    }

    fn find(places: &mut FxHashMap<Box<str>, u32>, values: &mut Vec<ByteArray>, name: &str) -> u32 {
        if let Some(&place) = places.get(name) {
            return place;
        }
        let place = u32::try_from(values.len()).expect("memory ends before the numbers");
        places.insert(name.into(), place);
        values.push(ByteArray::from(name));
        place
    }

    fn value(&self, place: u32) -> ByteArray {
        self.values[place as usize].clone()
    }
}

/// A table that is being written.
struct Table<'a, W: Write + Send> {
    file: SerializedFileWriter<W>,
    columns: Vec<Column>,
    names: Names,
    rows: usize,
    bytes: usize,
    path: &'a Path,
}

fn wrong(path: &Path) -> impl Fn(ParquetError) -> StoreError + '_ {
    move |error| {
        let reason = error.to_string();
        if let ParquetError::External(source) = error
            && let Ok(source) = source.downcast::<std::io::Error>()
        {
            return StoreError::io(path, "written", *source);
        }
        StoreError::Table { path: path.to_owned(), reason }
    }
}

fn properties(numbers: &[&str], texts: &[&str]) -> WriterProperties {
    let level = ZstdLevel::try_new(1).expect("level 1 exists");
    let mut builder = WriterProperties::builder()
        // A version here would make files differ from one build to the next.
        .set_created_by("glomers".to_owned())
        .set_compression(Compression::ZSTD(level))
        // Smallest and largest name or body would be of no use and take time.
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        // Nothing is cut into smaller pieces than need be: groups are bounded.
        .set_data_page_row_count_limit(GROUP_ROWS);
    for name in numbers {
        let path = ColumnPath::from(*name);
        builder = builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED)
            .set_column_statistics_enabled(path, EnabledStatistics::Chunk);
    }
    for name in texts {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(*name), false);
    }
    builder.build()
}

impl<'a, W: Write + Send> Table<'a, W> {
    fn new(
        out: W,
        path: &'a Path,
        schema: &str,
        properties: WriterProperties,
        columns: Vec<Column>,
    ) -> Result<Table<'a, W>, StoreError> {
        let schema = parse_message_type(schema).map_err(wrong(path))?;
        let file = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))
            .map_err(wrong(path))?;
        Ok(Table { file, columns, names: Names::default(), rows: 0, bytes: 0, path })
    }

    fn push<const N: usize>(&mut self, row: [Cell<'_>; N]) -> Result<(), StoreError> {
        debug_assert_eq!(N, self.columns.len(), "a row has a cell for each column");
        for (column, cell) in self.columns.iter_mut().zip(row) {
            match (column, cell) {
                (Column::Number(values), Cell::Number(value)) => values.push(value),
                (Column::OptionalNumber(values, levels), Cell::OptionalNumber(value)) => {
                    levels.push(i16::from(value.is_some()));
                    values.extend(value);
                }
                (Column::Name(values), Cell::Name(text)) => {
                    values.push(self.names.place(text));
                }
                (Column::OptionalName(values, levels), Cell::OptionalName(text)) => {
                    levels.push(i16::from(text.is_some()));
                    values.extend(text.map(|text| self.names.place(text)));
                }
                (Column::Text(bytes, ends), Cell::Text(text)) => {
                    bytes.extend_from_slice(text.as_bytes());
                    ends.push(bytes.len());
                    self.bytes += text.len();
                }
                _ => unreachable!("cells stand in the order of their columns"),
            }
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES {
            self.write_group().map_err(wrong(self.path))?;
        }
        Ok(())
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let Table { file, names, .. } = self;
        let mut group = file.next_row_group()?;
        let mut batch: Vec<ByteArray> = Vec::with_capacity(BATCH);
        for column in &mut self.columns {
            let mut writer = group.next_column()?.expect("the schema has as many columns");
            match (writer.untyped(), column) {
                (ColumnWriter::Int64ColumnWriter(writer), Column::Number(values)) => {
                    writer.write_batch(values, None, None)?;
                    values.clear();
                }
                (
                    ColumnWriter::Int64ColumnWriter(writer),
                    Column::OptionalNumber(values, levels),
                ) => {
                    writer.write_batch(values, Some(levels), None)?;
                    values.clear();
                    levels.clear();
                }
                (ColumnWriter::ByteArrayColumnWriter(writer), Column::Name(places)) => {
                    for places in places.chunks(BATCH) {
                        batch.clear();
                        batch.extend(places.iter().map(|&place| names.value(place)));
                        writer.write_batch(&batch, None, None)?;
                    }
                    places.clear();
                }
                (
                    ColumnWriter::ByteArrayColumnWriter(writer),
                    Column::OptionalName(places, levels),
                ) => {
                    let mut places = places.drain(..);
                    for levels in levels.chunks(BATCH) {
                        let count = levels.iter().filter(|&&level| level > 0).count();
                        batch.clear();
                        batch.extend(places.by_ref().take(count).map(|place| names.value(place)));
                        writer.write_batch(&batch, Some(levels), None)?;
                    }
                    levels.clear();
                }
                (ColumnWriter::ByteArrayColumnWriter(writer), Column::Text(bytes, ends)) => {
                    let whole = ByteArray::from(std::mem::take(bytes));
                    let mut start = 0;
                    for ends in ends.chunks(BATCH) {
                        batch.clear();
                        batch.extend(ends.iter().map(|&end| {
                            let text = whole.slice(start, end - start);
                            start = end;
                            text
                        }));
                        writer.write_batch(&batch, None, None)?;
                    }
                    ends.clear();
                }
                _ => unreachable!("columns stand in the order of the schema"),
            }
            writer.close()?;
        }
        group.close()?;
        self.rows = 0;
        self.bytes = 0;
        Ok(())
    }

    fn finish(mut self) -> Result<(), StoreError> {
        let path = self.path;
        if self.rows > 0 {
            self.write_group().map_err(wrong(path))?;
        }
        self.file.close().map_err(wrong(path))?;
        Ok(())
    }
}

/// Times and ids are below 2⁶³ in any run; a reader of the table sees a negative
/// number otherwise, and nothing is lost.
fn number(value: u64) -> i64 {
    value.cast_signed()
}

/// `messages.parquet`.
pub(crate) struct MessageTable<'a, W: Write + Send>(Table<'a, W>);

impl<'a, W: Write + Send> MessageTable<'a, W> {
    pub(crate) fn new(out: W, path: &'a Path) -> Result<Self, StoreError> {
        let numbers = ["id", "sent_at_ns", "received_at_ns", "body_length"];
        let columns = vec![
            Column::Number(Vec::new()),
            Column::Number(Vec::new()),
            Column::OptionalNumber(Vec::new(), Vec::new()),
            Column::Name(Vec::new()),
            Column::Name(Vec::new()),
            Column::OptionalName(Vec::new(), Vec::new()),
            Column::Text(Vec::new(), Vec::new()),
            Column::Number(Vec::new()),
            Column::Name(Vec::new()),
            Column::OptionalName(Vec::new(), Vec::new()),
        ];
        let properties = properties(&numbers, &["body"]);
        Table::new(out, path, MESSAGES, properties, columns).map(MessageTable)
    }

    pub(crate) fn push(&mut self, message: &MessageRef<'_>) -> Result<(), StoreError> {
        let mut faults = String::new();
        for Disturbed { how, .. } in message.disturbances {
            if !faults.is_empty() {
                faults += ", ";
            }
            faults += how.name();
        }
        self.0.push([
            Cell::Number(number(message.id)),
            Cell::Number(number(message.sent_at.nanos())),
            Cell::OptionalNumber(message.received_at.map(|time| number(time.nanos()))),
            Cell::Name(message.src),
            Cell::Name(message.dest),
            Cell::OptionalName(message.kind),
            Cell::Text(message.body),
            Cell::Number(number(message.body_length)),
            Cell::Name(message.fate.name()),
            Cell::OptionalName(Some(&*faults).filter(|faults| !faults.is_empty())),
        ])
    }

    pub(crate) fn finish(self) -> Result<(), StoreError> {
        self.0.finish()
    }
}

/// `marks.parquet`.
pub(crate) struct MarkTable<'a, W: Write + Send>(Table<'a, W>);

impl<'a, W: Write + Send> MarkTable<'a, W> {
    pub(crate) fn new(out: W, path: &'a Path) -> Result<Self, StoreError> {
        let columns = vec![
            Column::Number(Vec::new()),
            Column::Name(Vec::new()),
            Column::Name(Vec::new()),
            Column::Text(Vec::new(), Vec::new()),
        ];
        let properties = properties(&["time_ns"], &["value"]);
        Table::new(out, path, MARKS, properties, columns).map(MarkTable)
    }

    pub(crate) fn push(&mut self, mark: &MarkRef<'_>) -> Result<(), StoreError> {
        self.0.push([
            Cell::Number(number(mark.time.nanos())),
            Cell::Name(mark.node),
            Cell::Name(mark.label),
            Cell::Text(mark.value),
        ])
    }

    pub(crate) fn finish(self) -> Result<(), StoreError> {
        self.0.finish()
    }
}
