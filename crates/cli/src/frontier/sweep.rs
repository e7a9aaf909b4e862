//! All algorithms, wanted latencies, inboxes and seeds.

use std::time::Duration;

use glomers_bench::Interrupt;
use glomers_report::frontier::{
    Curve, Document, Mark, Network, Published, Row, Run, VERSION, is_the_challenge, rounded,
};
use glomers_session::SessionError;
use glomers_sim::{Distribution, Host, Inbox, NodeProgram, Plan, PlanError};
use glomers_trials::embedded_factory;
use glomers_trials::frontier::{
    Bounds, CANDIDATES, Candidate, Figures, Setting, Summary, candidate,
};

use super::network::side_of;
use crate::error::CliError;
use crate::measured::{self, ProgramArguments, Runs};
use crate::out;

/// In latencies of a link.
const WANTED: [f64; 17] =
    [1.0, 1.5, 2.0, 2.2, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 18.0, 20.0];

const INBOXES: [(Inbox, &str); 2] = [(Inbox::Ideal, "ideal"), (Inbox::Maelstrom, "maelstrom")];

/// What is to be measured: a line of the table.
pub(super) struct Point {
    algorithm: String,
    runs: Runs,
    arguments: Vec<String>,
    wanted: Option<Duration>,
}

impl Point {
    fn embedded(
        algorithm: String,
        node: &str,
        arguments: Vec<String>,
        wanted: Option<Duration>,
    ) -> Point {
        let program = NodeProgram::Embedded { name: node.to_owned(), arguments: arguments.clone() };
        Point { algorithm, runs: (program, Host::InProcess), arguments, wanted }
    }

    /// An executable: it has the name of its file.
    pub(super) fn executable(runs: Runs) -> Point {
        let algorithm = measured::name(&runs);
        let arguments = measured::arguments(&runs).to_vec();
        Point { algorithm, runs, arguments, wanted: None }
    }

    /// Whether its runs take as long as their clock says.
    pub(super) fn is_real(&self) -> bool {
        measured::is_real(&self.runs)
    }

    fn plan(&self, setting: &Setting, seed: u64, inbox: Inbox) -> Result<Plan, PlanError> {
        setting.plan_of(self.runs.clone(), "broadcast", seed, inbox)
    }
}

/// The points of these algorithms, in order; of all if none is named.
pub(super) fn points(
    algorithms: &[String],
    latencies: &[u64],
    setting: &Setting,
) -> Result<Vec<Point>, CliError> {
    let latency = Duration::from_millis(setting.latency.mean_ms);
    let wanted: Vec<Duration> = if latencies.is_empty() {
        // Without latency there is nothing to count in.
        let unit = if latency.is_zero() { Duration::from_millis(100) } else { latency };
        WANTED.iter().map(|times| unit.mul_f64(*times)).collect()
    } else {
        latencies.iter().map(|&ms| Duration::from_millis(ms)).collect()
    };
    let mut points = Vec::new();
    if algorithms.is_empty() {
        for one in CANDIDATES.iter().filter(|one| one.exists()) {
            points.extend(points_of(one, &wanted, setting));
        }
    }
    for name in algorithms {
        if let Some(point) = point_by_hand(name) {
            points.push(point);
            continue;
        }
        let one = candidate(name.trim()).map_err(|error| CliError::usage(error.to_string()))?;
        let found = points_of(one, &wanted, setting);
        if found.is_empty() {
            return Err(CliError::usage(format!("{name} has no point at these latencies")).hint(
                format!(
                    "it makes sense from {} times the latency of a link ({} ms) on",
                    one.from, setting.latency.mean_ms
                ),
            ));
        }
        points.extend(found);
    }
    for point in &points {
        let plan = point.plan(setting, 0, Inbox::Ideal).map_err(SessionError::from)?;
        let _factory = embedded_factory(&plan).map_err(SessionError::from)?;
        let NodeProgram::Embedded { name, .. } = &point.runs.0 else { continue };
        if glomers_nodes::entry(name).is_some_and(|entry| entry.workload != "broadcast") {
            return Err(CliError::usage(format!("{name} is no node for broadcast")));
        }
    }
    Ok(points)
}

