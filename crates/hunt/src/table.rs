//! Rows as Parquet, written whole or not at all.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::record::RowAccessor as _;
use parquet::schema::parser::parse_message_type;

use crate::files::{FilesError, whole};
use crate::row::{Row, Verdict};

const SCHEMA: &str = "message seeds {
    required int64 seed;
    required int64 round;
    required boolean guided;
    required int64 nodes;
    required int64 operations;
    required int64 succeeded;
    required int64 messages;
    required int64 faults;
    required binary family (STRING);
    required binary knobs (STRING);
    required binary verdict (STRING);
    required binary findings (STRING);
    required binary ignored (STRING);
    required binary features (STRING);
}";

/// The key under which a file says what it is a part of.
const PART: &str = "glomers.part";

/// A row group has so many rows at most.
const GROUP: usize = 64 * 1024;

/// What lies between several texts of a cell.
const BETWEEN: &str = "; ";

fn wrong(path: &Path) -> impl Fn(ParquetError) -> FilesError + '_ {
    |error| FilesError { path: path.to_owned(), reason: error.to_string() }
}

/// Writes rows, in order, with a text that says what they are a part of.
///
/// # Errors
/// If the file cannot be written; what was there before is left.
pub fn write(path: &Path, rows: &[Row], part: &str) -> Result<(), FilesError> {
    whole(path, |file| write_into(file, rows, part))
}

fn write_into(file: &mut File, rows: &[Row], part: &str) -> Result<(), String> {
    let text = |error: ParquetError| error.to_string();
    let level = ZstdLevel::try_new(1).map_err(text)?;
    let properties = WriterProperties::builder()
        .set_created_by("glomers".to_owned())
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_key_value_metadata(Some(vec![KeyValue::new(PART.to_owned(), part.to_owned())]))
        .build();
    let schema = parse_message_type(SCHEMA).map_err(text)?;
    let mut writer =
        SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).map_err(text)?;
    for rows in rows.chunks(GROUP) {
        write_group(&mut writer, rows).map_err(text)?;
    }
    writer.close().map_err(text)?;
    Ok(())
}

fn write_group(
    writer: &mut SerializedFileWriter<&mut File>,
    rows: &[Row],
) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    let mut at = 0;
    while let Some(mut column) = group.next_column()? {
        match column.untyped() {
            ColumnWriter::Int64ColumnWriter(column) => {
                let values: Vec<i64> = rows.iter().map(|row| number(row, at)).collect();
                column.write_batch(&values, None, None)?;
            }
            ColumnWriter::BoolColumnWriter(column) => {
                let values: Vec<bool> = rows.iter().map(|row| row.guided).collect();
                column.write_batch(&values, None, None)?;
            }
            ColumnWriter::ByteArrayColumnWriter(column) => {
                let values: Vec<ByteArray> =
                    rows.iter().map(|row| ByteArray::from(&*cell(row, at))).collect();
                column.write_batch(&values, None, None)?;
            }
            _ => return Err(ParquetError::General("a column of another kind".to_owned())),
        }
        column.close()?;
        at += 1;
    }
    group.close()?;
    Ok(())
}

/// The number in a column of the schema.
fn number(row: &Row, column: usize) -> i64 {
    let value = match column {
        0 => row.seed,
        1 => row.round,
        3 => row.nodes,
        4 => row.operations,
        5 => row.succeeded,
        6 => row.messages,
        _ => row.faults,
    };
    value.cast_signed()
}

/// The text in a column of the schema.
fn cell(row: &Row, column: usize) -> String {
    let join = |all: &[crate::Signature]| {
        all.iter().map(ToString::to_string).collect::<Vec<String>>().join(BETWEEN)
    };
    match column {
        8 => row.family.clone(),
        9 => {
            let knobs = row.knobs.iter().map(|(knob, part)| format!("{knob}={part}"));
            knobs.collect::<Vec<String>>().join(BETWEEN)
        }
        10 => row.verdict.word().to_owned(),
        11 => join(&row.findings),
        12 => join(&row.ignored),
        _ => row.features.join(BETWEEN),
    }
}

