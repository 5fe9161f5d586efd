//! Many passes of other channels at once.

use entrypass_ambient::Clock as _;
use entrypass_proto::{
    epass::v1::{self as pb, external_pass_result::Outcome},
    errors::v1::ErrorReason,
    registration::v1::DocumentType,
};
use entrypass_rpc::timestamp;
use entrypass_testkit::{Refusal, WRONG_CHECK_CHARACTER};
use time::Duration;
use tonic::Code;

use crate::harness::App;

/// The pass `pass_number` of the owner of the document `number`.
fn row(app: &App, number: &str, pass_number: &str) -> pb::ExternalPass {
    let pb::RecordExternalPassRequest { document, issuer, issue_time, .. } = app.external_pass("row", number);
    pb::ExternalPass { document, issuer, pass_number: pass_number.to_owned(), issue_time, expire_time: None }
}

async fn record(
    app: &App,
    request_id: &str,
    passes: Vec<pb::ExternalPass>,
) -> Result<Vec<pb::ExternalPassResult>, Refusal> {
    let request = pb::RecordExternalPassesRequest { request_id: request_id.to_owned(), passes };
    Ok(app.client().record_external_passes(request).await?.into_inner().results)
}

fn outcomes(results: &[pb::ExternalPassResult]) -> Vec<Outcome> {
    results.iter().map(pb::ExternalPassResult::outcome).collect()
}

/// The reason, the conflict, and the broken rules of a refusal.
fn refusal(result: &pb::ExternalPassResult) -> (ErrorReason, &str, Vec<String>) {
    let refusal = result.refusal.as_ref().expect("refused");
    assert!(!refusal.text.is_empty());
    let broken = refusal.violations.iter().map(|one| {
        assert!(!one.text.is_empty(), "{one:?}");
        format!("{} {}", one.field, one.reason().as_str_name().trim_start_matches("VIOLATION_REASON_"))
    });
    (refusal.reason(), refusal.conflict.as_str(), broken.collect())
}

#[tokio::test]
async fn each_row_is_recorded_or_refused_for_itself() {
    use Outcome::{Known, Recorded, Refused};
    let app = App::new().await;
    app.record(app.external_pass("before", "440699199006150024")).await.expect("recorded");
    let mut passport = row(&app, "X0000001", "NH-4");
    if let Some(document) = passport.document.as_mut() {
        document.r#type = DocumentType::Passport.into();
    }
    let over = pb::ExternalPass {
        expire_time: Some(timestamp(app.clock.now() - Duration::DAY)),
        ..row(&app, "440699198501010016", " NH-5")
    };
    let rows = vec![
        row(&app, "440699198501010016", "NH-1"),
        // The person has another pass; the number is another person's.
        row(&app, "440699199006150024", "NH-2"),
        row(&app, "44069919850101069X", "NH-1"),
        row(&app, WRONG_CHECK_CHARACTER, "NH-3"),
        passport,
        over,
        row(&app, "44069919850101069X", "NH-6"),
    ];
    let results = record(&app, "many", rows.clone()).await.expect("answered");
    let expected = [Recorded, Refused, Refused, Refused, Refused, Refused, Recorded];
    assert_eq!(outcomes(&results), expected);
    let exists = ErrorReason::ElectronicPassExists;
    assert_eq!(refusal(&results[1]), (exists, "TRAVELLER", vec![]));
    assert_eq!(refusal(&results[2]), (exists, "PASS_NUMBER", vec![]));
    for (place, broken) in [
        (3, vec!["passes[3].document.number DOCUMENT_NUMBER_CHECK_CHARACTER"]),
        (4, vec!["passes[4].document.type UNKNOWN_VALUE"]),
        (5, vec!["passes[5].pass_number CHARACTER", "passes[5].expire_time OUT_OF_RANGE"]),
    ] {
        let broken = broken.into_iter().map(str::to_owned).collect();
        assert_eq!(refusal(&results[place]), (ErrorReason::InvalidFields, "", broken));
    }
    assert_eq!(app.count("passes").await, 3);

    // The same request has the same answer; the same list in another request records nothing twice.
    assert_eq!(record(&app, "many", rows.clone()).await, Ok(results.clone()));
    let again = record(&app, "again", rows).await.expect("answered");
    assert_eq!(outcomes(&again), [Known, Refused, Refused, Refused, Refused, Refused, Known]);
    assert_eq!(again[0].electronic_pass, results[0].electronic_pass);
    assert_eq!(app.count("passes").await, 3);
}

#[tokio::test]
async fn a_row_that_stands_twice_is_recorded_once() {
    let app = App::new().await;
    let rows = vec![row(&app, "440699198501010016", "NH-1"), row(&app, "440699198501010016", "NH-1")];
    let results = record(&app, "many", rows).await.expect("answered");
    assert_eq!(outcomes(&results), [Outcome::Recorded, Outcome::Known]);
    assert_eq!(results[0].electronic_pass, results[1].electronic_pass);
}

#[tokio::test]
async fn lists_that_meet_record_each_pass_once() {
    let app = App::new().await;
    let rows: Vec<_> = ["440699198501010016", "440699199006150024", "44069919850101069X"]
        .iter()
        .enumerate()
        .map(|(place, number)| row(&app, number, &format!("NH-{place}")))
        .collect();
    let lists = (0..6).map(|list| {
        let (app, mut rows) = (&app, rows.clone());
        rows.rotate_left(list % 3);
        async move { record(app, &format!("list-{list}"), rows).await.expect("answered") }
    });
    let results = futures_util::future::join_all(lists).await;
    let recorded = results.iter().flatten().filter(|it| it.outcome() == Outcome::Recorded).count();
    assert_eq!((recorded, app.count("passes").await), (3, 3));
    assert!(results.iter().flatten().all(|it| it.outcome() != Outcome::Refused));
}

#[tokio::test]
async fn of_many_passes_for_one_person_at_once_one_is_recorded() {
    let app = App::new().await;
    let lists = (0..8).map(|number| {
        let app = &app;
        async move {
            let row = row(app, "440699198501010016", &format!("NH-{number}"));
            record(app, &format!("list-{number}"), vec![row]).await.expect("answered").remove(0)
        }
    });
    let results = futures_util::future::join_all(lists).await;
    let (recorded, refused): (Vec<_>, Vec<_>) =
        results.iter().partition(|result| result.outcome() == Outcome::Recorded);
    assert_eq!((recorded.len(), app.count("passes").await), (1, 1));
    for result in refused {
        assert_eq!(refusal(result), (ErrorReason::ElectronicPassExists, "TRAVELLER", vec![]));
    }
}

#[tokio::test]
async fn one_to_five_hundred_are_taken() {
    let app = App::new().await;
    for (rows, broken) in [(0, true), (501, true), (500, false)] {
        let rows = vec![row(&app, "440699198501010016", "NH-1"); rows];
        let answer = record(&app, &format!("rows-{}", rows.len()), rows).await;
        assert_eq!(answer.is_err(), broken);
        if let Err(refused) = answer {
            assert_eq!(refused.broken, ["passes LENGTH"]);
        }
    }
}

#[tokio::test]
async fn without_the_registration_service_nothing_is_recorded() {
    let app = App::alone().await;
    let refused =
        record(&app, "many", vec![row(&app, "440699198501010016", "NH-1")]).await.expect_err("down");
    assert_eq!(refused.is(), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE"));
    assert_eq!(app.count("passes").await, 0);
}
