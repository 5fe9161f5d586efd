//! To how many a companion is bound, also when many ask at once.

use entrypass_proto::registration::v1::{self as pb, CompanionState};
use entrypass_testkit::Refusal;
use time::Duration;
use tokio::task::JoinSet;
use tonic::Code;

use super::{anew, asked, bind_again, holder_limit, unbinding, unbound};
use crate::harness::{App, confirmation};

#[tokio::test]
async fn a_companion_is_bound_to_as_many_holders_as_configured() {
    let app = App::new().await;
    let (first, companion, bound) = asked(&app).await;
    app.clock.advance(Duration::SECOND);
    let second = app.register("X0000003").await;
    let waiting =
        app.bind(bind_again(&second, "X0000002", "second")).await.expect("who waits has agreed with nobody");
    app.confirm(confirmation(&companion, &bound.confirmation_code)).await.expect("confirmed");
    let refused =
        app.confirm(confirmation(&companion, &waiting.confirmation_code)).await.expect_err("a second");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "COMPANION_HOLDER_LIMIT_REACHED"));
    assert_eq!(refused.fact("limit"), "1");
    let third = app.register("X0000004").await;
    let refused = app.bind(bind_again(&third, "X0000002", "third")).await.expect_err("a third");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "COMPANION_HOLDER_LIMIT_REACHED"));

    // The companion's side ends one bond: there is room for the other, by the same code.
    let bonds = app.holders(&companion.name).await;
    assert_eq!(
        bonds.iter().map(pb::Holder::state).collect::<Vec<_>>(),
        [CompanionState::Pending, CompanionState::Confirmed]
    );
    unbound(&app, unbinding("unbind", &companion, &bonds[1].name)).await.expect("unbound");
    let again = anew(confirmation(&companion, &waiting.confirmation_code), "again", |request| {
        &mut request.request_id
    });
    app.confirm(again).await.expect("confirmed");
    assert_eq!((app.companions(&first.name).await.len(), app.companions(&second.name).await.len()), (0, 1));
    // It ends with the holder's registration too.
    app.cancel(&second).await.expect("cancelled");
    app.bind(bind_again(&third, "X0000002", "at-last")).await.expect("there is room");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_holders_at_once_on_two_copies_no_more_than_the_limit_are_agreed_with() {
    let app = App::configured(holder_limit(2)).await;
    let another = app.another_with(holder_limit(2)).await;
    let companion = app.register("X0000002").await;
    let mut codes = Vec::new();
    for nth in 0..8 {
        let holder = app.register(&format!("X00005{nth:02}")).await;
        let bound = app.bind(bind_again(&holder, "X0000002", &format!("bind-{nth}"))).await.expect("bound");
        codes.push(bound.confirmation_code);
    }
    let mut confirming = JoinSet::new();
    for (nth, code) in codes.iter().enumerate() {
        let mut client = if nth % 2 == 0 { app.client() } else { another.client() };
        let request = confirmation(&companion, code);
        confirming.spawn(async move { client.confirm_companion(request).await.map_err(Refusal::from) });
    }
    let (agreed, refused): (Vec<_>, Vec<_>) =
        confirming.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(agreed.len(), 2, "{refused:?}");
    for refusal in refused.into_iter().filter_map(Result::err) {
        assert_eq!(refusal.is(), (Code::FailedPrecondition, "COMPANION_HOLDER_LIMIT_REACHED"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_bind_and_unbind_each_other_never_wait_in_a_circle() {
    let app = App::configured(holder_limit(2)).await;
    let another = app.another_with(holder_limit(2)).await;
    let (one, other) = (app.register("X0000001").await, app.register("X0000002").await);
    for round in 0..12 {
        let there = app.bind(bind_again(&one, "X0000002", &format!("there-{round}")));
        let back = another.bind(bind_again(&other, "X0000001", &format!("back-{round}")));
        let (there, back) = tokio::join!(there, back);
        let (there, back) = (there.expect("bound"), back.expect("bound"));
        let there = app.confirm(confirmation(&other, &there.confirmation_code));
        let back = another.confirm(confirmation(&one, &back.confirmation_code));
        let (there, back) = tokio::join!(there, back);
        let (there, back) = (there.expect("confirmed").name, back.expect("confirmed").name);
        let there = unbound(&app, unbinding(&format!("end-there-{round}"), &other, &there));
        let back = unbound(&another, unbinding(&format!("end-back-{round}"), &other, &back));
        let (there, back) = tokio::join!(there, back);
        assert_eq!(
            (there.expect("unbound").name, back.expect("unbound").name),
            (other.name.clone(), other.name.clone())
        );
    }
}

#[tokio::test]
async fn one_confirmation_that_is_asked_for_twice_at_once_is_done_once_and_counts_as_no_failure() {
    let app = App::new().await;
    let another = app.another().await;
    let (holder, companion, mut bound) = asked(&app).await;
    for round in 0..8 {
        let request = confirmation(&companion, &bound.confirmation_code);
        let (one, other) = tokio::join!(app.confirm(request.clone()), another.confirm(request));
        let one = one.expect("confirmed");
        assert_eq!(Ok(&one), other.as_ref());
        unbound(&app, unbinding(&format!("unbind-{round}"), &holder, &one.name)).await.expect("unbound");
        bound = app.bind(bind_again(&holder, "X0000002", &format!("bind-{round}"))).await.expect("bound");
    }
}
