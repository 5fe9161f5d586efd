//! What may be repeated, and how long one attempt may take.

use std::{cell::Cell, time::Duration};

use entrypass_proto::{FILE_DESCRIPTOR_SET, errors::v1::ErrorReason};
use prost::Message as _;
use prost_types::{FileDescriptorSet, method_options::IdempotencyLevel};
use tokio::time::Instant;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;

use super::{ATTEMPT_LIMIT, Neighbour, TIME_TO_TELL};
use crate::{Call, Problem, timeout};

/// Writes that are known by what they ask for: done twice, they are done once.
const IDEMPOTENT_IN_THEMSELVES: [&str; 3] = ["IssueQrCodes", "ResolveTraveller", "NoteVerifications"];

/// What is retried here is safe because the contract says so of every method, and rightly.
#[test]
fn every_method_may_be_repeated() {
    let files = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("descriptors").file;
    let fields_of = |name: &str| {
        let messages = files.iter().flat_map(|file| file.message_type.iter().map(move |one| (file, one)));
        let mut named = messages.filter(|(file, one)| format!(".{}.{}", file.package(), one.name()) == name);
        let (_, message) = named.next().unwrap_or_else(|| panic!("{name} is described"));
        message.field.iter().map(|field| field.name().to_owned()).collect::<Vec<_>>()
    };
    let mut seen = 0;
    for method in files.iter().flat_map(|file| &file.service).flat_map(|service| &service.method) {
        let level = method.options.as_ref().map(prost_types::MethodOptions::idempotency_level);
        let has_request_id = fields_of(method.input_type()).iter().any(|field| field == "request_id");
        let is_write = has_request_id || IDEMPOTENT_IN_THEMSELVES.contains(&method.name());
        let expected = if is_write { IdempotencyLevel::Idempotent } else { IdempotencyLevel::NoSideEffects };
        assert_eq!(level, Some(expected), "{}", method.name());
        seen += 1;
    }
    assert!(seen > 30, "{seen} methods");
}

/// How a copy that was asked behaves.
#[derive(Debug, Clone, Copy)]
enum Copy {
    Answers,
    /// Takes so long, if it may.
    AnswersAfter(Duration),
    /// Says nothing, ever.
    StandsStill,
    /// Waits for somebody who stands still, and tells of the deadline so long before it.
    ToldOfItBefore(Duration),
    /// Tells of a deadline that was not the caller's.
    GivesUpAtOnce,
    /// Tells that its database is away.
    HasNoDatabase,
}

impl Copy {
    async fn answer(self, request: Request<()>) -> Result<Response<()>, Status> {
        let limit = timeout::stated(&request.into_parts().0.into_headers()).unwrap_or(Duration::MAX);
        let ends_after = match self {
            Self::Answers => return Ok(Response::new(())),
            Self::AnswersAfter(needed) if needed < limit => {
                tokio::time::sleep(needed).await;
                return Ok(Response::new(()));
            }
            Self::AnswersAfter(_) => limit,
            Self::StandsStill => return std::future::pending().await,
            Self::ToldOfItBefore(margin) => limit.saturating_sub(margin),
            Self::GivesUpAtOnce => Duration::ZERO,
            Self::HasNoDatabase => {
                return Err(Problem::new(ErrorReason::StoreUnavailable).to_status(&Call::without_headers()));
            }
        };
        tokio::time::sleep(ends_after).await;
        Err(Problem::new(ErrorReason::DeadlineExceeded).to_status(&Call::without_headers()))
    }
}

/// Asks these one after the other, the last one again and again: what came of it, how many were asked, and how long it took.
async fn asked(copies: &[Copy], call: &Call) -> (Result<(), Code>, usize, Duration) {
    let (attempts, began) = (Cell::new(0), Instant::now());
    let ask_the_next = |(), request| {
        let copy = copies.get(attempts.get()).or(copies.last()).copied().expect("a copy");
        attempts.set(attempts.get() + 1);
        copy.answer(request)
    };
    let answer = Neighbour::new(()).ask(call, (), ask_the_next).await;
    (answer.map_err(|status| status.code()), attempts.get(), began.elapsed())
}

