//! The hosts that a Plan can name, and how it is run on each.

#[cfg(feature = "processes")]
use std::borrow::Cow;

use glomers_sim::{Host, InProcessHost, Outcome, Plan, SteppedHost, run_virtual_until};
#[cfg(feature = "processes")]
use {
    crate::job::NODE_DATA,
    crate::scratch::Scratch,
    glomers_bench::{RealOptions, run_real},
    glomers_sim::NodeProgram,
    glomers_warp::{Guarantee, TracedHost, TracedOptions},
};

use crate::error::SessionError;
use crate::job::{Job, Traced};
use crate::quiet::Quiet;
use crate::run::Session;

impl Session<'_> {
    /// Runs a Plan on the host that it names.
    pub(crate) fn host(
        &self,
        plan: &Plan,
        job: Job<'_>,
    ) -> Result<(Outcome, Option<Traced>), SessionError> {
        match plan.host {
            Host::InProcess => {
                let mut host = Quiet(InProcessHost::new(plan, self.embedded.of_plan(plan)?));
                Ok((self.in_virtual_time(plan, &mut host, job)?, None))
            }
            #[cfg(feature = "processes")]
            Host::Traced { .. } => self.traced(&*self.executable(plan)?, job),
            #[cfg(feature = "processes")]
            Host::Processes => Ok((self.free(&*self.executable(plan)?, job)?, None)),
            #[cfg(not(feature = "processes"))]
            Host::Traced { .. } | Host::Processes => Err(SessionError::NoProcesses),
        }
    }

    /// A host of stepped nodes for this Plan, to look at what they do.
    ///
    /// # Errors
    /// If its nodes cannot be made, or are processes in real time.
    pub fn stepped_host(&self, plan: &Plan) -> Result<Box<dyn SteppedHost>, SessionError> {
        match plan.host {
            #[cfg(feature = "processes")]
            Host::Traced { .. } => {
                let plan = self.executable(plan)?;
                Ok(Box::new(TracedHost::new(&plan, TracedOptions::default())?))
            }
            _ => Ok(Box::new(Quiet(InProcessHost::new(plan, self.embedded.of_plan(plan)?)))),
        }
    }

    /// The same Plan with an executable for its nodes: an embedded node as a process is
    /// this program, told to be that node.
    #[cfg(feature = "processes")]
    fn executable<'p>(&self, plan: &'p Plan) -> Result<Cow<'p, Plan>, SessionError> {
        let NodeProgram::Embedded { name, arguments } = &plan.program else {
            return Ok(Cow::Borrowed(plan));
        };
        // Mistakes are reported before anything runs.
        let _factory = self.embedded.factory(name, arguments)?;
        let program = self.embedded.executable(name, arguments).ok_or(SessionError::NoProgram)?;
        Ok(Cow::Owned(Plan { program, ..plan.clone() }))
    }

    fn in_virtual_time(
        &self,
        plan: &Plan,
        host: &mut dyn SteppedHost,
        job: Job<'_>,
    ) -> Result<Outcome, SessionError> {
        // As with processes: the first Ctrl-C ends the run, which is checked.
        #[cfg(feature = "processes")]
        let _guard = self.interrupt.as_ref().map(glomers_bench::Interrupt::guard);
        let is_over = || self.judge.stop.is_wanted();
        let interrupted = || self.is_interrupted() || job.has_failed.get() || is_over();
        Ok(run_virtual_until(plan, job.workload, host, job.observer, None, &interrupted)?)
    }

    #[cfg(feature = "processes")]
    fn traced(&self, plan: &Plan, job: Job<'_>) -> Result<(Outcome, Option<Traced>), SessionError> {
        let options = TracedOptions {
            max_line: self.max_line,
            keep_data: job.directory.map(|directory| directory.join(NODE_DATA)),
            record_stops: self.record_stops.clone(),
            ..TracedOptions::default()
        };
        let mut host = TracedHost::new(plan, options)?;
        let outcome = self.in_virtual_time(plan, &mut host, job)?;
        let report = host.report();
        let traced = Traced {
            is_exact: report.guarantee == Guarantee::Exact,
            notes: report.notes.into_iter().map(|note| note.text).collect(),
            stops: report.stops,
            files: host.files().iter().cloned().collect(),
        };
        Ok((outcome, Some(traced)))
    }

    #[cfg(feature = "processes")]
    fn free(&self, plan: &Plan, job: Job<'_>) -> Result<Outcome, SessionError> {
        // Nodes have disks whether the run is stored or not.
        let scratch = match job.directory {
            None => Some(Scratch::new()?),
            Some(_) => None,
        };
        let room = job.directory.or(scratch.as_ref().map(|scratch| &*scratch.path));
        let interrupt = self.interrupt.clone();
        let options = RealOptions {
            max_line: self.max_line,
            log_stderr: self.log_stderr,
            data_dir: room.map(|room| room.join(NODE_DATA)),
            interrupt: interrupt.clone(),
            progress: Some(Box::new(|engine| {
                (job.progress)(engine);
                if let (true, Some(interrupt)) = (job.has_failed.get(), &interrupt) {
                    // Nothing more can be stored; the error says why.
                    interrupt.trigger();
                }
            })),
            ..RealOptions::default()
        };
        Ok(run_real(plan, job.workload, job.observer, options)?)
    }
}
