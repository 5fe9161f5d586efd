//! Who is too young to agree, and who declares for them.

use entrypass_proto::registration::v1::{self as pb, CompanionState, Relationship};
use entrypass_testkit::Refusal;
use time::Duration;
use tokio::task::JoinSet;
use tonic::Code;

use super::{bind_again, newcomer, unbinding, unbound};
use crate::harness::{App, binding, config, confirmation, form};

/// With the word of a declaration that was made.
fn declaring(
    request: pb::BindCompanionRequest,
    relationship: Relationship,
    responsible: Option<bool>,
) -> pb::BindCompanionRequest {
    let guardian_declaration = responsible.map(|responsible| pb::GuardianDeclaration { responsible });
    pb::BindCompanionRequest { relationship: relationship.into(), guardian_declaration, ..request }
}

/// The form of somebody born on `birth_date`.
fn born(birth_date: &str) -> pb::RegistrationForm {
    pb::RegistrationForm { birth_date: birth_date.to_owned(), ..form() }
}

#[tokio::test]
async fn for_a_registered_child_a_guardian_declares_and_nobody_waits() {
    let app = App::new().await;
    let holder = app.register("X0000001").await;
    // 14 on the next day.
    let child =
        app.submit(app.submission("child", "X0000002", born("2012-11-24"))).await.expect("registered");
    let bind = |relationship, responsible| declaring(binding(&holder, "X0000002"), relationship, responsible);
    let table: [(_, _, &[&str]); 3] = [
        (Relationship::Child, None, &["guardian_declaration GUARDIAN_REQUIRED"]),
        (Relationship::Child, Some(false), &["guardian_declaration.responsible NOT_DECLARED"]),
        (Relationship::Colleague, Some(true), &["relationship GUARDIAN_REQUIRED"]),
    ];
    for (relationship, responsible, expected) in table {
        let refused = app.bind(bind(relationship, responsible)).await.expect_err("no guardian");
        assert_eq!(
            (refused.code, refused.broken),
            (Code::InvalidArgument, expected.iter().map(|&one| one.to_owned()).collect())
        );
    }
    let bound = app.bind(bind(Relationship::Child, Some(true))).await.expect("bound");
    assert_eq!((bound.confirmation_code.as_str(), bound.confirmation_expire_time), ("", None));
    let made = app.companions(&holder.name).await.remove(0);
    assert_eq!(made.state(), CompanionState::Confirmed);
    assert!(made.guardian_declare_time.is_some() && made.guardian_declare_time == made.create_time);
    let seen = &app.holders(&child.name).await[0];
    assert_eq!(
        (seen.guardian_declare_time, seen.relationship()),
        (made.guardian_declare_time, Relationship::Child)
    );

    let guarded = async |name: &str| app.facts(name).await.expect("known").guardian_declared;
    assert_eq!((guarded(&child.name).await, guarded(&holder.name).await), (Some(true), Some(false)));

    let bound = unbound(&app, unbinding("unbind", &holder, &made.name)).await;
    bound.expect("unbound");
    assert_eq!(guarded(&child.name).await, Some(false));
    // Ten in the morning in the city; midnight is fourteen hours away.
    app.clock.advance(Duration::hours(14) - Duration::MICROSECOND);
    let bind = |id: &str, responsible| {
        declaring(bind_again(&holder, "X0000002", id), Relationship::Child, responsible)
    };
    app.bind(bind("eve", None)).await.expect_err("13 years old");
    app.clock.advance(Duration::MICROSECOND);
    let refused = app.bind(bind("birthday", Some(true))).await.expect_err("agrees by themselves");
    assert_eq!(refused.broken, ["guardian_declaration EXCLUDED"]);
    let bound = app.bind(bind("birthday", None)).await.expect("asked");
    app.confirm(confirmation(&child, &bound.confirmation_code)).await.expect("confirmed");
}

#[tokio::test]
async fn nothing_is_told_of_an_age_before_document_and_name_fit() {
    let app = App::new().await;
    let holder = app.register("X0000001").await;
    app.submit(app.submission("child", "X0000002", born("2020-01-01"))).await.expect("registered");
    let mut guess = binding(&holder, "X0000002");
    guess.companion_name = "Smith Jane".to_owned();
    let refused = app.bind(guess).await.expect_err("a wrong name");
    assert_eq!(refused.is(), (Code::NotFound, "HOLDER_NOT_FOUND"));
}

#[tokio::test]
async fn a_new_child_needs_a_guardian_and_everything_wrong_is_told_at_once() {
    let app = App::new().await;
    let holder = app.register("X0000001").await;
    let wrong = newcomer(&holder, "X0000002", pb::RegistrationForm { stay_days: -1, ..born("2020-02-29") });
    let refused = app.bind(declaring(wrong, Relationship::Parent, None)).await.expect_err("wrong");
    let expected = [
        "guardian_declaration GUARDIAN_REQUIRED",
        "relationship GUARDIAN_REQUIRED",
        "form.stay_days OUT_OF_RANGE",
    ];
    assert_eq!(refused.broken, expected);
    let adult = declaring(newcomer(&holder, "X0000002", form()), Relationship::Child, Some(true));
    assert_eq!(app.bind(adult).await.expect_err("of age").broken, ["guardian_declaration EXCLUDED"]);

    let child = newcomer(&holder, "X0000002", born("2020-02-29"));
    let bound = app.bind(declaring(child, Relationship::Other, Some(true))).await.expect("bound");
    assert_eq!(bound.confirmation_code, "");
    let adult = bind_again(&holder, "X0000003", "adult");
    let adult =
        pb::BindCompanionRequest { document: adult.document, ..newcomer(&holder, "X0000003", form()) };
    app.bind(adult).await.expect("bound");
    let bonds = app.companions(&holder.name).await;
    assert!(bonds.iter().all(|bond| bond.state() == CompanionState::Confirmed));
    assert_eq!(bonds.iter().filter(|bond| bond.guardian_declare_time.is_some()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_guardians_at_once_on_two_copies_one_is_taken() {
    let app = App::new().await;
    let another = app.another_with(config()).await;
    app.submit(app.submission("child", "X0000002", born("2020-01-01"))).await.expect("registered");
    let mut declaring_at_once = JoinSet::new();
    for nth in 0..6 {
        let holder = app.register(&format!("X00006{nth:02}")).await;
        let request = bind_again(&holder, "X0000002", &format!("bind-{nth}"));
        let request = declaring(request, Relationship::Relative, Some(true));
        let mut client = if nth % 2 == 0 { app.client() } else { another.client() };
        declaring_at_once.spawn(async move { client.bind_companion(request).await.map_err(Refusal::from) });
    }
    let (taken, refused): (Vec<_>, Vec<_>) =
        declaring_at_once.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(taken.len(), 1, "{refused:?}");
    for refusal in refused.into_iter().filter_map(Result::err) {
        assert_eq!(refusal.is(), (Code::FailedPrecondition, "COMPANION_HOLDER_LIMIT_REACHED"));
    }
}
