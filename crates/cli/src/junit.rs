//! JUnit's XML, which every system for continuous integration can read.

use std::path::Path;
use std::time::Duration;

use crate::error::CliError;

/// One run in a report.
pub(crate) struct Case {
    /// What was run: `broadcast, flood-retry, 5 nodes, seed 7`.
    pub(crate) name: String,
    pub(crate) wall_time: Duration,
    /// If it is not valid: in a few words, and with all that was found.
    pub(crate) failure: Option<(String, String)>,
    /// Where it is stored, and how to repeat it.
    pub(crate) output: String,
}

/// What is in the place of the cases until all are over.
pub(crate) fn unfinished() -> Case {
    let details = "Glomers ended before it could write its report.";
    Case {
        name: "all runs".to_owned(),
        wall_time: Duration::ZERO,
        failure: Some(("did not come to its end".to_owned(), details.to_owned())),
        output: String::new(),
    }
}

/// Writes a report.
pub(crate) fn write(path: &Path, suite: &str, cases: &[Case]) -> Result<(), CliError> {
    std::fs::write(path, text(suite, cases)).map_err(|error| {
        CliError::machine(format!("{} cannot be written: {error}", path.display()))
            .hint("--junit takes a file in a folder that is there and may be written to")
    })
}

fn text(suite: &str, cases: &[Case]) -> String {
    let failures = cases.iter().filter(|case| case.failure.is_some()).count();
    let seconds: f64 = cases.iter().map(|case| case.wall_time.as_secs_f64()).sum();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    text += &format!(
        "<testsuites tests=\"{count}\" failures=\"{failures}\" time=\"{seconds:.3}\">\n\
         \x20 <testsuite name=\"{suite}\" tests=\"{count}\" failures=\"{failures}\" \
         time=\"{seconds:.3}\">\n",
        count = cases.len(),
        suite = escaped(suite),
    );
    for case in cases {
        text += &format!(
            "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\">\n",
            escaped(suite),
            escaped(&case.name),
            case.wall_time.as_secs_f64()
        );
        if let Some((message, details)) = &case.failure {
            let (message, details) = (escaped(message), escaped(details));
            text += &format!("      <failure message=\"{message}\">{details}</failure>\n");
        }
        if !case.output.is_empty() {
            text += &format!("      <system-out>{}</system-out>\n", escaped(&case.output));
        }
        text += "    </testcase>\n";
    }
    text + "  </testsuite>\n</testsuites>\n"
}

/// For attributes and text. Characters that XML does not have are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\n' | '\t' => escaped.push(letter),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_what_failed_and_why() {
        let case = |name: &str, failure: Option<(&str, &str)>| Case {
            name: name.to_owned(),
            wall_time: Duration::from_millis(1500),
            failure: failure.map(|(a, b)| (a.to_owned(), b.to_owned())),
            output: "stored in <x>".to_owned(),
        };
        let cases = [
            case("good", None),
            case("bad", Some(("INVALID: lost", "a < b & \"c\"\u{1}\u{ffff}"))),
        ];
        assert_eq!(
            text("glomers test", &cases),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites tests=\"2\" failures=\"1\" time=\"3.000\">\n\
             \x20 <testsuite name=\"glomers test\" tests=\"2\" failures=\"1\" time=\"3.000\">\n\
             \x20   <testcase classname=\"glomers test\" name=\"good\" time=\"1.500\">\n\
             \x20     <system-out>stored in &lt;x&gt;</system-out>\n\
             \x20   </testcase>\n\
             \x20   <testcase classname=\"glomers test\" name=\"bad\" time=\"1.500\">\n\
             \x20     <failure message=\"INVALID: lost\">a &lt; b &amp; &quot;c&quot;</failure>\n\
             \x20     <system-out>stored in &lt;x&gt;</system-out>\n\
             \x20   </testcase>\n\
             \x20 </testsuite>\n\
             </testsuites>\n"
        );
    }
}
