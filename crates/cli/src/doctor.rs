//! `glomers doctor`: what this machine allows.

use std::process::ExitCode;

use crate::error::CliError;
use crate::out;

pub(crate) fn run() -> Result<ExitCode, CliError> {
    let probes = glomers_warp::probe();
    let works = probes.iter().all(|probe| probe.pin.is_some() || probe.absent.is_none());
    out::line("Executables in virtual time (--time virtual --bin FILE):\n");
    for probe in &probes {
        match &probe.absent {
            None => out::line(format_args!("  yes  {}", probe.name)),
            Some(reason) => out::line(format_args!(
                "  NO   {}: {reason}\n       Without it: {}.",
                probe.name, probe.cost
            )),
        }
    }
    let all = probes.iter().all(|probe| probe.absent.is_none());
    out::line(match (works, all) {
        (_, true) => {
            "\nAll pins hold: runs are exact, which means that another run on this machine is the \
             same, byte for byte."
        }
        (true, false) => {
            "\nTime can be virtual here, but runs are not exact: another run may differ."
        }
        (false, false) => "\nExecutables run in real time only here.",
    });
    Ok(if works { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
