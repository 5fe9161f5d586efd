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

use crate::harness::{App, insistent};

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
async fn all_that_the_rows_say_makes_the_request() {
    let app = App::new().await;
    let ends = |row, days| pb::ExternalPass {
        expire_time: Some(timestamp(app.clock.now() + Duration::days(days))),
        ..row
    };
    let good = ends(row(&app, "440699198501010016", "NH-1"), 1);
    let over = ends(row(&app, "440699199006150024", "NH-2"), -1);
    let slip = row(&app, WRONG_CHECK_CHARACTER, "NH-3");
    let broken = row(&app, "44069919850101069X", " NH-4");
    let list = vec![good.clone(), over.clone(), slip.clone(), broken.clone()];
    let first = record(&app, "list", list.clone()).await.expect("answered");
    assert_eq!(outcomes(&first), [Outcome::Recorded, Outcome::Refused, Outcome::Refused, Outcome::Refused]);

    let others = [
        (0, ends(good, 2)),
        (1, ends(over, -2)),
        (1, row(&app, "440699199006150024", "NH-2")),
        (2, row(&app, WRONG_CHECK_CHARACTER, "NH-33")),
        (2, row(&app, "440699199006150024", "NH-3")),
        (3, row(&app, "44069919850101069X", " NH-44")),
    ];
    for (place, other) in others {
        let mut another = list.clone();
        another[place] = other;
        let refused = record(&app, "list", another).await.expect_err("another list");
        assert_eq!(refused.is(), (Code::InvalidArgument, "REQUEST_ID_REUSED"), "{place}");
    }
    // And the same list is the same, also when the pass that it brought is over. Nothing is forgotten meanwhile.
    app.stopped().await;
    app.clock.advance(Duration::days(2));
    assert_eq!(record(&app, "list", list).await, Ok(first));
    assert_eq!(app.count("passes").await, 1);
}

#[tokio::test]
async fn a_list_prolongs_what_lasts_longer_in_it() {
    use Outcome::{Known, Prolonged, Refused};
    let app = App::new().await;
    let ends = |card, number, days| pb::ExternalPass {
        expire_time: Some(timestamp(app.clock.now() + Duration::days(days))),
        ..row(&app, card, number)
    };
    let (wang, li) = ("440699198501010016", "440699199006150024");
    let list = vec![ends(wang, "NH-1", 30), ends(li, "NH-2", 30)];
    let first = record(&app, "first", list).await.expect("answered");
    // Before its end, and once in a list however often it stands there.
    let list = vec![ends(wang, "NH-1", 60), ends(wang, "NH-1", 60), ends(li, "NH-2", 10)];
    let second = record(&app, "second", list).await.expect("answered");
    assert_eq!(outcomes(&second), [Prolonged, Known, Known]);
    assert!(second[..2].iter().all(|result| result.electronic_pass == first[0].electronic_pass));
    // After it; and where another lives by then.
    app.clock.advance(Duration::days(61));
    app.record(app.external_pass("other", li)).await.expect("NH-2 has ended");
    let list = vec![ends(wang, "NH-1", 30), ends(li, "NH-2", 30)];
    let third = record(&app, "third", list).await.expect("answered");
    assert_eq!(outcomes(&third), [Prolonged, Refused]);
    assert_eq!(refusal(&third[1]), (ErrorReason::ElectronicPassExists, "TRAVELLER", vec![]));
    app.meddle("UPDATE passes SET state = 'REVOKED' WHERE pass_number = 'NH-1'").await;
    let fourth = record(&app, "fourth", vec![ends(wang, "NH-1", 90)]).await.expect("answered");
    assert_eq!(refusal(&fourth[0]), (ErrorReason::IllegalPassTransition, "REVOKED", vec![]));
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

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_meet_at_several_copies_record_each_pass_once() {
    let app = App::new().await;
    let copies = [app.again().await, app.again().await];
    let rows: Vec<_> = ["440699198501010016", "440699199006150024", "44069919850101069X"]
        .iter()
        .enumerate()
        .map(|(place, number)| row(&app, number, &format!("NH-{place}")))
        .collect();
    let lists = (0..8).map(|list: usize| {
        let (copy, mut rows) = (&copies[list % 2], rows.clone());
        rows.rotate_left(list % 3);
        insistent(async move || record(copy, &format!("list-{list}"), rows.clone()).await)
    });
    let results = futures_util::future::join_all(lists).await;
    let results: Vec<_> = results.into_iter().flat_map(|list| list.expect("answered")).collect();
    let recorded = results.iter().filter(|it| it.outcome() == Outcome::Recorded).count();
    assert_eq!((recorded, app.count("passes").await), (3, 3));
    assert!(results.iter().all(|it| it.outcome() != Outcome::Refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_passes_for_one_person_at_two_copies_at_once_one_is_recorded() {
    let app = App::new().await;
    let copies = [app.again().await, app.again().await];
    for round in 0..4 {
        let (at, card) = (&copies, format!("44069919850101{round:04}"));
        let passes = (0..4).map(|number: usize| {
            let request = app.external_pass(&format!("{round}-{number}"), &card);
            insistent(async move || at[number % 2].record(request.clone()).await)
        });
        let (kept, refused): (Vec<_>, Vec<_>) =
            futures_util::future::join_all(passes).await.into_iter().partition(Result::is_ok);
        assert_eq!((kept.len(), app.count("passes").await), (1, round + 1));
        for refusal in refused.into_iter().filter_map(Result::err) {
            assert_eq!(refusal.is(), (Code::AlreadyExists, "ELECTRONIC_PASS_EXISTS"));
            assert_eq!(refusal.fact("conflict"), "TRAVELLER");
        }
    }
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
