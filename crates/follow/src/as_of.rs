//! Up to which hour the feed is followed.

use std::sync::Arc;

use time::OffsetDateTime;
use tokio::sync::watch;

/// Up to which hour the changes of registrations are followed: every change that was committed before has had its effect, by this copy or
/// another, in the database that all of them share. By the clock of the registration service. Never goes back. Clones are one and the
/// same.
#[derive(Debug, Clone, Default)]
pub struct AsOf(Arc<watch::Sender<Option<OffsetDateTime>>>);

impl AsOf {
    /// The hour; `None` until this copy has come to the end of the feed for the first time.
    #[must_use]
    pub fn get(&self) -> Option<OffsetDateTime> {
        *self.0.borrow()
    }

    /// Tells of each hour that is reached from now on.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Option<OffsetDateTime>> {
        self.0.subscribe()
    }

    /// `hour` is reached, if it was not before.
    pub(crate) fn reach(&self, hour: OffsetDateTime) {
        self.0.send_if_modified(|reached| {
            let further = reached.is_none_or(|reached| reached < hour);
            if further {
                *reached = Some(hour);
            }
            further
        });
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, OffsetDateTime};

    use super::AsOf;

    #[test]
    fn an_hour_that_was_reached_is_not_taken_back() {
        let (as_of, hour) = (AsOf::default(), OffsetDateTime::UNIX_EPOCH);
        let clone = as_of.clone();
        assert_eq!(clone.get(), None);
        for (reached, told) in [(0, 0), (7, 7), (3, 7), (7, 7), (8, 8)] {
            as_of.reach(hour + Duration::seconds(reached));
            assert_eq!(clone.get(), Some(hour + Duration::seconds(told)));
        }
    }

    #[test]
    fn who_waits_is_told_of_what_is_new_only() {
        let (as_of, hour) = (AsOf::default(), OffsetDateTime::UNIX_EPOCH);
        let mut told = as_of.subscribe();
        for (reached, new) in [(0, true), (0, false), (-1, false), (1, true)] {
            as_of.reach(hour + Duration::seconds(reached));
            assert_eq!(told.has_changed().ok(), Some(new), "{reached}");
            told.mark_unchanged();
        }
    }
}
