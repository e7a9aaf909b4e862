//! What a write to a simulated disk costs: `cargo bench -p glomers-node --bench disk`.

use divan::Bencher;
use divan::counter::ItemsCount;
use glomers_node::{Disk, MemoryDisk};

const WRITES: usize = 100_000;

fn main() {
    divan::main();
}

/// 100,000 appends of 100 bytes to one file, with a sync after every so many that
/// is done at once.
#[divan::bench(args = [1, 10, 1_000])]
fn appends(bencher: Bencher<'_, '_>, between_syncs: usize) {
    bencher.counter(ItemsCount::new(WRITES)).with_inputs(MemoryDisk::new).bench_local_values(
        |mut disk| {
            for number in 1..=WRITES {
                disk.append("log", &[7; 100]).expect("nothing is wrong with it");
                if number.is_multiple_of(between_syncs) {
                    disk.sync().expect("nothing is wrong with it");
                    for sync in disk.take_syncs() {
                        disk.complete(sync);
                    }
                }
            }
            disk
        },
    );
}

/// As many replacements of a file of 100 bytes.
#[divan::bench]
fn puts(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(WRITES)).with_inputs(MemoryDisk::new).bench_local_values(
        |mut disk| {
            for number in 0..WRITES {
                disk.put("state", &[7; 100]).expect("nothing is wrong with it");
                if number.is_multiple_of(10) {
                    disk.sync().expect("nothing is wrong with it");
                    for sync in disk.take_syncs() {
                        disk.complete(sync);
                    }
                }
            }
            disk
        },
    );
}