fn points_of(one: &Candidate, wanted: &[Duration], setting: &Setting) -> Vec<Point> {
    let latency = Duration::from_millis(setting.latency.mean_ms);
    let point = |wanted: Option<Duration>| {
        let arguments = one.arguments(wanted, latency, setting.nodes);
        Point::embedded(one.name.to_owned(), one.name, arguments, wanted)
    };
    one.points(wanted, latency).into_iter().map(point).collect()
}

/// A node with arguments of its own.
fn point_by_hand(text: &str) -> Option<Point> {
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    match words.as_slice() {
        [node, arguments @ ..] if !arguments.is_empty() => {
            Some(Point::embedded(words.join(" "), node, arguments.to_vec(), None))
        }
        _ => None,
    }
}

/// Runs everything. What comes first in the result does not depend on what is finished
/// first. After an interrupt no further run begins, and what is finished is the result;
/// `None` if that is not even one row.
pub(super) fn measure_all(
    points: &[Point],
    setting: &Setting,
    sample: &Sample,
    programs: &ProgramArguments,
    interrupt: &Interrupt,
) -> Result<Option<(Document, Vec<Run>)>, CliError> {
    let jobs = jobs(points, sample);
    let plan = |number: usize| {
        let (point, inbox, _, seed) = jobs[number];
        let mut plan = point.plan(setting, seed, inbox)?;
        programs.apply(&mut plan);
        Ok(plan)
    };
    let real = jobs.iter().filter(|job| job.0.is_real()).count();
    if real > 0 {
        let first = plan(0).map_err(SessionError::from)?;
        out::note(measured::announced(&first, real as u64)?);
    }
    let is_real = |number: usize| jobs[number].0.is_real();
    let figures = measured::measure_all(jobs.len(), plan, is_real, interrupt)?;
    Ok(document(points, setting, sample, &figures))
}

/// The seeds of a sweep, and the network as the report shows it.
pub(super) struct Sample {
    pub(super) seeds: Vec<u64>,
    pub(super) described: Network,
}

/// A run that is to be measured: inboxes have names.
type Job<'a> = (&'a Point, Inbox, &'static str, u64);

fn jobs<'a>(points: &'a [Point], sample: &Sample) -> Vec<Job<'a>> {
    let seeds = &sample.seeds;
    let mut jobs = Vec::with_capacity(points.len() * INBOXES.len() * seeds.len());
    for point in points {
        for (inbox, name) in INBOXES {
            jobs.extend(seeds.iter().map(|&seed| (point, inbox, name, seed)));
        }
    }
    jobs
}

