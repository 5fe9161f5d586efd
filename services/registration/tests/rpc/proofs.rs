//! Holder proofs that fail: what they tell, and how many are borne with.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use entrypass_proto::registration::v1 as pb;
use entrypass_registration::{Config, ProofLimits};
use entrypass_testkit::{Refusal, eventually};
use sea_orm::{ConnectionTrait as _, Statement};
use tokio::task::JoinSet;
use tonic::{Code, Request, Status};

use crate::{
    harness::{App, binding, config, passport},
    travellers::replacement,
};

const RIGHT: &str = "Smith Anna Maria";
const WRONG: &str = "Smith Anna Marie";
const WINDOW: Duration = Duration::from_mins(15);

fn limited(per_document: u32, per_caller: u32) -> Config {
    let window = time::Duration::minutes(15);
    Config { failed_proofs: ProofLimits { per_document, per_caller, window }, ..config() }
}

fn look_up(number: &str, name: &str) -> pb::GetRegistrationRequest {
    let (document, holder_name) = (Some(passport(number)), name.to_owned());
    pb::GetRegistrationRequest { document, holder_name, ..Default::default() }
}

async fn get(app: &App, number: &str, name: &str) -> Result<pb::GetRegistrationResponse, Refusal> {
    Ok(app.client().get_registration(look_up(number, name)).await?.into_inner())
}

async fn prefill(app: &App, number: &str, name: &str) -> Result<pb::GetPrefillResponse, Refusal> {
    let (document, holder_name) = (Some(passport(number)), name.to_owned());
    let request = pb::GetPrefillRequest { document, holder_name };
    Ok(app.client().get_prefill(request).await?.into_inner())
}

fn is_in_vain<T: std::fmt::Debug>(answer: Result<T, Refusal>) {
    assert_eq!(answer.expect_err("refused").is(), (Code::NotFound, "HOLDER_NOT_FOUND"));
}

/// No more proofs are taken for so long.
fn is_closed<T: std::fmt::Debug>(answer: Result<T, Refusal>, closed_for: Duration) {
    let refused = answer.expect_err("refused");
    assert_eq!(refused.is(), (Code::ResourceExhausted, "TOO_MANY_FAILED_PROOFS"));
    assert_eq!(refused.retry_after, Some(closed_for));
}

#[tokio::test]
async fn after_five_failures_no_proof_of_a_document_is_taken_known_or_not_until_the_window_ends() {
    let app = App::new().await;
    app.register("X0000001").await;
    for number in ["X0000001", "X0000009"] {
        for _ in 0..5 {
            is_in_vain(get(&app, number, WRONG).await);
        }
        is_closed(get(&app, number, RIGHT).await, WINDOW);
        is_closed(prefill(&app, number, RIGHT).await, WINDOW);
    }
    app.register("X0000002").await;
    get(&app, "X0000002", RIGHT).await.expect("another document");
    app.clock.advance(time::Duration::minutes(14));
    is_closed(get(&app, "X0000001", RIGHT).await, Duration::from_mins(1));
    app.clock.advance(time::Duration::minutes(1));
    get(&app, "X0000001", RIGHT).await.expect("a new window");
    is_in_vain(get(&app, "X0000009", RIGHT).await);
}

#[tokio::test]
async fn every_way_to_prove_counts_towards_the_same_limit_and_a_success_takes_nothing_back() {
    let app = App::configured(limited(4, 100)).await;
    let holder = app.register("X0000001").await;
    let other = app.register("X0000002").await;
    let wrong_name = |request: pb::BindCompanionRequest| pb::BindCompanionRequest {
        request_id: "wrong".to_owned(),
        companion_name: WRONG.to_owned(),
        ..request
    };

    is_in_vain(get(&app, "X0000002", WRONG).await);
    is_in_vain(prefill(&app, "X0000002", WRONG).await);
    get(&app, "X0000002", RIGHT).await.expect("right");
    let bound = app.client().bind_companion(wrong_name(binding(&holder, "X0000002"))).await;
    is_in_vain(bound.map_err(Refusal::from));
    let replaced = replacement(&other, "X0000002", "X0000003");
    let by_wrong_name = pb::ReplaceDocumentRequest { holder_name: WRONG.to_owned(), ..replaced.clone() };
    is_in_vain(app.replace(by_wrong_name).await);

    is_closed(get(&app, "X0000002", RIGHT).await, WINDOW);
    is_closed(prefill(&app, "X0000002", RIGHT).await, WINDOW);
    let bound = app.client().bind_companion(binding(&holder, "X0000002")).await;
    is_closed(bound.map_err(Refusal::from), WINDOW);
    is_closed(app.replace(replaced.clone()).await, WINDOW);
    app.clock.advance(time::Duration::minutes(15));
    app.client().bind_companion(binding(&holder, "X0000002")).await.expect("the same request_id is free");
    app.replace(replaced).await.expect("the same request_id is free");
}

