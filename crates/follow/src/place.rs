//! Where a follower stands: the stored position, which copies compete for, beside the stream, which is this copy's own. Pure but for
//! the monotonic clock.

use std::time::Duration;

use entrypass_proto::registration::v1::{RegistrationChange, WatchRegistrationsResponse};
use tokio::time::Instant;

/// Where a follower stands. Cursors are opaque: one is known as earlier than another only by having come before it in the stream.
#[derive(Debug)]
pub(crate) struct Place {
    stored: Option<String>,
    /// Whether the stream goes on right behind the stored position. Otherwise another copy was faster, and the stream has yet to come
    /// to where it stands.
    in_step: bool,
    /// When the stored position was last seen in another place than before.
    moved: Instant,
}

impl Place {
    /// The place of a stream that begins behind the stored position, or anew in place of it.
    pub(crate) fn at(stored: Option<String>) -> Self {
        Self { stored, in_step: true, moved: Instant::now() }
    }

    /// The stored position as it was last seen.
    pub(crate) fn stored(&self) -> Option<&str> {
        self.stored.as_deref()
    }

    pub(crate) fn is_in_step(&self) -> bool {
        self.in_step
    }

    /// The changes of `batch` behind the stored position; `None` when that is not in the batch, whose changes are then not known to be left.
    pub(crate) fn left_of<'a>(
        &self,
        batch: &'a WatchRegistrationsResponse,
    ) -> Option<&'a [RegistrationChange]> {
        if self.in_step {
            return Some(&batch.changes);
        }
        let stored = self.stored()?;
        if stored == batch.cursor {
            return Some(&[]);
        }
        let last = batch.changes.iter().position(|change| change.cursor == stored)?;
        batch.changes.get(last + 1..)
    }

    /// The position was moved behind `batch`.
    pub(crate) fn pass(&mut self, batch: &WatchRegistrationsResponse) {
        *self = Self::at(Some(batch.cursor.clone()));
    }

    /// Another copy moves the position, which is at `stored` now.
    pub(crate) fn see(&mut self, stored: Option<String>) {
        self.in_step = false;
        if self.stored != stored {
            self.stored = stored;
            self.moved = Instant::now();
        }
    }

    /// Whether the stream should have come to the stored position by now: it has stood still for longer than `patience`. It lies behind
    /// the stream then, because the other copy began again before it died.
    pub(crate) fn stood_still_for(&self, patience: Duration) -> bool {
        self.moved.elapsed() > patience
    }
}

#[cfg(test)]
mod tests {
    use entrypass_proto::registration::v1::{RegistrationChange, WatchRegistrationsResponse};

    use super::Place;

    fn batch(changes: &[&str], cursor: &str) -> WatchRegistrationsResponse {
        let change =
            |cursor: &&str| RegistrationChange { cursor: (*cursor).to_owned(), ..Default::default() };
        WatchRegistrationsResponse {
            changes: changes.iter().map(change).collect(),
            cursor: cursor.to_owned(),
            as_of_time: None,
        }
    }

    fn left(place: &Place, batch: &WatchRegistrationsResponse) -> Option<Vec<String>> {
        place.left_of(batch).map(|left| left.iter().map(|change| change.cursor.clone()).collect())
    }

    #[tokio::test]
    async fn what_another_copy_dealt_with_is_skipped_and_the_rest_is_left() {
        let batch = batch(&["3", "4", "5"], "5");
        let table: [(Option<&str>, Option<&[&str]>); 6] = [
            (Some("3"), Some(&["4", "5"])),
            (Some("4"), Some(&["5"])),
            (Some("5"), Some(&[])),
            (Some("2"), None),
            (Some("6"), None),
            (None, None),
        ];
        for (stored, expected) in table {
            let mut place = Place::at(Some("2".to_owned()));
            assert_eq!(left(&place, &batch), Some(vec!["3".into(), "4".into(), "5".into()]), "in step");
            place.see(stored.map(str::to_owned));
            let expected: Option<Vec<_>> =
                expected.map(|left| left.iter().map(|one| (*one).to_owned()).collect());
            assert_eq!(left(&place, &batch), expected, "{stored:?}");
        }
    }

    #[tokio::test]
    async fn a_checkpoint_at_the_stored_position_brings_the_stream_into_step() {
        let mut place = Place::at(Some("2".to_owned()));
        place.see(Some("7".to_owned()));
        assert_eq!(left(&place, &batch(&[], "6")), None);
        let here = batch(&[], "7");
        assert_eq!(left(&place, &here), Some(vec![]));
        place.pass(&here);
        assert!(place.is_in_step());
        assert_eq!(left(&place, &batch(&["8"], "8")), Some(vec!["8".to_owned()]));
    }
}
