//! The life of a pass.

use entrypass_ambient::SeededRandom;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{IllegalStep, Note, Pass, Reason, State, Step};

const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 UTC);
const STEPS: [Step; 7] = [
    Step::Suspend,
    Step::Reinstate,
    Step::Revoke,
    Step::Cancel,
    Step::Expire,
    Step::Prolong,
    Step::ProlongSuspended,
];

fn pass(valid_for: Option<Duration>) -> Pass {
    Pass::issued(&SeededRandom::new(1), Uuid::from_u128(1), valid_for, NOW)
}

#[test]
fn every_state_takes_exactly_the_steps_of_the_contract() {
    let table = [
        (State::Active, "S.RCEA."),
        (State::Suspended, ".AR.E.S"),
        (State::Expired, ".....AS"),
        (State::Revoked, "......."),
        (State::Cancelled, "......."),
    ];
    let letter = |state: State| state.word().chars().next().expect("a word");
    for (state, row) in table {
        let found: String = STEPS.into_iter().map(|step| state.after(step).map_or('.', letter)).collect();
        assert_eq!(found, row, "{state:?}");
        let refused = STEPS.into_iter().filter_map(|step| state.after(step).err());
        assert!(refused.into_iter().all(|refusal| refusal == IllegalStep(state)), "{state:?}");
        assert_eq!(State::LIVE.contains(&state), state.after(Step::Expire).is_ok(), "{state:?}");
    }
}

#[test]
fn a_later_end_prolongs_and_nothing_else_does() {
    let (end, later) = (NOW + Duration::days(30), NOW + Duration::days(60));
    let ending = pass(Some(Duration::days(30)));
    let table = [(None, None), (Some(NOW), None), (Some(end), None), (Some(later), Some(later))];
    for (told, expected) in table {
        assert_eq!(ending.later_end(told), expected, "{told:?}");
        assert_eq!(pass(None).later_end(told), None, "it lasts for good");
    }
    // Before its end nothing but that changes; after it, it lives again, as it was.
    let longer = ending.prolonged(later, false, NOW + Duration::DAY).expect("active");
    assert_eq!(
        (longer.stored_state, longer.state_time, longer.expire_time),
        (State::Active, NOW, Some(later))
    );
    let expired = ending.stepped(Step::Expire, end).expect("its time is over");
    for (suspended, expected) in [(false, State::Active), (true, State::Suspended)] {
        let again = expired.prolonged(later, suspended, end + Duration::DAY).expect("expired");
        assert_eq!((again.state(end + Duration::DAY), again.state(later)), (expected, State::Expired));
        assert_eq!(again.state_time, end + Duration::DAY);
    }
    let suspended = ending.stepped(Step::Suspend, NOW).expect("active");
    assert_eq!(suspended.prolonged(later, false, NOW), Err(IllegalStep(State::Suspended)));
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
