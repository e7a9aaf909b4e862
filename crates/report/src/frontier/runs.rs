//! `frontier.parquet`: every single run.

use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::document::{Latencies, Side};

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The name of the node.
    pub algorithm: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The wanted latency.
    pub wanted_ms: Option<f64>,
    /// `ideal` or `maelstrom`.
    pub inbox: &'static str,
    /// The seed.
    pub seed: u64,
    /// What it amounts to.
    pub figures: Side,
    /// Values lost.
    pub lost_values: u64,
    /// Whether it was valid.
    pub is_valid: bool,
}

/// Why the table could not be made.
#[derive(Debug)]
pub struct RunsError(ParquetError);

impl std::fmt::Display for RunsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the table of runs could not be made ({}): please report this", self.0)
    }
}

impl std::error::Error for RunsError {}

/// A column: its name, and its value in a run.
enum Column {
    Text(&'static str, fn(&Run) -> String),
    Whole(&'static str, fn(&Run) -> u64),
    Real(&'static str, fn(&Run) -> f64),
    Optional(&'static str, fn(&Run) -> Option<f64>),
}

const COLUMNS: [Column; 19] = [
    Column::Text("algorithm", |run| run.algorithm.clone()),
    Column::Text("arguments", |run| run.arguments.join(" ")),
    Column::Optional("wanted_ms", |run| run.wanted_ms),
    Column::Text("inbox", |run| run.inbox.to_owned()),
    Column::Whole("seed", |run| run.seed),
    Column::Real("messages_per_operation", |run| run.figures.messages_per_operation),
    Column::Optional("observed_median_ms", |run| observed(run, |found| found.median)),
    Column::Optional("observed_p95_ms", |run| observed(run, |found| found.p95)),
    Column::Optional("observed_p99_ms", |run| observed(run, |found| found.p99)),
    Column::Optional("observed_max_ms", |run| observed(run, |found| found.max)),
    Column::Optional("true_median_ms", |run| truth(run, |found| found.median)),
    Column::Optional("true_p95_ms", |run| truth(run, |found| found.p95)),
    Column::Optional("true_p99_ms", |run| truth(run, |found| found.p99)),
    Column::Optional("true_max_ms", |run| truth(run, |found| found.max)),
    Column::Optional("client_latency_ms", |run| run.figures.client_latency_ms),
    Column::Optional("hottest_per_operation", |run| run.figures.hottest_per_operation),
    Column::Real("bytes_per_operation", |run| run.figures.bytes_per_operation),
    Column::Whole("lost_values", |run| run.lost_values),
    Column::Whole("valid", |run| u64::from(run.is_valid)),
];

fn observed(run: &Run, which: fn(&Latencies) -> f64) -> Option<f64> {
    run.figures.observed_ms.as_ref().map(which)
}

fn truth(run: &Run, which: fn(&Latencies) -> f64) -> Option<f64> {
    run.figures.true_ms.as_ref().map(which)
}

impl Column {
    fn declaration(&self) -> String {
        match self {
            Column::Text(name, _) => format!("required binary {name} (STRING);"),
            Column::Whole(name, _) => format!("required int64 {name};"),
            Column::Real(name, _) => format!("required double {name};"),
            Column::Optional(name, _) => format!("optional double {name};"),
        }
    }
}

/// All runs as a Parquet file.
///
/// # Errors
/// If the library refuses; no data of ours is known to make it do so.
pub fn to_parquet(runs: &[Run]) -> Result<Vec<u8>, RunsError> {
    write(runs).map_err(RunsError)
}

fn write(runs: &[Run]) -> Result<Vec<u8>, ParquetError> {
    let columns: Vec<String> = COLUMNS.iter().map(Column::declaration).collect();
    let schema = parse_message_type(&format!("message runs {{ {} }}", columns.join(" ")))?;
    let properties = WriterProperties::builder()
        // A version here would make files differ from one build to the next.
        .set_created_by("glomers".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .build();
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for column in &COLUMNS {
        let mut writer = group.next_column()?.expect("the schema has as many columns");
        match (writer.untyped(), column) {
            (ColumnWriter::ByteArrayColumnWriter(writer), Column::Text(_, value)) => {
                let values: Vec<ByteArray> =
                    runs.iter().map(|run| ByteArray::from(value(run).into_bytes())).collect();
                writer.write_batch(&values, None, None)?;
            }
            (ColumnWriter::Int64ColumnWriter(writer), Column::Whole(_, value)) => {
                let values: Vec<i64> = runs.iter().map(|run| value(run).cast_signed()).collect();
                writer.write_batch(&values, None, None)?;
            }
            (ColumnWriter::DoubleColumnWriter(writer), Column::Real(_, value)) => {
                let values: Vec<f64> = runs.iter().map(value).collect();
                writer.write_batch(&values, None, None)?;
            }
            (ColumnWriter::DoubleColumnWriter(writer), Column::Optional(_, value)) => {
                let values: Vec<Option<f64>> = runs.iter().map(value).collect();
                let levels: Vec<i16> =
                    values.iter().map(|value| i16::from(value.is_some())).collect();
                let values: Vec<f64> = values.into_iter().flatten().collect();
                writer.write_batch(&values, Some(&levels), None)?;
            }
            _ => unreachable!("columns stand in the order of the schema"),
        }
        writer.close()?;
    }
    group.close()?;
    file.close()?;
    Ok(bytes)
}