/// What the figures of all jobs amount to; those that are missing were not run.
fn document(
    points: &[Point],
    setting: &Setting,
    sample: &Sample,
    figures: &[Option<Figures>],
) -> Option<(Document, Vec<Run>)> {
    let (seeds, jobs) = (&sample.seeds, jobs(points, sample));
    let runs: Vec<Run> = jobs
        .iter()
        .zip(figures)
        .filter_map(|(job, figures)| Some(run(*job, figures.as_ref()?)))
        .collect();
    let interrupted = runs.len() < jobs.len();
    let bounds = bounds(setting);
    let blocks = figures.chunks(2 * seeds.len());
    let rows: Vec<Row> = points
        .iter()
        .zip(blocks)
        .filter_map(|(point, block)| {
            let finished: Option<Vec<Figures>> = block.iter().cloned().collect();
            Some(row(point, &finished?, seeds, bounds))
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let same = is_the_challenge(&sample.described);
    let mut document = Document {
        version: VERSION,
        interrupted,
        rows,
        bounds: Vec::new(),
        published: if same { Published::all() } else { Vec::new() },
        marks: if same { Mark::all() } else { Vec::new() },
        network: sample.described.clone(),
    };
    document.mark_frontier();
    if let Some(bounds) = bounds {
        document.bounds = curves(bounds, setting, &document);
    }
    Some((document, runs))
}

fn run((point, _, inbox, seed): Job<'_>, figures: &Figures) -> Run {
    Run {
        algorithm: point.algorithm.clone(),
        arguments: point.arguments.clone(),
        wanted_ms: point.wanted.map(milliseconds),
        inbox,
        seed,
        figures: side_of(figures),
        lost_values: figures.lost,
        is_valid: figures.is_valid,
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// They are known for constant latencies only.
fn bounds(setting: &Setting) -> Option<Bounds> {
    let is_constant = setting.latency.distribution == Distribution::Constant;
    let latency = Duration::from_millis(setting.latency.mean_ms);
    is_constant.then(|| Bounds::new(setting.nodes, latency, setting.rate))
}

/// `figures`: all seeds with the ideal inbox, then all with Maelstrom's.
fn row(point: &Point, figures: &[Figures], seeds: &[u64], bounds: Option<Bounds>) -> Row {
    let (ideal, maelstrom) = figures.split_at(seeds.len());
    let summary = |runs: &[Figures]| Summary::of(runs).expect("there is at least one seed");
    let invalid = (0..seeds.len()).filter(|&at| !(ideal[at].is_valid && maelstrom[at].is_valid));
    let invalid_seeds: Vec<u64> = invalid.map(|at| seeds[at]).collect();
    let (ideal, maelstrom) = (summary(ideal).figures, summary(maelstrom).figures);
    let over = |bound: fn(&Bounds, Duration) -> Option<f64>| {
        let reached = Duration::from_secs_f64(ideal.truth?.max / 1e3);
        let least = bound(&bounds?, reached).filter(|least| *least > 0.0)?;
        Some(rounded(ideal.messages_per_operation / least))
    };
    Row {
        algorithm: point.algorithm.clone(),
        arguments: point.arguments.clone(),
        wanted_ms: point.wanted.map(milliseconds),
        over_universal: over(Bounds::universal),
        over_single_hub: over(Bounds::single_hub),
        lost_values: ideal.lost + maelstrom.lost,
        ideal: side_of(&ideal),
        maelstrom: side_of(&maelstrom),
        invalid_seeds,
        frontier_max: false,
        frontier_median: false,
    }
}

/// The bounds as far as the measured latencies go.
fn curves(bounds: Bounds, setting: &Setting, document: &Document) -> Vec<Curve> {
    let latency = setting.latency.mean_ms as f64;
    let reached = document.rows.iter().filter_map(|row| row.ideal.true_ms);
    let longest = reached.map(|found| found.max).fold(20.0 * latency, f64::max) * 1.5;
    // Steps of 2 %, and the two jumps on the spot.
    let mut at: Vec<f64> = vec![latency, 2.0 * latency - 0.01, 2.0 * latency];
    let mut next = latency.max(1.0);
    while next < longest {
        at.push(rounded(next));
        next *= 1.02;
    }
    at.sort_by(f64::total_cmp);
    at.dedup();
    let curve = |name: &str, about: &str, bound: fn(&Bounds, Duration) -> Option<f64>| {
        let point = |&ms: &f64| {
            let least = bound(&bounds, Duration::from_secs_f64(ms / 1e3))?;
            (least > 0.0).then(|| (ms, rounded(least)))
        };
        let points = at.iter().filter_map(point).collect();
        Curve { name: name.to_owned(), about: about.to_owned(), points }
    };
    vec![
        curve("universal", "out of reach: lower bound for any algorithm", Bounds::universal),
        curve("single-hub", "lower bound for algorithms with one hub", Bounds::single_hub),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontier::NetworkArguments;

    #[test]
    fn after_an_interrupt_rows_that_are_finished_are_shown_and_marked() {
        let network = NetworkArguments::default();
        let setting = network.setting();
        let sample = Sample { seeds: network.seeds(false), described: network.describe(false) };
        let names = ["direct --max-latency 100", "flood-retry --tree 4"].map(str::to_owned);
        let points = points(&names, &[], &setting).unwrap();
        let jobs = jobs(&points, &sample);
        let of = |figures: &[Option<Figures>]| document(&points, &setting, &sample, figures);
        let figures = Figures::of_verdict(&glomers_check::compose([], Default::default()));
        let mut all = vec![Some(figures); jobs.len()];
        let (document, runs) = of(&all).unwrap();
        assert_eq!((document.interrupted, document.rows.len(), runs.len()), (false, 2, jobs.len()));
        // The last run of the second row is missing.
        all[jobs.len() - 1] = None;
        let (document, runs) = of(&all).unwrap();
        assert_eq!((document.interrupted, document.rows.len(), runs.len()), (true, 1, 79));
        assert!(glomers_report::frontier::table(&document, None).contains("Interrupted: rows"));
        assert!(glomers_report::frontier::figure(&document).contains("interrupted, not complete"));
        // And one of the first.
        all[0] = None;
        assert!(of(&all).is_none());
    }
}