/// Reads rows, and what they are a part of.
///
/// # Errors
/// If the file cannot be read or is none of ours.
pub fn read(path: &Path) -> Result<(Vec<Row>, String), FilesError> {
    let fail = |reason: String| FilesError { path: PathBuf::from(path), reason };
    let file = File::open(path).map_err(|error| fail(error.to_string()))?;
    let reader = SerializedFileReader::new(file).map_err(wrong(path))?;
    let metadata = reader.metadata().file_metadata().key_value_metadata();
    let part = metadata
        .and_then(|all| all.iter().find(|pair| pair.key == PART))
        .and_then(|pair| pair.value.clone())
        .ok_or_else(|| fail("it is no file of a hunt".to_owned()))?;
    let mut rows = Vec::new();
    for record in reader.get_row_iter(None).map_err(wrong(path))? {
        let record = record.map_err(wrong(path))?;
        let number = |at: usize| record.get_long(at).map(i64::cast_unsigned).map_err(wrong(path));
        let text = |at: usize| record.get_string(at).cloned().map_err(wrong(path));
        let parts = |at: usize| -> Result<Vec<String>, FilesError> {
            let text = text(at)?;
            let parts = text.split(BETWEEN).filter(|part| !part.is_empty());
            Ok(parts.map(str::to_owned).collect())
        };
        let signatures = |at: usize| -> Result<Vec<crate::Signature>, FilesError> {
            parts(at)?.into_iter().map(|text| text.try_into().map_err(fail)).collect()
        };
        let knob = |text: String| {
            let pair = text.rsplit_once('=').and_then(|(k, part)| Some((k, part.parse().ok()?)));
            let (knob, part) = pair.ok_or_else(|| fail(format!("{text:?} is no knob")))?;
            Ok((knob.to_owned(), part))
        };
        let verdict = text(10)?;
        rows.push(Row {
            seed: number(0)?,
            round: number(1)?,
            guided: record.get_bool(2).map_err(wrong(path))?,
            nodes: number(3)?,
            operations: number(4)?,
            succeeded: number(5)?,
            messages: number(6)?,
            faults: number(7)?,
            family: text(8)?,
            knobs: parts(9)?.into_iter().map(knob).collect::<Result<_, FilesError>>()?,
            verdict: Verdict::of_word(&verdict)
                .ok_or_else(|| fail(format!("{verdict:?} is no verdict")))?,
            findings: signatures(11)?,
            ignored: signatures(12)?,
            features: parts(13)?,
        });
    }
    Ok((rows, part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::Signature;

    #[test]
    fn rows_come_back_as_they_were() {
        let signature: Signature = "lost · operation · read".to_owned().try_into().unwrap();
        let row = |seed| Row {
            seed,
            round: seed / 256,
            family: "swarm".to_owned(),
            guided: seed % 2 == 0,
            knobs: vec![("node-count".to_owned(), 2), ("faults-1.kill".to_owned(), 0)],
            verdict: Verdict::Invalid,
            findings: vec![Signature::clone(&signature)],
            ignored: Vec::new(),
            nodes: 3,
            operations: 17,
            succeeded: 16,
            messages: 90,
            faults: 4,
            features: vec!["read succeeds during kill".to_owned(), "sometimes:x".to_owned()],
        };
        let rows: Vec<Row> = [0, 1, 300, u64::MAX].map(row).into();
        let path = std::env::temp_dir().join(format!("glomers-rows-{}", std::process::id()));
        write(&path, &rows, "a part").unwrap();
        let first = std::fs::read(&path).unwrap();
        assert_eq!(read(&path).unwrap(), (rows.clone(), "a part".to_owned()));
        write(&path, &rows, "a part").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), first, "the same bytes");
        std::fs::remove_file(&path).unwrap();
    }
}
