# The tools that `./check` installs come first; without it, whatever is in PATH serves.
export PATH := justfile_directory() / ".tools/bin:" + env("PATH")

set ignore-comments
set shell := ["bash", "-euo", "pipefail", "-c"]

# Lists the recipes.
default:
    @just --list --unsorted

# Everything that must hold before a change is merged; CI runs the same.
check: fmt lint deny proto test docs interop live faults load-smoke

# The code is formatted as rustfmt.toml says.
fmt:
    cargo fmt --all --check
    cargo fmt --check --manifest-path fuzz/Cargo.toml

# Clippy has nothing to say, and Cargo.lock is complete.
lint:
    cargo clippy --locked --workspace --all-targets -- -D warnings

# Licences, sources and the fences between crates (deny.toml).
deny:
    cargo deny check --hide-inclusion-graph bans licenses sources

# The contract keeps buf's rules, comments included, and is formatted.
proto:
    buf lint proto
    buf format --diff --exit-code proto

# Unit, service and journey tests, and the examples in the documentation; on SQLite, and what has a database on PostgreSQL too.
test:
    cargo test --doc --workspace
    cargo nextest run --workspace
    just test-postgres

# The packages with a database on a PostgreSQL 15 of the tests' own.
test-postgres *arguments:
    # With --workspace and a filter, not with --package: cargo settles on the same features, and compiles nothing a second time.
    # Ignored are those that only PostgreSQL can show.
    tests/with-postgres cargo nextest run --workspace --run-ignored all --filterset \
        'package(/^entrypass(-db|-audit|-follow|-registration|-qr|-epass|-e2e)?$/)' {{ arguments }}

# The documentation builds without a warning.
docs:
    RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --workspace

# Foreign implementations and ours agree on every test vector of token and bundle and on every rule of a policy, and verify what the others issue.
interop:
    # With --tests, cargo settles on the features of `just test`, and compiles nothing a second time.
    cargo build --workspace --example interop --example policies --tests
    tests/interop/tokens.py target/debug/examples/interop
    tests/interop/read_bundle.py crates/verifier/vectors/bundles.json
    tests/interop/policies.mjs target/debug/examples/policies crates/policy/policies/*.toml crates/policy/tests/policy/*.toml

# The real program, called by grpcurl, by a partner in Python and checked by foreign software; on either engine.
live:
    # With --tests, cargo settles on the features of `just test`, and compiles nothing a second time.
    cargo build --workspace --bin entrypass --tests
    tests/live
    tests/with-postgres tests/live

# Kills, freezes and restarts everything under load, and counts what was lost; `just faults postgres` does one of them.
faults word="":
    cargo build --workspace --bin entrypass --tests
    tests/with-postgres --revive target/debug/entrypass-faults {{ word }}

# The program under load beside baselines of the same run (tests/load/README.md); `just load --goals` fails when a goal is missed.
load *arguments:
    # Not both at once: the program is measured with its own features, and not with those that the tool's dependencies would add.
    cargo build --release --package entrypass
    cargo build --release --package entrypass-load
    target/release/entrypass-load {{ arguments }}

# Some seconds of that on either engine, with the debug build: answers and stores are checked, and nothing is measured.
load-smoke:
    # With --tests, cargo settles on the features of `just test`, and compiles nothing a second time.
    cargo build --workspace --bins --tests
    target/debug/entrypass-load --smoke --out target/load-smoke

# Starts everything in one process.
run *arguments:
    cargo run --release -- {{ arguments }}

# What a token costs beyond its signature, as ratios; `just bench --goals` fails when a goal is missed.
bench *arguments:
    cargo bench --package entrypass-token --bench ratios -- {{ arguments }}

# How much faster a QR picture is made than by others, as ratios; `--goals` as above, `--instructions` counts those too (valgrind).
bench-symbol *arguments:
    cargo bench --package entrypass-symbol --bench ratios -- {{ arguments }}

# What each step of the pure crates costs, in time; `just bench-pure seal` some of them.
bench-pure *arguments:
    cargo bench --package entrypass-micro --bench pure -- {{ arguments }}

# The same in instructions (valgrind), which do not change with what else runs on the machine.
instructions:
    cargo bench --package entrypass-micro --bench pure -- --instructions

# What the audit costs a call, and what writing submissions together gains, as ratios, on SQLite; on PostgreSQL with `tests/with-postgres just bench-audit`.
bench-audit *arguments:
    cargo bench --package entrypass-registration --bench audit --features unrecorded -- {{ arguments }}

# What callers gain whose look-ups share a round trip, as ratios, on SQLite; on PostgreSQL with `tests/with-postgres just bench-look-ups`.
bench-look-ups:
    cargo bench --package entrypass-db --bench coalesced

# Whether the time of a refusal tells who is registered, on SQLite; on PostgreSQL with `tests/with-postgres just bench-proof`.
bench-proof:
    cargo bench --package entrypass-registration --bench proof

# How big an offline bundle is, and how long it takes, by the number of withdrawn codes.
bundle-size:
    cargo run --release --package entrypass-verifier --example size

# Runs a fuzz target; needs a nightly toolchain and cargo-fuzz.
fuzz target seconds="60":
    cargo +nightly fuzz run {{ target }} -- -max_total_time={{ seconds }}

# Asks the RustSec database about the dependencies; needs the network.
advisories:
    cargo deny check advisories

# The contract breaks no caller of the one on the main branch.
breaking:
    buf breaking proto --against '.git#branch=main,subdir=proto'
