//! Consent on both sides of a bond, how many bonds there may be, and when they end.

mod guardians;
mod limits;
mod sharing;

use std::time::Duration as Wait;

use entrypass_proto::registration::v1::{
    self as pb, CompanionState, Relationship, registration_change::Kind, watch_registrations_request::Start,
};
use entrypass_registration::{Config, ProofLimits};
use entrypass_testkit::{Refusal, eventually};
use sea_orm::{ConnectionTrait as _, Statement};
use time::Duration;
use tonic::{Code, Request};

use crate::{
    feed::{Following, from},
    harness::{App, binding, config, confirmation, passport},
};

const WRONG: &str = "0000-0000";

/// Upkeep that is not done within a test.
fn without_upkeep() -> Config {
    Config { upkeep_every: Wait::from_hours(1), ..config() }
}

fn holder_limit(companion_holder_limit: u32) -> Config {
    Config { companion_holder_limit, ..config() }
}

/// A holder, and the holder of the passport X0000002, who waits; with the code that confirms.
async fn asked(app: &App) -> (pb::Registration, pb::Registration, pb::BindCompanionResponse) {
    let (holder, companion) = (app.register("X0000001").await, app.register("X0000002").await);
    let bound = app.bind(binding(&holder, "X0000002")).await.expect("bound");
    (holder, companion, bound)
}

/// `request` as another one.
fn anew<M>(request: M, id: &str, set: fn(&mut M) -> &mut String) -> M {
    let mut request = request;
    *set(&mut request) = id.to_owned();
    request
}

fn bind_again(holder: &pb::Registration, number: &str, id: &str) -> pb::BindCompanionRequest {
    anew(binding(holder, number), id, |request| &mut request.request_id)
}

fn unbinding(id: &str, side: &pb::Registration, bond: &str) -> pb::UnbindCompanionRequest {
    let [request_id, registration, companion] = [id, &side.name, bond].map(str::to_owned);
    pb::UnbindCompanionRequest { request_id, registration, companion }
}

async fn unbound(app: &App, request: pb::UnbindCompanionRequest) -> Result<pb::Registration, Refusal> {
    let answer = app.client().unbind_companion(request).await?.into_inner();
    Ok(answer.registration.expect("a registration"))
}

fn is_wrong<T: std::fmt::Debug>(answer: Result<T, Refusal>) {
    assert_eq!(answer.expect_err("wrong").is(), (Code::NotFound, "CONFIRMATION_CODE_WRONG"));
}

async fn bonds(app: &App) -> i64 {
    let database = app.database().await;
    let query = "SELECT count(*) FROM companions";
    let query = Statement::from_string(database.reader().get_database_backend(), query);
    let row = database.reader().query_one_raw(query).await.expect("a query").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

#[tokio::test]
async fn an_adult_agrees_once_with_the_code_that_the_holder_was_told() {
    let app = App::new().await;
    let (holder, companion, bound) = asked(&app).await;
    let code = bound.confirmation_code.clone();
    assert_eq!(code.len(), 9);
    assert_eq!(
        app.bind(binding(&holder, "X0000002")).await,
        Ok(bound.clone()),
        "told again to the same request"
    );
    let waiting = &app.companions(&holder.name).await[0];
    assert_eq!(waiting.state(), CompanionState::Pending);
    assert_eq!(waiting.confirmation_expire_time, bound.confirmation_expire_time);

    is_wrong(app.confirm(confirmation(&companion, WRONG)).await);
    is_wrong(app.confirm(confirmation(&holder, &code)).await);
    let careless = pb::ConfirmCompanionRequest {
        request_id: "careless".to_owned(),
        confirmation_code: format!(" {} ", code.to_lowercase().replace('-', " ")),
        ..confirmation(&companion, &code)
    };
    let confirmed = app.confirm(careless.clone()).await.expect("confirmed");
    assert_eq!((confirmed.state(), &confirmed.name), (CompanionState::Confirmed, &waiting.name));
    assert_eq!((confirmed.confirmation_expire_time, confirmed.guardian_declare_time), (None, None));
    assert_eq!(app.companions(&holder.name).await, std::slice::from_ref(&confirmed));
    assert_eq!(app.confirm(careless).await, Ok(confirmed), "the first answer again");
    is_wrong(app.confirm(confirmation(&companion, &code)).await);
}

#[tokio::test]
async fn a_code_that_is_none_and_a_registration_that_is_none_are_told_as_that() {
    let app = App::new().await;
    let (holder, companion, bound) = asked(&app).await;
    for (code, rule) in [("", "REQUIRED"), ("7K3M", "FORMAT"), ("7K3M-Q9TU", "FORMAT"), ("\0", "FORMAT")] {
        let mut request = confirmation(&companion, code);
        request.request_id = "malformed".to_owned();
        let refused = app.confirm(request).await.expect_err("no code");
        assert_eq!(refused.broken, [format!("confirmation_code {rule}")], "{code:?}");
    }
    let nobody =
        pb::Registration { name: format!("registrations/{}", uuid::Uuid::from_u128(7)), ..companion.clone() };
    let refused = app.confirm(confirmation(&nobody, &bound.confirmation_code)).await.expect_err("nobody");
    assert_eq!(refused.is(), (Code::NotFound, "REGISTRATION_NOT_FOUND"));
    app.cancel(&companion).await.expect("cancelled");
    let refused = app.confirm(confirmation(&companion, &bound.confirmation_code)).await.expect_err("ended");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "REGISTRATION_NOT_ACTIVE"));
    assert_eq!(app.companions(&holder.name).await, []);
}

