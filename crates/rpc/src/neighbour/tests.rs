//! What may be repeated, and how long one attempt may take.

use std::{cell::Cell, time::Duration};

use entrypass_proto::{FILE_DESCRIPTOR_SET, errors::v1::ErrorReason};
use prost::Message as _;
use prost_types::{FileDescriptorSet, method_options::IdempotencyLevel};
use tokio::time::Instant;
use tonic::{Code, Request, Response, Status};

use super::{ATTEMPT_LIMIT, Neighbour};
use crate::{Call, Problem, timeout};

/// Writes that are known by what they ask for: done twice, they are done once.
const IDEMPOTENT_IN_THEMSELVES: [&str; 3] = ["IssueQrCodes", "RevokeQrCodes", "ResolveTraveller"];

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

#[tokio::test(start_paused = true)]
async fn the_beginning_of_a_stream_has_no_such_limit() {
    let slow = Copy::AnswersAfter(3 * ATTEMPT_LIMIT);
    let (neighbour, call) = (Neighbour::new(()), Call::without_headers());
    neighbour.open(&call, (), |(), request| slow.answer(request)).await.expect("opened at last");
}