#[tokio::test]
async fn a_caller_who_fails_too_often_proves_nothing_whichever_document_it_tries_and_others_do() {
    let app = App::configured(limited(100, 3)).await;
    app.register("X0000001").await;
    let by = |caller: &'static str, number: &str, name: &str| {
        let mut request = Request::new(look_up(number, name));
        request.metadata_mut().insert("entrypass-caller", caller.parse().expect("a name"));
        let mut client = app.client();
        async move { Ok::<_, Refusal>(client.get_registration(request).await?.into_inner()) }
    };
    for number in ["X0000001", "X0000002", "X0000003"] {
        is_in_vain(by("kiosk", number, WRONG).await);
    }
    is_closed(by("kiosk", "X0000001", RIGHT).await, WINDOW);
    is_closed(by("kiosk", "X0000004", RIGHT).await, WINDOW);
    by("checkpoint", "X0000001", RIGHT).await.expect("another caller");
}

#[tokio::test]
async fn failures_count_on_all_copies_and_after_a_restart() {
    let app = App::new().await;
    app.register("X0000001").await;
    let copy = app.another().await;
    for nth in 0..4 {
        is_in_vain(get(if nth % 2 == 0 { &app } else { &copy }, "X0000001", WRONG).await);
    }
    let app = app.restarted(config()).await;
    is_in_vain(get(&app, "X0000001", WRONG).await);
    is_closed(get(&copy, "X0000001", RIGHT).await, WINDOW);
    is_closed(get(&app, "X0000001", RIGHT).await, WINDOW);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_on_two_copies_has_no_more_tries_than_one_after_the_other() {
    let app = App::configured(limited(5, 1000)).await;
    app.register("X0000001").await;
    let copies = Arc::new([app.another_with(limited(5, 1000)).await, app]);
    let mut guesses = JoinSet::new();
    for nth in 0..40 {
        let copies = Arc::clone(&copies);
        guesses.spawn(async move { get(&copies[nth % 2], "X0000001", WRONG).await });
    }
    let answers = guesses.join_all().await;
    let reasons = |reason: &str| {
        answers.iter().filter(|answer| answer.as_ref().is_err_and(|refused| refused.reason == reason)).count()
    };
    assert_eq!((reasons("HOLDER_NOT_FOUND"), reasons("TOO_MANY_FAILED_PROOFS")), (5, 35));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_tries_many_documents_at_once_has_no_more_tries() {
    let app = App::configured(limited(100, 7)).await;
    let copies = Arc::new([app.another_with(limited(100, 7)).await, app]);
    let mut guesses = JoinSet::new();
    for nth in 0..40 {
        let copies = Arc::clone(&copies);
        guesses.spawn(async move { get(&copies[nth % 2], &format!("X00000{nth:02}"), WRONG).await });
    }
    let answers = guesses.join_all().await;
    let in_vain =
        answers.iter().filter(|answer| answer.as_ref().is_err_and(|refused| refused.code == Code::NotFound));
    assert_eq!(in_vain.count(), 7);
}

/// Everything of a refusal that travels.
fn whole(status: &Status) -> (Code, String, Vec<u8>, String) {
    let metadata = format!("{:?}", status.metadata());
    (status.code(), status.message().to_owned(), status.details().to_vec(), metadata)
}

#[tokio::test]
async fn a_wrong_name_an_unknown_document_and_an_ended_registration_are_one_answer() {
    let app = App::new().await;
    app.register("X0000001").await;
    let ended = app.register("X0000002").await;
    app.cancel(&ended).await.expect("cancelled");
    let holder = app.register("X0000003").await;
    let mut answers = Vec::new();
    for (number, name) in [("X0000001", WRONG), ("X0000009", WRONG), ("X0000002", RIGHT)] {
        let refused = app.client().get_registration(look_up(number, name)).await.expect_err("in vain");
        answers.push(whole(&refused));
        let request =
            pb::BindCompanionRequest { companion_name: name.to_owned(), ..binding(&holder, number) };
        let refused = app.client().bind_companion(request).await.expect_err("in vain");
        answers.push(whole(&refused));
    }
    for (number, name) in [("X0000002", WRONG), ("X0000009", WRONG), ("X0000001", RIGHT)] {
        let (document, holder_name) = (Some(passport(number)), name.to_owned());
        let request = pb::GetPrefillRequest { document, holder_name };
        answers.push(whole(&app.client().get_prefill(request).await.expect_err("in vain")));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

/// The middle one of `times`, in seconds.
fn median(times: &[Duration]) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

#[tokio::test]
async fn what_is_in_vain_is_told_at_a_whole_step_of_time() {
    let app = App::new().await;
    app.register("X0000001").await;
    for (number, name) in [("X0000001", WRONG), ("X0000009", RIGHT)] {
        let began = Instant::now();
        is_in_vain(get(&app, number, name).await);
        assert!(began.elapsed() >= Duration::from_millis(20), "{number} was told too early");
    }
}

/// Samples are taken by turns, so that whatever slows the machine down slows all kinds alike; what is compared is a ratio; and as long as chance
/// may be the reason of a difference, more are taken.
#[tokio::test]
async fn a_wrong_name_takes_as_long_as_an_unknown_document_and_an_ended_registration() {
    let app = App::configured(limited(1_000_000, 1_000_000)).await;
    app.register("X0000001").await;
    let ended = app.register("X0000002").await;
    app.cancel(&ended).await.expect("cancelled");
    let kinds = [("X0000001", WRONG), ("X0000009", RIGHT), ("X0000002", RIGHT)];
    let mut times = [const { Vec::new() }; 3];
    let mut ratios = [0.0; 2];
    for _round in 0..8 {
        for _ in 0..80 {
            for (nth, (number, name)) in kinds.into_iter().enumerate() {
                let began = Instant::now();
                is_in_vain(get(&app, number, name).await);
                times[nth].push(began.elapsed());
            }
        }
        let [wrong, unknown, ended] = times.each_ref().map(|times| median(times));
        ratios = [wrong / unknown, wrong / ended];
        if ratios.iter().all(|ratio| (0.85..1.18).contains(ratio)) {
            return;
        }
    }
    panic!(
        "a wrong name takes {ratios:.2?} times as long as an unknown document, and as an ended registration"
    );
}

/// A call for somebody who is shown everything and has made sure of the holder.
fn waived<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    for (key, value) in [("entrypass-holder-proof", "waived"), ("entrypass-personal-data", "full")] {
        request.metadata_mut().insert(key, value.parse().expect("a text"));
    }
    request
}

#[tokio::test]
async fn whoever_has_made_sure_of_the_holder_gives_no_name_and_is_not_counted() {
    let app = App::configured(limited(1, 1)).await;
    let registered = app.register("X0000001").await;
    let holder = app.register("X0000002").await;
    let by_officer = |message| {
        let request = waived(message);
        let mut client = app.believed();
        async move { Ok::<_, Refusal>(client.get_registration(request).await?.into_inner()) }
    };
    let found = by_officer(look_up("X0000001", "")).await.expect("found by the document alone");
    assert_eq!(found.registration, Some(registered.clone()));
    for _ in 0..3 {
        is_in_vain(by_officer(look_up("X0000009", "")).await);
        is_in_vain(by_officer(look_up("X0000001", WRONG)).await);
    }
    let nameless = app.client().get_registration(look_up("X0000001", "")).await.expect_err("a proof");
    assert_eq!(Refusal::from(nameless).broken, ["holder_name REQUIRED"]);

    let nameless = pb::BindCompanionRequest { companion_name: String::new(), ..binding(&holder, "X0000001") };
    app.believed().bind_companion(waived(nameless)).await.expect("bound");
    let bound = get(&app, "X0000002", RIGHT).await.expect("the holder").companions;
    assert_eq!(bound[0].display_name, "S* A*", "no more than a checkpoint is shown");

    let nameless = pb::ReplaceDocumentRequest {
        holder_name: String::new(),
        ..replacement(&registered, "X0000001", "X0000003")
    };
    let refused = app.replace(nameless.clone()).await.expect_err("a proof");
    assert_eq!(refused.broken, ["holder_name REQUIRED"]);
    app.believed().replace_document(waived(nameless)).await.expect("replaced");
}

#[tokio::test]
async fn what_counts_no_more_is_forgotten_and_nobody_is_named() {
    let app = App::new().await;
    app.register("X0000001").await;
    is_in_vain(get(&app, "X0000001", WRONG).await);
    let database = app.database().await;
    let rows = async || {
        let query = "SELECT count(*) FROM failed_proofs";
        let query = Statement::from_string(database.reader().get_database_backend(), query);
        let row = database.reader().query_one_raw(query).await.expect("a query").expect("a row");
        row.try_get_by_index::<i64>(0).expect("a number")
    };
    assert_eq!(rows().await, 2, "the document and the caller");
    let joined = "SELECT 1 FROM failed_proofs JOIN documents ON subject = blind_index";
    let joined = Statement::from_string(database.reader().get_database_backend(), joined);
    assert!(database.reader().query_one_raw(joined).await.expect("a query").is_none());
    app.clock.advance(time::Duration::minutes(15));
    eventually("ended tallies are forgotten", async || rows().await == 0).await;
}