#[tokio::test]
async fn a_code_opens_the_bond_that_it_was_told_for_and_no_other() {
    let app = App::configured(holder_limit(2)).await;
    let (_, companion, first) = asked(&app).await;
    app.clock.advance(Duration::SECOND);
    let (other, third) = (app.register("X0000003").await, app.register("X0000004").await);
    let second = app.bind(bind_again(&other, "X0000002", "second")).await.expect("bound");
    assert_ne!(first.confirmation_code, second.confirmation_code);
    is_wrong(app.confirm(confirmation(&third, &first.confirmation_code)).await);
    app.confirm(confirmation(&companion, &second.confirmation_code)).await.expect("confirmed");
    let states: Vec<_> = app.holders(&companion.name).await.iter().map(pb::Holder::state).collect();
    assert_eq!(states, [CompanionState::Confirmed, CompanionState::Pending]);
    app.confirm(confirmation(&companion, &first.confirmation_code)).await.expect("confirmed");
}

#[tokio::test]
async fn a_code_runs_out_and_the_bond_is_gone_from_that_moment_on() {
    let app = App::configured(Config { companion_limit: 1, ..without_upkeep() }).await;
    let (holder, companion, bound) = asked(&app).await;
    app.register("X0000003").await;
    let name = app.companions(&holder.name).await[0].name.clone();
    app.clock.advance(Duration::hours(24) - Duration::MICROSECOND);
    assert_eq!(app.companions(&holder.name).await.len(), 1);
    let full = app.bind(bind_again(&holder, "X0000003", "full")).await.expect_err("who waits has a place");
    assert_eq!(full.is(), (Code::FailedPrecondition, "COMPANION_LIMIT_REACHED"));

    app.clock.advance(Duration::MICROSECOND);
    assert_eq!((app.companions(&holder.name).await, app.holders(&companion.name).await), (vec![], vec![]));
    is_wrong(app.confirm(confirmation(&companion, &bound.confirmation_code)).await);
    for side in [&holder, &companion] {
        let gone = unbound(&app, unbinding("late", side, &name)).await.expect_err("gone");
        assert_eq!(gone.is(), (Code::NotFound, "COMPANION_NOT_FOUND"));
    }
    assert_eq!(bonds(&app).await, 1, "the row is still there");
    let again = app.bind(bind_again(&holder, "X0000002", "again")).await.expect("the place is free");
    is_wrong(
        app.confirm(anew(confirmation(&companion, &bound.confirmation_code), "old", |request| {
            &mut request.request_id
        }))
        .await,
    );
    app.confirm(confirmation(&companion, &again.confirmation_code)).await.expect("confirmed");
    assert_eq!(bonds(&app).await, 1);
}

