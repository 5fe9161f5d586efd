//! What steps make of an application.

use std::collections::HashSet;

use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{
    Applicant, Application, Claim, Decision, Ending, Finding, IllegalTransition, Outcome, Review, Reviewer,
    State, Strength, Task,
};
use crate::text::Note;

const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 UTC);
const PROMISE: OffsetDateTime = datetime!(2026-11-25 16:00 UTC);
const LAPSE: OffsetDateTime = datetime!(2026-12-22 16:00 UTC);

fn applicant() -> Applicant {
    Applicant::sample()
}

fn draft() -> Application {
    Application::drafted(Uuid::from_u128(3), &applicant(), None, LAPSE, NOW)
}

fn submitted() -> Application {
    draft().submitted(applicant().registration, Some(PROMISE), NOW).expect("a draft")
}

fn reviewer() -> Reviewer {
    Reviewer::new("desk", "reviewer-17").expect("a good word")
}

fn finding(outcome: Outcome) -> Finding {
    Finding { outcome, strength: Some(Strength::Formal), failed_checks: Vec::new(), revision: Some(1) }
}

fn under_review() -> Application {
    let verifying = submitted().verifying(NOW, NOW).expect("submitted");
    verifying.verified(finding(Outcome::Verified), false, LAPSE, NOW).expect("verifying")
}

fn reviewed(decision: Decision) -> Application {
    let note = Note::new("照片不清晰").expect("a good note");
    let review = Review::new(decision, note).expect("it has a note");
    under_review().reviewed(review, reviewer(), LAPSE, NOW).expect("it waits for a decision")
}

#[test]
fn a_submission_counts_promises_and_gives_a_task() {
    let (first, returned) = (submitted(), reviewed(Decision::ReturnForCorrection));
    assert_eq!(
        (first.state, first.submission_count, first.promise_time),
        (State::Submitted, 1, Some(PROMISE))
    );
    assert_eq!((first.lapse_time, first.task), (None, Some(Task { tries: 0, next: NOW })));
    assert_eq!((returned.lapse_time, returned.task), (Some(LAPSE), None));
    let again =
        returned.submitted(Uuid::from_u128(4), Some(PROMISE + Duration::DAY), NOW).expect("it was returned");
    assert_eq!((again.state, again.submission_count), (State::Submitted, 2));
    assert_eq!((again.registration, again.traveller), (Uuid::from_u128(4), applicant().traveller));
    assert_eq!((again.promise_time, again.lapse_time), (Some(PROMISE + Duration::DAY), None));
    assert_eq!((&again.review_note, &again.finding), (&returned.review_note, &None));
}

#[test]
fn every_step_changes_the_etag_and_another_application_has_another() {
    let approved = reviewed(Decision::Approve);
    let other = Application { id: Uuid::from_u128(5), ..draft() };
    let steps = [
        draft(),
        other,
        submitted(),
        submitted().verifying(NOW, NOW).expect("submitted"),
        under_review(),
        approved.clone(),
        approved.issued(NOW).expect("approved"),
    ];
    let etags: HashSet<_> = steps.iter().map(Application::etag).collect();
    assert_eq!(etags.len(), steps.len(), "{etags:?}");
}

#[test]
fn what_the_verification_found_decides_where_it_goes() {
    let verifying = submitted().verifying(NOW, NOW).expect("submitted");
    let table = [
        (Outcome::Verified, false, State::UnderReview),
        (Outcome::Verified, true, State::Approved),
        (Outcome::CannotVerify, false, State::UnderReview),
        // Whoever could not be verified is never approved unseen.
        (Outcome::CannotVerify, true, State::UnderReview),
        (Outcome::Mismatch, false, State::VerificationFailed),
        (Outcome::Mismatch, true, State::VerificationFailed),
    ];
    for (outcome, enough, expected) in table {
        let verified = verifying.verified(finding(outcome), enough, LAPSE, NOW).expect("verifying");
        assert_eq!(verified.state, expected, "{outcome:?} {enough}");
        assert_eq!(verified.finding, Some(finding(outcome)));
        let lapses = expected == State::VerificationFailed;
        assert_eq!((verified.lapse_time, verified.task), (lapses.then_some(LAPSE), None));
    }
}

#[test]
fn what_nobody_touches_is_over_at_its_time_and_the_same_whenever_it_is_asked() {
    for open in [draft(), reviewed(Decision::ReturnForCorrection)] {
        assert_eq!(open.clone().at(LAPSE - Duration::MICROSECOND), open);
        let lapsed = open.clone().at(LAPSE);
        assert_eq!((lapsed.state, lapsed.update_time), (State::Expired, LAPSE));
        assert_eq!((lapsed.revision, lapsed.lapse_time), (open.revision + 1, None));
        assert_eq!(open.at(LAPSE + Duration::WEEK), lapsed);
        assert_eq!(lapsed.clone().at(LAPSE + Duration::WEEK), lapsed);
    }
    for waiting in [submitted(), under_review(), reviewed(Decision::Reject)] {
        assert_eq!(waiting.clone().at(LAPSE + Duration::WEEK), waiting);
    }
}

#[test]
fn a_decision_is_overdue_after_the_promised_time_as_long_as_it_is_owed() {
    let late = PROMISE + Duration::MICROSECOND;
    for owed in [submitted(), under_review()] {
        assert!(!owed.is_overdue(PROMISE) && owed.is_overdue(late), "{:?}", owed.state);
    }
    for other in [draft(), reviewed(Decision::ReturnForCorrection), reviewed(Decision::Approve)] {
        assert!(!other.is_overdue(late), "{:?}", other.state);
    }
}

#[test]
fn a_claim_holds_to_its_end_and_goes_with_the_next_step() {
    let until = NOW + Duration::minutes(30);
    let claimed = Application { claim: Some(Claim { reviewer: reviewer(), until }), ..under_review() };
    let namesake = Reviewer { caller: "other-desk".to_owned(), ..reviewer() };
    assert!(claimed.is_claimed_by(&reviewer(), until - Duration::MICROSECOND));
    assert!(!claimed.is_claimed_by(&reviewer(), until));
    assert!(!claimed.is_claimed_by(&namesake, NOW));
    assert_eq!(claimed.etag(), under_review().etag(), "a claim is no change");
    assert_eq!(claimed.withdrawn(NOW).expect("open").claim, None);
}

#[test]
fn the_end_of_a_registration_ends_what_is_open() {
    for open in [draft(), submitted(), under_review(), reviewed(Decision::ReturnForCorrection)] {
        let ended =
            |ending| open.ended(ending, NOW).map(|ended| (ended.state, ended.revision, ended.lapse_time));
        assert_eq!(ended(Ending::Cancelled), Ok((State::Withdrawn, open.revision + 1, None)));
        assert_eq!(ended(Ending::Expired), Ok((State::Expired, open.revision + 1, None)));
    }
    let rejected = reviewed(Decision::Reject);
    assert_eq!(rejected.ended(Ending::Cancelled, NOW), Err(IllegalTransition(State::Rejected)));
}
