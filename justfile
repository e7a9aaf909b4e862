# Shortcuts; `just` lists them. CONTRIBUTING.md has the commands without just.

_default:
    @just --list

# Everything that is checked before a change is taken
ci:
    .ci/run

# The Gossip Glomers challenges on the reference nodes
challenge *ARGUMENTS:
    cargo run --release -- challenge {{ARGUMENTS}}

# All tests
test:
    cargo test --workspace

# Say what is not formatted, and lint; rewrites nothing
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# Targets and today's figures: `just targets --quick`
targets *ARGUMENTS:
    cargo xtask targets {{ARGUMENTS}}

# One seed, one store: `just determinism --seeds 10`
determinism *ARGUMENTS:
    cargo xtask determinism {{ARGUMENTS}}

# Fuzz every target for so many seconds (nightly Rust, cargo-fuzz): `just fuzz 3600`
fuzz seconds="120":
    for target in edn json jsonl line recorded checkers; do \
        cargo +nightly fuzz run $target -- -max_total_time={{seconds}} || exit 1; \
    done
