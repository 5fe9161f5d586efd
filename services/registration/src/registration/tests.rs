mod redacted;

use std::collections::BTreeSet;

use entrypass_ambient::{Random as _, SeededRandom};
use time::{
    Duration, OffsetDateTime,
    macros::{date, datetime},
};
use uuid::Uuid;

use super::{ChangeRefused, Declared, REVISION_LIMIT, Registration, StoredState, expire_time};
use crate::wire::form::fixture::{identity_card, parsed, resident};

const NOW: OffsetDateTime = datetime!(2026-11-23 02:00 UTC);
const VALID_FOR: Duration = Duration::days(30);

fn declared() -> Declared {
    let document = identity_card();
    let form = parsed(resident(), &document);
    Declared { document, form, form_version: 1 }
}

fn registration(id: Uuid) -> Registration {
    Registration {
        id,
        traveller: Uuid::from_u128(7),
        reference: "FS-7K3M-Q9TX-4".to_owned(),
        stored_state: StoredState::Active,
        revision: 1,
        notice_version: "2026-11-01".to_owned(),
        declared: declared(),
        create_time: NOW,
        update_time: NOW,
        expire_time: NOW + VALID_FOR,
        verified_time: None,
    }
}

fn some_registration() -> Registration {
    registration(Uuid::from_u128(0x0193_a1b2_0000_7000_8000_0000_0000_00ff))
}

#[test]
fn a_registration_ends_with_the_day_in_the_city_and_not_in_greenwich() {
    let end = expire_time(date!(2026 - 11 - 25), VALID_FOR);
    assert_eq!(end, datetime!(2026-12-25 00:00 +8));
    assert_eq!(end.offset(), time::UtcOffset::UTC);
    assert_eq!(expire_time(date!(2028 - 02 - 28), Duration::days(2)), datetime!(2028-02-29 16:00 UTC));
}

#[test]
fn an_active_registration_ends_by_itself_and_no_other_does() {
    use StoredState::{Active, Cancelled, Expired};
    let table = [
        (Active, -Duration::MICROSECOND, Active),
        (Active, Duration::ZERO, Expired),
        (Active, Duration::DAY, Expired),
        (Cancelled, -Duration::MICROSECOND, Cancelled),
        (Cancelled, Duration::DAY, Cancelled),
        (Expired, -Duration::MICROSECOND, Expired),
    ];
    for (stored_state, after_the_end, state) in table {
        let registration = Registration { stored_state, ..some_registration() };
        let now = registration.expire_time + after_the_end;
        assert_eq!(registration.state(now), state, "{stored_state:?} {after_the_end}");
        assert_eq!(registration.is_active(now), state == Active);
    }
}

#[test]
fn an_etag_differs_after_every_change_and_from_every_other_registrations() {
    let random = SeededRandom::new(5);
    let mut etags = BTreeSet::new();
    for _ in 0..100 {
        // All of one millisecond: what they differ in is random.
        let first = registration(random.uuid_v7(NOW));
        let amended = first.amended(declared(), VALID_FOR, NOW);
        let again = amended.amended(declared(), VALID_FOR, NOW);
        let cancelled = again.cancelled(NOW);
        etags.extend([first, amended, again, cancelled].map(|revision| revision.etag()));
    }
    assert_eq!(etags.len(), 400);
    assert_eq!(some_registration().etag(), some_registration().etag());
}

#[test]
fn a_change_needs_the_etag_then_an_active_registration_then_room_for_a_revision() {
    use ChangeRefused::{EtagMismatch, NotActive, RevisionLimit};
    let active = some_registration();
    let ended = Registration { expire_time: NOW, ..active.clone() };
    let cancelled = Registration { stored_state: StoredState::Cancelled, ..active.clone() };
    let last_but_one = Registration { revision: REVISION_LIMIT - 1, ..active.clone() };
    let last = Registration { revision: REVISION_LIMIT, ..active.clone() };
    let last_and_ended = Registration { expire_time: NOW, ..last.clone() };
    // What a change and what a cancellation comes to.
    let table = [
        ("active", active, Ok(()), Ok(())),
        ("ended", ended, Err(NotActive), Err(NotActive)),
        ("cancelled", cancelled, Err(NotActive), Err(NotActive)),
        ("last but one", last_but_one, Ok(()), Ok(())),
        ("last", last, Err(RevisionLimit), Ok(())),
        ("last and ended", last_and_ended, Err(NotActive), Err(NotActive)),
    ];
    for (name, registration, change, cancellation) in table {
        assert_eq!(registration.check_change(&registration.etag(), NOW), change, "{name}");
        assert_eq!(registration.check_cancellation(&registration.etag(), NOW), cancellation, "{name}");
        for stale in ["", "x", &registration.amended(declared(), VALID_FOR, NOW).etag()] {
            assert_eq!(registration.check_change(stale, NOW), Err(EtagMismatch), "{name} {stale}");
            assert_eq!(registration.check_cancellation(stale, NOW), Err(EtagMismatch), "{name} {stale}");
        }
    }
}

#[test]
fn an_amendment_is_the_next_revision_and_moves_the_end_with_the_entry_date() {
    let (first, later) = (some_registration(), NOW + Duration::HOUR);
    let mut form = resident();
    form.entry.as_mut().expect("an entry").entry_date = "2026-11-30".to_owned();
    form.travel_history[0].last_date = "2026-11-30".to_owned();
    let declared = Declared { form: parsed(form, &identity_card()), ..declared() };
    let amended = first.amended(declared, VALID_FOR, later);
    assert_eq!((amended.revision, amended.update_time, amended.create_time), (2, later, NOW));
    assert_eq!(amended.expire_time, datetime!(2026-12-30 00:00 +8));
    assert_eq!(
        (amended.id, amended.traveller, amended.reference),
        (first.id, first.traveller, first.reference)
    );
}

#[test]
fn a_cancellation_is_the_last_revision() {
    let (first, later) = (some_registration(), NOW + Duration::HOUR);
    let cancelled = first.cancelled(later);
    assert_eq!((cancelled.revision, cancelled.update_time), (2, later));
    assert_eq!(cancelled.state(later), StoredState::Cancelled);
    assert_eq!(cancelled.expire_time, first.expire_time);
}
