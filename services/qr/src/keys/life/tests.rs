//! The life of keys, as tables. Hours are counted from a beginning, so that a row fits on a line.

use time::{Duration, OffsetDateTime, macros::datetime};

use super::{KeyState, LEEWAY, Life, Lives, Schedule};

const DISPLAY: Duration = Duration::minutes(15);

fn at(hours: i64) -> OffsetDateTime {
    datetime!(2026-11-23 00:00 UTC) + Duration::hours(hours)
}

/// A life that begins at an hour, and is revoked at another.
fn life(activate: i64, revoke: Option<i64>) -> Life {
    Life { activate_time: at(activate), revoke_time: revoke.map(at), longest_display: DISPLAY }
}

/// Lives in the order given, and all of them.
fn lives<const N: usize>(of: [(i64, Option<i64>); N]) -> ([Life; N], Lives) {
    let all = of.map(|(activate, revoke)| life(activate, revoke));
    (all, Lives::new(all.into()))
}

#[test]
fn a_key_is_pending_active_retired_and_expired_by_the_hour_alone() {
    let ([first, second], all) = lives([(0, None), (24, None)]);
    let end = at(24) + DISPLAY + LEEWAY;
    let moment = Duration::MICROSECOND;
    let table = [
        (at(0) - moment, KeyState::Pending, KeyState::Pending),
        (at(0), KeyState::Active, KeyState::Pending),
        (at(24) - moment, KeyState::Active, KeyState::Pending),
        (at(24), KeyState::Retired, KeyState::Active),
        (end - moment, KeyState::Retired, KeyState::Active),
        (end, KeyState::Expired, KeyState::Active),
    ];
    for (now, of_first, of_second) in table {
        assert_eq!((all.state(&first, now), all.state(&second, now)), (of_first, of_second), "{now}");
    }
    assert_eq!((all.signs_until(&first), all.verifies_until(&first)), (Some(at(24)), Some(end)));
    assert_eq!((all.signs_until(&second), all.verifies_until(&second)), (None, None));
}

#[test]
fn at_every_hour_one_key_at_most_is_active_and_it_is_the_one_that_signs() {
    let ([..], all) = lives([(0, None), (10, Some(12)), (12, None), (20, Some(15)), (30, None)]);
    for half_hour in -2..80 {
        let now = at(0) + Duration::minutes(30) * half_hour;
        let active: Vec<_> = all.0.iter().filter(|life| all.state(life, now) == KeyState::Active).collect();
        assert!(active.len() <= 1, "{now}: {active:?}");
        assert_eq!(all.signing(now), active.first().copied(), "{now}");
    }
}

#[test]
fn who_signs_and_until_when_after_a_revocation() {
    // Each: the keys, the hour, which of them signs, and until when the first one does or did.
    let table = [
        (vec![(0, None)], 5, Some(0), None),
        (vec![(0, None), (24, None)], 5, Some(0), Some(24)),
        // Revoked before it signed: it ended nothing.
        (vec![(0, None), (24, Some(4))], 30, Some(0), None),
        (vec![(0, None), (24, Some(24))], 30, Some(0), None),
        (vec![(0, None), (24, Some(4)), (26, None)], 30, Some(2), Some(26)),
        // Revoked while it signed: the one before it does not come back.
        (vec![(0, None), (24, Some(28))], 30, None, Some(24)),
        (vec![(0, None), (24, Some(28)), (29, None)], 30, Some(2), Some(24)),
        (vec![(0, Some(4))], 5, None, None),
        (vec![], 5, None, None),
    ];
    for (of, hour, signing, first_until) in table {
        let each: Vec<_> = of.iter().map(|(activate, revoke)| life(*activate, *revoke)).collect();
        let all = Lives::new(each.clone());
        assert_eq!(all.signing(at(hour)), signing.map(|index: usize| &each[index]), "{of:?}");
        let until = each.first().and_then(|first| all.signs_until(first));
        assert_eq!(until, first_until.map(at), "{of:?}");
    }
}