#[tokio::test]
async fn what_has_run_out_is_removed_and_told_once() {
    let app = App::new().await;
    let another = app.another().await;
    let (holder, _, _) = asked(&app).await;
    let bond = app.companions(&holder.name).await[0].name.clone();
    // And two that end with a registration, on either side.
    let (ended, left) = (app.register("X0000003").await, app.register("X0000004").await);
    app.bind(bind_again(&ended, "X0000002", "ended")).await.expect("bound");
    app.bind(bind_again(&holder, "X0000004", "left")).await.expect("bound");
    for registration in [ended, left] {
        app.cancel(&registration).await.expect("cancelled");
    }
    assert_eq!(bonds(&app).await, 3);
    another.clock.advance(Duration::hours(24));
    eventually("the bonds are removed", async || bonds(&app).await == 0).await;
    app.cancel(&holder).await.expect("cancelled");
    let told = Following::begin(&app, from(Start::Oldest)).await.expect("a stream").changes(11).await;
    let kinds: Vec<_> = told.iter().skip(7).map(pb::RegistrationChange::kind).collect();
    assert_eq!(kinds, [Kind::Cancelled, Kind::Cancelled, Kind::CompanionUnbound, Kind::Cancelled]);
    assert_eq!((&told[9].registration, &told[9].companion), (&holder.name, &bond));
    assert_eq!(told[9].state(), pb::RegistrationState::Active);
}

#[tokio::test]
async fn a_code_lasts_as_configured_and_no_longer_than_either_registration() {
    let minutes = Config { confirm_within: Duration::minutes(5), ..config() };
    let seconds = |bound: pb::BindCompanionResponse| bound.confirmation_expire_time.expect("a time").seconds;
    let app = App::configured(minutes).await;
    let (holder, _, bound) = asked(&app).await;
    assert_eq!(seconds(bound), holder.create_time.expect("a time").seconds + 300);
    let app = App::configured(Config { confirm_within: Duration::days(100), ..config() }).await;
    let (holder, _, bound) = asked(&app).await;
    assert_eq!(seconds(bound), holder.expire_time.expect("a time").seconds);
}

#[tokio::test]
async fn wrong_codes_are_counted_for_the_companion_and_for_the_caller() {
    let failed_proofs = ProofLimits { per_document: 3, per_caller: 5, window: Duration::minutes(15) };
    let app = App::configured(Config { failed_proofs, ..holder_limit(2) }).await;
    let (_, companion, bound) = asked(&app).await;
    let other = app.register("X0000003").await;
    let bound_other = app.bind(binding(&companion, "X0000003")).await.expect("bound");
    let closed = |answer: Result<pb::Companion, Refusal>| {
        let refused = answer.expect_err("too often");
        assert_eq!(refused.is(), (Code::ResourceExhausted, "TOO_MANY_FAILED_PROOFS"));
        assert_eq!(refused.retry_after, Some(Wait::from_mins(15)));
    };
    for nth in 0..3 {
        is_wrong(app.confirm(confirmation(&companion, &format!("0000-000{nth}"))).await);
    }
    closed(app.confirm(confirmation(&companion, &bound.confirmation_code)).await);
    for nth in 0..2 {
        is_wrong(app.confirm(confirmation(&other, &format!("0000-000{nth}"))).await.map(|_| ()));
    }
    closed(app.confirm(confirmation(&other, &bound_other.confirmation_code)).await);
    // Whom the right code is of need not give it by the same caller.
    let mut request = Request::new(confirmation(&other, &bound_other.confirmation_code));
    request.metadata_mut().insert("entrypass-caller", "kiosk".parse().expect("a name"));
    app.client().confirm_companion(request).await.expect("another caller, and another companion");
    app.clock.advance(Duration::minutes(15));
    app.confirm(confirmation(&companion, &bound.confirmation_code)).await.expect("a new window");
}

#[tokio::test]
async fn whoever_has_made_sure_of_the_holder_needs_the_code_all_the_same() {
    let app = App::new().await;
    let (_, companion, bound) = asked(&app).await;
    let waived = |code: &str| {
        let mut request = Request::new(confirmation(&companion, code));
        request.metadata_mut().insert("entrypass-holder-proof", "waived".parse().expect("a word"));
        let mut client = app.believed();
        async move { Ok::<_, Refusal>(client.confirm_companion(request).await?.into_inner()) }
    };
    for nth in 0..5 {
        is_wrong(waived(&format!("0000-000{nth}")).await);
    }
    let closed = waived(&bound.confirmation_code).await.expect_err("too often");
    assert_eq!(closed.is(), (Code::ResourceExhausted, "TOO_MANY_FAILED_PROOFS"));
}

/// Binds somebody new with `form` to `holder`.
fn newcomer(holder: &pb::Registration, number: &str, form: pb::RegistrationForm) -> pb::BindCompanionRequest {
    pb::BindCompanionRequest {
        companion_name: String::new(),
        form: Some(form),
        acknowledged_notice_version: holder.notice_version.clone(),
        truth_declared: true,
        ..binding(holder, number)
    }
}

