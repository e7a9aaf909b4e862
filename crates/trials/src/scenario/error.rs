//! What is wrong with a scenario, and where in its text.

use std::fmt;

use glomers_session::SessionError;

/// Why a scenario cannot be run: points at the place in its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioError {
    /// The name of the file.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, in characters, counted from 1.
    pub column: usize,
    /// What is wrong and what would be right.
    pub message: String,
    /// The line itself.
    pub source: String,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ScenarioError { file, line, column, message, source } = self;
        writeln!(f, "{file}: line {line}, column {column}: {message}")?;
        writeln!(f, "  {source}")?;
        // Tabs are kept, so that the caret stands where the eye expects it.
        let before = source.chars().take(column.saturating_sub(1));
        let indent: String = before.map(|c| if c == '\t' { c } else { ' ' }).collect();
        write!(f, "  {indent}^")
    }
}

impl std::error::Error for ScenarioError {}

impl ScenarioError {
    /// An error that only shows when the Plan is put together.
    pub(super) fn from_run(error: &SessionError, file: &str, line: usize, source: &str) -> Self {
        ScenarioError {
            file: file.to_owned(),
            line,
            column: 1,
            message: error.to_string(),
            source: source.to_owned(),
        }
    }
}
