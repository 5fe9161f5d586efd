//! What a checkpoint may see of a registration and of those who travel along.

use entrypass_proto::registration::v1::{
    self as pb, DocumentType, RegistrationState::Active, RegistrationState::Cancelled,
    RegistrationState::Expired, Relationship,
};
use entrypass_testkit::Refusal;
use prost::Message as _;
use time::Duration;

use crate::harness::{App, amendment, binding, confirmation, form};

const NOBODY: &str = "registrations/0193a1b2-0000-7000-8000-000000000000";

async fn groups(app: &App, names: &[&str]) -> Result<Vec<pb::TravelGroup>, Refusal> {
    let registrations = names.iter().map(|name| (*name).to_owned()).collect();
    let request = pb::GetTravelGroupsRequest { registrations };
    Ok(app.client().get_travel_groups(request).await?.into_inner().groups)
}

async fn group(app: &App, name: &str) -> pb::TravelGroup {
    groups(app, &[name]).await.expect("known").remove(0)
}

fn state(of: &pb::TravelGroup) -> pb::RegistrationState {
    of.holder.as_ref().expect("a holder").state()
}

/// The masked numbers of the companions in `group`.
fn numbers(group: &pb::TravelGroup) -> Vec<&str> {
    group.companions.iter().filter_map(|one| Some(one.member.as_ref()?.masked_number.as_str())).collect()
}

/// Binds the holder of the passport `number` to `holder`; the companion's side confirms when it is told who it is.
async fn bind(app: &App, holder: &pb::Registration, number: &str, companion: Option<&pb::Registration>) {
    let bound = app.bind(binding(holder, number)).await.expect("bound");
    if let Some(companion) = companion {
        app.confirm(confirmation(companion, &bound.confirmation_code)).await.expect("confirmed");
    }
    app.clock.advance(Duration::SECOND);
}

#[tokio::test]
async fn a_group_is_the_holder_and_the_companions_who_agreed_all_masked() {
    let app = App::new().await;
    let holder = app.register("X0000001").await;
    let child = pb::RegistrationForm {
        chinese_name: "欧阳小明".to_owned(),
        surname: "OUYANG".to_owned(),
        given_names: "XIAOMING".to_owned(),
        ..form()
    };
    let request = pb::BindCompanionRequest {
        relationship: Relationship::Child.into(),
        companion_name: String::new(),
        acknowledged_notice_version: holder.notice_version.clone(),
        truth_declared: true,
        form: Some(child),
        ..binding(&holder, "X0000002")
    };
    app.client().bind_companion(request).await.expect("registered and bound");
    app.clock.advance(Duration::SECOND);
    let friend = app.register("X0000003").await;
    bind(&app, &holder, "X0000003", Some(&friend)).await;
    app.register("X0000004").await;
    bind(&app, &holder, "X0000004", None).await;

    let group = group(&app, &holder.name).await;
    let expected = pb::TravelGroupMember {
        registration: holder.name.clone(),
        state: Active.into(),
        revision: 1,
        expire_time: holder.expire_time,
        masked_name: "S* A*".to_owned(),
        document_type: DocumentType::Passport.into(),
        masked_number: "X0****01".to_owned(),
        verified_time: None,
    };
    assert_eq!(group.holder.as_ref(), Some(&expected));
    let relationships: Vec<_> = group.companions.iter().map(pb::TravelGroupCompanion::relationship).collect();
    assert_eq!(relationships, [Relationship::Child, Relationship::Relative]);
    assert_eq!(numbers(&group), ["X0****02", "X0****03"], "the fourth has not agreed");
    let names: Vec<_> = group.companions.iter().filter_map(|one| one.member.as_ref()).collect();
    assert_eq!([&*names[0].masked_name, &*names[1].masked_name], ["欧*", "S* A*"]);
    assert_eq!(names[1].registration, friend.name);

    let bytes = group.encode_to_vec();
    for personal in ["SMITH", "ANNA", "欧阳", "XIAO", "X000", "0002", "1985", "7700900001", "祖庙路", "GBR"]
    {
        assert!(!bytes.windows(personal.len()).any(|part| part == personal.as_bytes()), "{personal}");
    }
}

#[tokio::test]
async fn a_batch_is_answered_name_by_name_and_an_unknown_one_with_nobody() {
    let app = App::new().await;
    let mut names = Vec::new();
    for nth in 1..=3 {
        names.push(app.register(&format!("X000000{nth}")).await.name);
    }
    let asked = [&*names[2], NOBODY, &names[0], &names[2], &names[1]];
    let answered = groups(&app, &asked).await.expect("groups");
    assert_eq!(answered[1], pb::TravelGroup::default());
    let shown: Vec<_> = answered
        .iter()
        .map(|group| group.holder.as_ref().map_or(NOBODY, |holder| &holder.registration))
        .collect();
    assert_eq!(shown, asked);

    let all: Vec<_> = names.iter().map(String::as_str).cycle().take(100).collect();
    assert_eq!(groups(&app, &all).await.expect("100 groups").len(), 100);
}

#[tokio::test]
async fn a_group_is_told_as_it_is_at_that_moment() {
    let app = App::new().await;
    let holder = app.register("X0000001").await;
    let (one, other) = (app.register("X0000002").await, app.register("X0000003").await);
    bind(&app, &holder, "X0000002", Some(&one)).await;
    bind(&app, &holder, "X0000003", Some(&other)).await;
    let amended = app.update(amendment(&one, 5)).await.expect("amended");
    let group = group(&app, &holder.name).await;
    let revisions: Vec<_> =
        group.companions.iter().filter_map(|one| Some(one.member.as_ref()?.revision)).collect();
    assert_eq!(revisions, [2, 1]);
    app.cancel(&amended).await.expect("cancelled");
    assert_eq!(numbers(&self::group(&app, &holder.name).await), ["X0****03"]);

    // The holder's end is the bonds', not the companions' own.
    app.cancel(&holder).await.expect("cancelled");
    let answered = groups(&app, &[&holder.name, &one.name, &other.name]).await.expect("groups");
    let states: Vec<_> = answered.iter().map(state).collect();
    assert_eq!(states, [Cancelled, Cancelled, Active]);
    assert!(answered.iter().all(|group| group.companions.is_empty()));

    app.clock.advance(Duration::days(31));
    assert_eq!(state(&self::group(&app, &other.name).await), Expired);
}

#[tokio::test]
async fn a_batch_of_no_name_or_too_many_or_wrong_ones_is_refused_with_all_that_is_wrong() {
    let app = App::new().await;
    let too_many = vec![NOBODY; 101];
    let wrong = [NOBODY, "", "registrations/7"];
    let table: [(&[&str], &[&str]); 3] = [
        (&[], &["registrations LENGTH"]),
        (&too_many, &["registrations LENGTH"]),
        (&wrong, &["registrations[1] REQUIRED", "registrations[2] FORMAT"]),
    ];
    for (names, expected) in table {
        assert_eq!(groups(&app, names).await.expect_err("refused").broken, expected);
    }
}