#[tokio::test]
async fn the_companions_side_sees_who_has_bound_them_masked_and_page_by_page() {
    let app = App::configured(holder_limit(31)).await;
    let companion = app.register("X0000002").await;
    for nth in 0..5 {
        app.clock.advance(Duration::SECOND);
        let holder = app.register(&format!("X000010{nth}")).await;
        app.bind(bind_again(&holder, "X0000002", &format!("bind-{nth}"))).await.expect("bound");
    }
    let all = app.holders(&companion.name).await;
    assert_eq!(all.len(), 5);
    assert!(all.iter().all(|one| one.masked_name == "S* A*" && one.display_name == "Smith Anna Maria"));
    assert!(all.iter().all(|one| one.relationship() == Relationship::Relative && one.confirmation_expire_time.is_some()));
    assert!(
        all.is_sorted_by_key(|one| std::cmp::Reverse(one.create_time.expect("a time").seconds)),
        "newest first"
    );
    let (mut pages, mut page_token) = (Vec::new(), String::new());
    loop {
        let request =
            pb::ListHoldersRequest { registration: companion.name.clone(), page_size: 2, page_token };
        let page = app.client().list_holders(request).await.expect("a page").into_inner();
        pages.push(page.holders.len());
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(pages, [2, 2, 1]);
    let nobody = pb::ListHoldersRequest {
        registration: "registrations/7".to_owned(),
        page_size: -1,
        ..Default::default()
    };
    let refused = Refusal::from(app.client().list_holders(nobody).await.expect_err("wrong"));
    assert_eq!(refused.broken, ["registration FORMAT", "page_size OUT_OF_RANGE"]);
    app.cancel(&companion).await.expect("cancelled");
    assert_eq!(app.holders(&companion.name).await, [], "a bond ends with either registration");
}

#[tokio::test]
async fn what_is_kept_of_a_companion_tells_who_has_bound_them() {
    let app = App::new().await;
    let (holder, companion, _) = asked(&app).await;
    let export = |of: &pb::Registration| pb::ExportTravellerRequest {
        registration: of.name.clone(),
        ..Default::default()
    };
    let exported = app.client().export_traveller(export(&companion)).await.expect("known").into_inner();
    assert_eq!(exported.registrations[0].holders, app.holders(&companion.name).await);
    let exported = app.client().export_traveller(export(&holder)).await.expect("known").into_inner();
    assert_eq!((exported.registrations[0].holders.len(), exported.registrations[0].companions.len()), (0, 1));
    assert!(exported.registrations[0].companions[0].confirmation_expire_time.is_some());
}

#[tokio::test]
async fn a_bond_that_waits_since_before_there_were_codes_ends_a_day_after_it_was_made() {
    let app = App::configured(without_upkeep()).await;
    let (holder, companion, bound) = asked(&app).await;
    // As an earlier release has made it, and as one of its copies makes it on this schema.
    let make = async |set: &str| {
        let database = app.database().await;
        let transaction = database.begin().await.expect("a transaction");
        let set = format!("UPDATE companions SET confirmation_index = NULL, {set}");
        transaction.execute_unprepared(&set).await.expect("made");
        transaction.commit().await.expect("committed");
    };
    make("confirmation_expire_time = NULL").await;
    app.clock.advance(Duration::days(2));
    let waiting = app.companions(&holder.name).await.remove(0);
    assert_eq!((waiting.state(), waiting.confirmation_expire_time), (CompanionState::Pending, None));
    is_wrong(app.confirm(confirmation(&companion, &bound.confirmation_code)).await);
    unbound(&app, unbinding("unbind", &companion, &waiting.name)).await.expect("either side can end it");
    let again = app.bind(bind_again(&holder, "X0000002", "again")).await.expect("bound");
    make("confirmation_expire_time = create_time + 86400000000").await;
    app.clock.advance(Duration::days(1));
    is_wrong(app.confirm(confirmation(&companion, &again.confirmation_code)).await);
    assert_eq!(app.companions(&holder.name).await, []);
    assert_eq!(
        app.client()
            .check_document(pb::CheckDocumentRequest { document: Some(passport("X0000002")) })
            .await
            .expect("valid")
            .into_inner()
            .outcome(),
        pb::CheckOutcome::Registered
    );
}
