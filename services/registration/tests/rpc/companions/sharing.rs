//! What travellers have in common, and is stated once.

use entrypass_proto::registration::v1 as pb;
use prost_types::FieldMask;
use tonic::Code;

use super::newcomer;
use crate::harness::{App, amendment, binding, form};

/// The form of somebody new of which the rest is shared.
fn own() -> pb::RegistrationForm {
    pb::RegistrationForm {
        surname: "SMITH".to_owned(),
        given_names: "JANE".to_owned(),
        sex: pb::Sex::Female.into(),
        birth_date: "1990-01-01".to_owned(),
        nationality: "GBR".to_owned(),
        ..Default::default()
    }
}

fn sharing(request: pb::BindCompanionRequest, paths: &[&str]) -> pb::BindCompanionRequest {
    let paths = paths.iter().map(|&path| path.to_owned()).collect();
    pb::BindCompanionRequest { shared_paths: Some(FieldMask { paths }), ..request }
}

const ALL_SHARED: [&str; 9] = [
    "entry",
    "travel_history",
    "destination",
    "stay_days",
    "purpose",
    "host",
    "domestic_contact",
    "emergency_contact",
    "mobile_phone",
];

#[tokio::test]
async fn what_travellers_have_in_common_is_stated_once_and_is_the_companions_own_from_then_on() {
    let app = App::new().await;
    let holder = app.register("X0000001").await;
    let holder = app.update(amendment(&holder, 9)).await.expect("amended");
    app.bind(sharing(newcomer(&holder, "X0000002", own()), &ALL_SHARED)).await.expect("bound");
    let bond = app.companions(&holder.name).await.remove(0);
    let get = || pb::GetRegistrationRequest { registration: bond.registration.clone(), ..Default::default() };
    let companion = app.client().get_registration(get()).await.expect("known").into_inner().registration;
    let companion = companion.expect("a registration");
    let expected = pb::RegistrationForm {
        stay_days: 9,
        ..pb::RegistrationForm {
            surname: "SMITH".to_owned(),
            given_names: "JANE".to_owned(),
            birth_date: "1990-01-01".to_owned(),
            ..form()
        }
    };
    assert_eq!(companion.form.as_ref(), Some(&expected), "as the holder's is now");
    app.update(amendment(&holder, 3)).await.expect("amended");
    let after = app.client().get_registration(get()).await.expect("known").into_inner().registration;
    assert_eq!(after, Some(companion), "it does not change with the holder's");
}

#[tokio::test]
async fn what_cannot_be_shared_is_told_with_everything_else() {
    let app = App::new().await;
    let holder = app.register("X0000001").await;
    let some = pb::RegistrationForm { stay_days: 3, ..own() };
    let paths = ["entry", "surname", "stay_days", "travel_history", "destination", "purpose", "mobile_phone"];
    let refused = app.bind(sharing(newcomer(&holder, "X0000002", some), &paths)).await.expect_err("wrong");
    let expected =
        ["shared_paths.paths[1] UNKNOWN_PATH", "form.stay_days EXCLUDED", "form.domestic_contact REQUIRED"];
    assert_eq!(refused.broken, expected);
    app.register("X0000003").await;
    let refused = app.bind(sharing(binding(&holder, "X0000003"), &["entry"])).await.expect_err("no form");
    assert_eq!(refused.broken, ["shared_paths EXCLUDED"]);
    let nobody =
        pb::Registration { name: format!("registrations/{}", uuid::Uuid::from_u128(7)), ..holder.clone() };
    let refused =
        app.bind(sharing(newcomer(&nobody, "X0000002", own()), &ALL_SHARED)).await.expect_err("nobody");
    assert_eq!(refused.is(), (Code::NotFound, "REGISTRATION_NOT_FOUND"));
    app.cancel(&holder).await.expect("cancelled");
    let refused =
        app.bind(sharing(newcomer(&holder, "X0000002", own()), &ALL_SHARED)).await.expect_err("ended");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "REGISTRATION_NOT_ACTIVE"));
}
