//! The life of a pass.

use entrypass_ambient::SeededRandom;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{IllegalStep, Note, Pass, Reason, State, Step};

const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 UTC);
const STEPS: [Step; 5] = [Step::Suspend, Step::Reinstate, Step::Revoke, Step::Cancel, Step::Expire];

fn pass(valid_for: Option<Duration>) -> Pass {
    Pass::issued(&SeededRandom::new(1), Uuid::from_u128(1), valid_for, NOW)
}

#[test]
fn every_state_takes_exactly_the_steps_of_the_contract() {
    use State as S;
    let table = [
        (S::Active, [Some(S::Suspended), None, Some(S::Revoked), Some(S::Cancelled), Some(S::Expired)]),
        (S::Suspended, [None, Some(S::Active), Some(S::Revoked), None, Some(S::Expired)]),
        (S::Expired, [None; 5]),
        (S::Revoked, [None; 5]),
        (S::Cancelled, [None; 5]),
    ];
    for (state, row) in table {
        for (step, expected) in STEPS.into_iter().zip(row) {
            assert_eq!(state.after(step), expected.ok_or(IllegalStep(state)), "{state:?} {step:?}");
        }
        assert_eq!(S::LIVE.contains(&state), row.iter().any(Option::is_some), "{state:?}");
    }
}

#[test]
fn a_pass_ends_by_time_alone_and_takes_no_other_step_then() {
    let end = NOW + Duration::days(30);
    let pass = pass(Some(Duration::days(30)));
    let suspended = pass.stepped(Step::Suspend, NOW).expect("active");
    for (pass, before) in [(&pass, State::Active), (&suspended, State::Suspended)] {
        assert_eq!(pass.state(end - Duration::MICROSECOND), before);
        assert_eq!((pass.state(end), pass.state_time(end)), (State::Expired, end));
        assert_eq!(pass.stepped(Step::Revoke, end), Err(IllegalStep(State::Expired)));
        let late = pass.stepped(Step::Expire, end + Duration::DAY).expect("it was live");
        assert_eq!((late.stored_state, late.state_time), (State::Expired, end));
    }
    let revoked = pass.stepped(Step::Revoke, NOW).expect("active");
    assert_eq!(revoked.state(end), State::Revoked);
    assert!(self::pass(None).is_live(NOW + Duration::days(36500)));
}

#[test]
fn every_step_changes_the_etag_and_is_recorded_with_its_reason() {
    let first = pass(None);
    let suspended = first.stepped(Step::Suspend, NOW + Duration::HOUR).expect("active");
    let again = suspended.stepped(Step::Reinstate, NOW + Duration::hours(2)).expect("suspended");
    let etags = [&first, &suspended, &again].map(Pass::etag);
    assert!(etags[0] != etags[1] && etags[1] != etags[2] && etags[0] != etags[2], "{etags:?}");
    let made = suspended.made(Uuid::nil(), Some(Reason::HealthOrder), Note::default());
    assert_eq!((made.state, made.revision, made.time), (State::Suspended, 2, NOW + Duration::HOUR));
}

#[test]
fn of_several_passes_the_live_one_tells_or_else_the_last() {
    let first = pass(None).stepped(Step::Revoke, NOW).expect("active");
    let second = Pass { id: Uuid::from_u128(2), create_time: NOW + Duration::HOUR, ..pass(None) };
    let third = Pass { id: Uuid::from_u128(3), create_time: NOW + Duration::DAY, ..first.clone() };
    let all = [first.clone(), second.clone(), third.clone()];
    assert_eq!(Pass::telling(all, NOW).map(|pass| pass.id), Some(second.id));
    assert_eq!(Pass::telling([third.clone(), first], NOW).map(|pass| pass.id), Some(third.id));
    assert_eq!(Pass::telling([], NOW), None);
}

#[test]
fn a_stored_word_is_read_back_and_no_other() {
    for state in State::ALL {
        assert_eq!(State::from_word(state.word()), Some(state));
    }
    for reason in Reason::ALL {
        assert_eq!(Reason::from_word(reason.word()), Some(reason));
    }
    assert_eq!((State::from_word("LOST"), Reason::from_word("")), (None, None));
}
