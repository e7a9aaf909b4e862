//! How long it takes to judge registers, conversion of the history included.

#[path = "../tests/common/random.rs"]
mod random;
#[path = "../tests/register/simulate.rs"]
mod simulate;

use glomers_check::{CheckResult, Checker, Context, Register, Validity};
use glomers_history::{History, Op, OpKind};
use simulate::{Shape, simulate};

fn main() {
    divan::main();
}

fn judge(spec: Register, histories: &[History]) -> Vec<CheckResult> {
    histories.iter().map(|history| spec.check(history, &Context::default())).collect()
}

fn all_known(results: &[CheckResult]) {
    assert!(results.iter().all(|result| result.compat == Validity::Valid), "not valid");
}

/// 100 histories of one CAS register, as of an etcd cluster: 80 operations, 5 to
/// 20 processes, values 0 to 4, up to 20 of them indeterminate (one in four of
/// the updates, as long as there are fewer).
#[divan::bench(sample_count = 20, sample_size = 1)]
fn etcd_kind(bencher: divan::Bencher<'_, '_>) {
    let histories = etcd_histories();
    all_known(&judge(Register::CAS_REGISTER, &histories));
    bencher.bench_local(|| judge(Register::CAS_REGISTER, &histories));
}

fn etcd_histories() -> Vec<History> {
    (0..100)
        .map(|seed| {
            let shape = Shape {
                operations: 80,
                keys: 0,
                processes: 5 + seed as u32 % 16,
                values: 5,
                mix: (2, 2),
                infos: 20,
                info_in: 4,
            };
            simulate(seed, shape)
        })
        .collect()
}

/// Changes what the read in the middle returned to what a read well before it did,
/// if that differs.
fn broken(history: &History) -> History {
    let mut ops = history.ops().to_vec();
    let is_read = |op: &Op| &*op.f == "read" && op.kind == OpKind::Ok;
    let middle = (ops.len() / 2..ops.len()).find(|&at| is_read(&ops[at]));
    let earlier = middle.and_then(|at| {
        let mut before = (0..at / 2).rev();
        before.find(|&other| is_read(&ops[other]) && ops[other].value != ops[at].value)
    });
    if let (Some(middle), Some(earlier)) = (middle, earlier) {
        ops[middle].value = ops[earlier].value.clone();
    }
    ops.into_iter().collect()
}

/// The same histories with one read changed, which makes some of them wrong.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn etcd_kind_broken(bencher: divan::Bencher<'_, '_>) {
    let histories: Vec<History> = etcd_histories().iter().map(broken).collect();
    let results = judge(Register::CAS_REGISTER, &histories);
    let wrong = results.iter().filter(|result| result.compat == Validity::Invalid).count();
    assert!(wrong >= 10, "only {wrong} are wrong");
    bencher.bench_local(|| judge(Register::CAS_REGISTER, &histories));
}

/// 100,000 operations over 50 keys of 2,000, 20 processes a key, values 0 to 4,
/// half reads, one in six a write, one in three a cas, up to 20 indeterminate
/// operations a key, one in twenty of the updates or one in two hundred.
#[divan::bench(args = [20, 200], sample_count = 3, sample_size = 1)]
fn lin_kv(bencher: divan::Bencher<'_, '_>, info_in: u64) {
    let shape = Shape {
        operations: 100_000,
        keys: 50,
        processes: 20,
        values: 5,
        mix: (3, 1),
        infos: 20,
        info_in,
    };
    let histories = [simulate(1, shape)];
    all_known(&judge(Register::LIN_KV, &histories));
    bencher.bench_local(|| judge(Register::LIN_KV, &histories));
}

fn forty(values: u64) -> History {
    let shape = Shape {
        operations: 2_000,
        keys: 0,
        processes: 20,
        values,
        mix: (3, 1),
        infos: 40,
        info_in: 10,
    };
    simulate(1, shape)
}

/// A right history is valid, or unknown with the budget that ran out.
fn never_refuted(history: &History) {
    let result = Register::CAS_REGISTER.check(history, &Context::default());
    let told = result.compat == Validity::Unknown && !result.notes.is_empty();
    assert!(result.compat == Validity::Valid || told, "refuted, or unknown without a reason");
}

/// One key with 40 indeterminate operations: 2,000 operations of 20 processes on
/// `values` values.
#[divan::bench(args = [5, 10, 20, 40], sample_count = 1, sample_size = 1)]
fn forty_indeterminate(bencher: divan::Bencher<'_, '_>, values: u64) {
    let histories = [forty(values)];
    never_refuted(&histories[0]);
    bencher.bench_local(|| judge(Register::CAS_REGISTER, &histories));
}

/// The same with one read changed: here all possibilities must be refuted.
#[divan::bench(args = [5, 10, 20, 40], sample_count = 1, sample_size = 1)]
fn forty_indeterminate_broken(bencher: divan::Bencher<'_, '_>, values: u64) {
    let histories = [broken(&forty(values))];
    bencher.bench_local(|| judge(Register::CAS_REGISTER, &histories));
}

/// 1,000,000 reads and writes (two to one) of 20 processes, each write with a
/// value of its own, up to 1,000 indeterminate.
#[divan::bench(args = [10_000, 1_000_000], sample_count = 3, sample_size = 1)]
fn unique_writes(bencher: divan::Bencher<'_, '_>, operations: usize) {
    let shape = Shape {
        operations,
        keys: 0,
        processes: 20,
        values: 0,
        mix: (4, 2),
        infos: 1_000,
        info_in: 100,
    };
    let histories = [simulate(1, shape)];
    all_known(&judge(Register::REGISTER, &histories));
    bencher.bench_local(|| judge(Register::REGISTER, &histories));
}
