//! The hour of a journey, for every process that takes part in it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use entrypass_ambient::Clock;
use time::{Duration, OffsetDateTime};

/// A clock that stands still until a journey moves it. The hour stands in a file, in microseconds since 1970, where other processes read it.
#[derive(Debug)]
pub struct FileClock(PathBuf);

impl FileClock {
    /// The clock in the file `path`, which is there already.
    #[must_use]
    pub fn open(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// A clock that stands at `now`, in a new file `path`.
    #[must_use]
    pub fn new(path: &Path, now: OffsetDateTime) -> Self {
        let clock = Self::open(path);
        clock.set(now);
        clock
    }

    /// Moves the clock by `step`.
    pub fn advance(&self, step: Duration) {
        self.set(self.now() + step);
    }

    /// Whoever reads meanwhile reads the old hour or the new one.
    fn set(&self, now: OffsetDateTime) {
        let beside = self.0.with_extension("new");
        fs::write(&beside, (now.unix_timestamp_nanos() / 1000).to_string()).expect("written");
        fs::rename(&beside, &self.0).expect("moved into place");
    }
}

impl Clock for FileClock {
    fn now(&self) -> OffsetDateTime {
        let text = fs::read_to_string(&self.0).expect("the hour");
        let micros: i128 = text.parse().expect("a number");
        OffsetDateTime::from_unix_timestamp_nanos(micros * 1000).expect("an hour")
    }
}