fn is_about(took: Duration, expected: Duration) -> bool {
    took + Duration::from_millis(100) > expected && took < expected + Duration::from_millis(300)
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_stands_still_costs_the_limit_and_another_answers() {
    let call = Call::without_headers();
    let behind_it = Copy::ToldOfItBefore(Duration::from_millis(60));
    for first in [Copy::StandsStill, Copy::AnswersAfter(Duration::from_secs(8)), behind_it] {
        let (answer, attempts, took) = asked(&[first, Copy::Answers], &call).await;
        assert_eq!((answer, attempts), (Ok(()), 2), "{first:?}");
        assert!(is_about(took, ATTEMPT_LIMIT), "{first:?}: {took:?}");
    }
    let (answer, attempts, _) = asked(&[Copy::AnswersAfter(Duration::from_secs(4))], &call).await;
    assert_eq!((answer, attempts), (Ok(()), 1), "slow, and inside the limit");
}

#[tokio::test(start_paused = true)]
async fn when_no_copy_answers_the_neighbour_is_unavailable_and_no_deadline_has_passed() {
    let (answer, attempts, took) = asked(&[Copy::StandsStill], &Call::without_headers()).await;
    assert_eq!((answer, attempts), (Err(Code::Unavailable), 4));
    assert!(took >= 4 * ATTEMPT_LIMIT, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn the_callers_deadline_is_told_as_such_and_ends_it() {
    let slow = Copy::AnswersAfter(Duration::from_secs(8));
    let call = Call::without_headers().share(Duration::from_secs(3));
    let (answer, attempts, took) = asked(&[slow], &call).await;
    assert_eq!((answer, attempts), (Err(Code::DeadlineExceeded), 1));
    assert!(is_about(took, Duration::from_secs(3)), "{took:?}");
    // Somebody further away had less time: that is no copy that stands still.
    let (answer, attempts, _) = asked(&[Copy::GivesUpAtOnce], &Call::without_headers()).await;
    assert_eq!((answer, attempts), (Err(Code::DeadlineExceeded), 1));
}

/// The caller could not know that trying again helps.
#[tokio::test(start_paused = true)]
async fn when_time_runs_out_the_caller_learns_why_it_was_tried_again() {
    let slow = Copy::AnswersAfter(Duration::from_secs(40));
    for later in
        [slow, Copy::StandsStill, Copy::ToldOfItBefore(Duration::from_millis(60)), Copy::GivesUpAtOnce]
    {
        // The clock of deadlines does not stand still: each attempt has all of the time.
        let call = Call::without_headers().share(Duration::from_secs(3));
        let attempts = Cell::new(0);
        let ask_the_next = |(), request| {
            attempts.set(attempts.get() + 1);
            let copy = if attempts.get() == 1 { Copy::HasNoDatabase } else { later };
            copy.answer(request)
        };
        let began = Instant::now();
        let neighbour = Neighbour::new(());
        let asked = neighbour.ask(&call, (), ask_the_next).await.expect_err("no answer");
        let took = began.elapsed();
        let opened = neighbour.open(&call, (), |(), _| {
            attempts.set(attempts.get() + 1);
            let copy = if attempts.get() == 3 { Copy::HasNoDatabase } else { later };
            copy.answer(Request::new(()))
        });
        for status in [asked, opened.await.expect_err("no beginning")] {
            let reason = status.get_details_error_info().expect("an ErrorInfo").reason;
            assert_eq!(
                (status.code(), reason.as_str()),
                (Code::Unavailable, "STORE_UNAVAILABLE"),
                "{later:?}"
            );
            assert!(status.get_details_retry_info().is_some(), "{later:?}");
        }
        assert_eq!(attempts.get(), 4, "{later:?}");
        let told_after = took + TIME_TO_TELL / 2;
        assert!(told_after < Duration::from_secs(1 + 3), "{later:?}: no time to tell it: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_beginning_of_a_stream_has_no_such_limit() {
    let slow = Copy::AnswersAfter(3 * ATTEMPT_LIMIT);
    let (neighbour, call) = (Neighbour::new(()), Call::without_headers());
    neighbour.open(&call, (), |(), request| slow.answer(request)).await.expect("opened at last");
}
