//! `replay.json`: what repeats a run.

use glomers_check::Availability;
use glomers_protocol::printable;
use glomers_sim::{PLAN_VERSION, Plan};
use glomers_testing::RunOptions;
use serde::{Deserialize, Serialize};

use crate::error::CliError;

/// The version of the form.
const VERSION: u32 = 1;

/// The build that this is: version and revision of the source.
pub(crate) const BUILD: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("GLOMERS_REVISION"));

/// The content of a `replay.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReplayFile {
    version: u32,
    pub(crate) build: String,
    pub(crate) seed: u64,
    pub(crate) plan: Plan,
    judge: Judge,
}

#[derive(Debug, Serialize, Deserialize)]
struct Judge {
    /// `null`, `"total"` or a fraction.
    availability: serde_json::Value,
    jepsen_compat: bool,
    require_faults: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    require_overlap: bool,
}

/// The bytes of a `replay.json`.
pub(crate) fn write(plan: &Plan, options: &RunOptions) -> Vec<u8> {
    let file = ReplayFile {
        version: VERSION,
        build: BUILD.to_owned(),
        seed: plan.seed,
        plan: plan.clone(),
        judge: Judge {
            availability: match options.availability {
                Availability::None => serde_json::Value::Null,
                Availability::Total => "total".into(),
                Availability::Fraction(fraction) => fraction.into(),
            },
            jepsen_compat: options.jepsen_compat,
            require_faults: options.require_faults,
            require_overlap: options.require_overlap,
        },
    };
    let mut bytes = serde_json::to_vec_pretty(&file).expect("a Plan is always JSON");
    bytes.push(b'\n');
    bytes
}

fn file(bytes: &[u8]) -> Result<ReplayFile, CliError> {
    let refuse = |reason: String| {
        CliError::usage(format!("replay.json cannot be used: {}", printable(&reason)))
    };
    let json: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| {
        refuse(if error.is_eof() {
            format!("it was cut off: line {} has no end", error.line())
        } else {
            error.to_string()
        })
    })?;
    // First of all, because another version may have other fields.
    let versions = [
        (&json["version"], VERSION, "it has"),
        (&json["plan"]["version"], PLAN_VERSION, "its Plan has"),
    ];
    for (found, ours, has) in versions {
        match found.as_u64() {
            Some(version) if version == u64::from(ours) => {}
            Some(version) => {
                return Err(refuse(format!("{has} version {version}, this build reads {ours}"))
                    .hint(
                        "use the build that made it: its name stands in the file under \"build\"",
                    ));
            }
            None => return Err(refuse("it says no version, so it is none of ours".to_owned())),
        }
    }
    let file: ReplayFile =
        serde_json::from_value(json).map_err(|error| refuse(error.to_string()))?;
    // Whoever reads about a node or workload must not be told something else.
    let Plan { nodes, workload, .. } = &file.plan;
    let is_no_name = |name: &&String| printable(name) != name.as_str();
    if let Some(name) = nodes.iter().chain([&workload.name]).find(is_no_name) {
        return Err(refuse(format!("{name:?} is no name")));
    }
    Ok(file)
}

/// Which build made the run.
pub(crate) fn build(bytes: &[u8]) -> Result<String, CliError> {
    Ok(file(bytes)?.build)
}

/// Reads a `replay.json`.
pub(crate) fn read(bytes: &[u8]) -> Result<(Plan, RunOptions), CliError> {
    let file = file(bytes)?;
    let availability = match &file.judge.availability {
        serde_json::Value::Null => Availability::None,
        serde_json::Value::Number(number) => Availability::Fraction(number.as_f64().unwrap_or(1.0)),
        _ => Availability::Total,
    };
    let options = RunOptions {
        availability,
        jepsen_compat: file.judge.jepsen_compat,
        require_faults: file.judge.require_faults,
        require_overlap: file.judge.require_overlap,
    };
    Ok((file.plan, options))
}
