//! `replay.json`: what repeats a run.

use glomers_check::Availability;
use glomers_history::Stop;
use glomers_protocol::printable;
use glomers_sim::{PLAN_VERSION, Plan};
use serde::{Deserialize, Serialize};

use crate::judge::RunOptions;

/// The version of the form.
const VERSION: u32 = 1;

/// The build that this is: version and revision of the source.
pub const BUILD: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("GLOMERS_REVISION"));

/// The content of a `replay.json`.
#[derive(Debug, Clone)]
pub struct ReplayFile {
    /// The build that made the run.
    pub build: String,
    /// What was run.
    pub plan: Plan,
    /// How it was judged.
    pub judge: RunOptions,
}

/// Why a `replay.json` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayFileError {
    /// It is not what it should be; says why.
    #[error("replay.json cannot be used: {0}")]
    Unusable(String),
    /// Another build wrote it.
    #[error("replay.json cannot be used: {what} version {found}, this build reads {ours}")]
    Version {
        /// `it has`, or `its Plan has`.
        what: &'static str,
        /// The version.
        found: u64,
        /// The version that is read here.
        ours: u32,
    },
}

#[derive(Serialize, Deserialize)]
struct Form {
    version: u32,
    build: String,
    seed: u64,
    plan: Plan,
    judge: Judge,
}

#[derive(Serialize, Deserialize)]
struct Judge {
    /// `null`, `"total"` or a fraction.
    availability: serde_json::Value,
    jepsen_compat: bool,
    require_faults: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    require_overlap: bool,
}

impl ReplayFile {
    /// What repeats a run of this build.
    pub fn new(plan: &Plan, judge: &RunOptions) -> ReplayFile {
        ReplayFile { build: BUILD.to_owned(), plan: plan.clone(), judge: judge.clone() }
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let form = Form {
            version: VERSION,
            build: self.build.clone(),
            seed: self.plan.seed,
            plan: self.plan.clone(),
            judge: Judge {
                availability: match self.judge.availability {
                    Availability::None => serde_json::Value::Null,
                    Availability::Total => "total".into(),
                    Availability::Answered => "answered".into(),
                    Availability::Fraction(fraction) => fraction.into(),
                },
                jepsen_compat: self.judge.jepsen_compat,
                require_faults: self.judge.require_faults,
                require_overlap: self.judge.require_overlap,
            },
        };
        let mut bytes = serde_json::to_vec_pretty(&form).expect("a Plan is always JSON");
        bytes.push(b'\n');
        bytes
    }

    /// Reads the file.
    ///
    /// # Errors
    /// If it is of another version, or not what it should be.
    pub fn read(bytes: &[u8]) -> Result<ReplayFile, ReplayFileError> {
        let form = form(bytes)?;
        let availability = match &form.judge.availability {
            serde_json::Value::Null => Availability::None,
            serde_json::Value::Number(number) => {
                Availability::Fraction(number.as_f64().unwrap_or(1.0))
            }
            serde_json::Value::String(word) if word == "answered" => Availability::Answered,
            _ => Availability::Total,
        };
        let judge = RunOptions {
            stop: Stop::default(),
            availability,
            jepsen_compat: form.judge.jepsen_compat,
            require_faults: form.judge.require_faults,
            require_overlap: form.judge.require_overlap,
        };
        Ok(ReplayFile { build: form.build, plan: form.plan, judge })
    }
}

fn form(bytes: &[u8]) -> Result<Form, ReplayFileError> {
    let refuse = |reason: String| ReplayFileError::Unusable(printable(&reason).into_owned());
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
    for (found, ours, what) in versions {
        match found.as_u64() {
            Some(version) if version == u64::from(ours) => {}
            Some(found) => return Err(ReplayFileError::Version { what, found, ours }),
            None => return Err(refuse("it says no version, so it is none of ours".to_owned())),
        }
    }
    // From the text once more: the arguments of listed operations are read with all digits.
    let form: Form = serde_json::from_slice(bytes).map_err(|error| refuse(error.to_string()))?;
    // What a page says about a node or workload must be the same.
    let Plan { nodes, workload, .. } = &form.plan;
    let is_no_name = |name: &&String| printable(name) != name.as_str();
    if let Some(name) = nodes.iter().chain([&workload.name]).find(is_no_name) {
        return Err(refuse(format!("{name:?} is no name")));
    }
    Ok(form)
}