#[test]
fn a_key_that_another_clock_made_to_sign_at_once_signs_here_too() {
    let ([only], all) = lives([(0, None)]);
    assert_eq!(all.signing(at(0) - LEEWAY), Some(&only));
    assert_eq!(all.signing(at(0) - LEEWAY - Duration::MICROSECOND), None);
    let ([revoked, next], all) = lives([(0, Some(5)), (5, None)]);
    assert_eq!(all.signing(at(5) - Duration::SECOND), Some(&next));
    assert_eq!(all.state(&revoked, at(5) - Duration::SECOND), KeyState::Revoked, "by whatever clock");
    // Where one is active, it signs to its end.
    let ([first, _], all) = lives([(0, None), (24, None)]);
    assert_eq!(all.signing(at(24) - Duration::SECOND), Some(&first));
}

#[test]
fn by_the_schedule_a_key_waits_at_all_times_and_is_published_long_enough() {
    let weekly = Schedule { rotate_every: Some(Duration::hours(168)), publish_for: Duration::hours(24) };
    let never = Schedule { rotate_every: None, ..weekly };
    // Each: the schedule, the keys, the hour, and the hour at which the key that is made begins to sign.
    let table = [
        (weekly, vec![(0, None)], 0, Some(168)),
        (weekly, vec![(0, None)], 144, Some(168)),
        (weekly, vec![(0, None)], 150, Some(174)),
        // Nobody was there when it was due: it is published as long all the same.
        (weekly, vec![(0, None)], 400, Some(424)),
        (weekly, vec![(0, None), (168, None)], 150, None),
        (weekly, vec![(0, None), (168, Some(149))], 150, Some(174)),
        (weekly, vec![(0, None), (168, None)], 167, None),
        (weekly, vec![(0, None), (168, None)], 168, Some(336)),
        (never, vec![(0, None)], 100_000, None),
        // Nothing could be signed: at once.
        (never, vec![], 7, Some(7)),
        (weekly, vec![(0, Some(7))], 7, Some(7)),
        (weekly, vec![(0, Some(7)), (168, None)], 7, Some(7)),
    ];
    for (schedule, of, hour, expected) in table {
        let all = Lives::new(of.iter().map(|(activate, revoke)| life(*activate, *revoke)).collect());
        assert_eq!(all.due(schedule, at(hour)), expected.map(at), "{of:?} at {hour}");
    }
}

#[test]
fn no_two_keys_begin_at_the_same_instant() {
    let ([..], all) = lives([(0, None), (5, Some(6)), (7, None)]);
    assert_eq!(all.free(at(4)), at(4));
    assert_eq!(all.free(at(5)), at(5) + Duration::MICROSECOND);
    let beside = Life { activate_time: at(5) + Duration::MICROSECOND, ..life(0, None) };
    let all = Lives::new(vec![beside, life(5, None), life(7, None)]);
    assert_eq!(all.free(at(5)), at(5) + Duration::MICROSECOND * 2);
}

#[test]
fn a_private_half_is_kept_until_no_clock_needs_it_and_a_key_listed_while_it_matters() {
    let ([first, second], all) = lives([(0, None), (24, None)]);
    assert!(!all.is_done_signing(&first, at(24) + LEEWAY - Duration::MICROSECOND));
    assert!(all.is_done_signing(&first, at(24) + LEEWAY));
    assert!(!all.is_done_signing(&second, at(1000)));
    assert!(all.is_listed(&second, at(-5)) && all.is_listed(&second, at(1000)));
    assert!(all.is_listed(&first, at(24) + DISPLAY) && !all.is_listed(&first, at(25)));

    let ([revoked, _], all) = lives([(0, Some(5)), (5, None)]);
    assert!(all.is_done_signing(&revoked, at(5)));
    let end = at(5) + DISPLAY + LEEWAY;
    assert!(all.is_listed(&revoked, end - Duration::MICROSECOND) && !all.is_listed(&revoked, end));
}
