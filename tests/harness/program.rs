//! The program under test: `entrypass` as it is, but for the hour, which stands in the file `ENTRYPASS_TEST_CLOCK`.

use std::{path::Path, process::ExitCode, sync::Arc};

use entrypass::{compose::Surroundings, program};
use entrypass_ambient::SystemRandom;
use entrypass_e2e::FileClock;

fn main() -> ExitCode {
    let clock = std::env::var_os("ENTRYPASS_TEST_CLOCK").unwrap_or_default();
    let clock = Arc::new(FileClock::open(Path::new(&clock)));
    program::main(&Surroundings { clock, random: Arc::new(SystemRandom) })
}
