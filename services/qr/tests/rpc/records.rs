//! The records that verifications leave.

use std::{collections::BTreeSet, sync::Arc};

use entrypass_ambient::Clock as _;
use entrypass_proto::{
    qr::v1::{self as pb, Verdict, count_verifications_request::GroupBy},
    registration::v1::RegistrationState,
};
use entrypass_rpc::timestamp;
use entrypass_testkit::{Refusal, eventually};
use prost::Message as _;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use time::Duration;
use tokio::task::JoinSet;
use tonic::Request;

use crate::harness::{App, KEEP_VERIFICATIONS};

async fn page(
    app: &App,
    filter: pb::VerificationFilter,
    page_size: i32,
    page_token: &str,
) -> Result<pb::ListVerificationsResponse, Refusal> {
    let page_token = page_token.to_owned();
    let request = pb::ListVerificationsRequest { filter: Some(filter), page_size, page_token };
    Ok(app.client().list_verifications(request).await?.into_inner())
}

/// At most 100 records, newest first.
async fn records(app: &App, filter: pb::VerificationFilter) -> Vec<pb::Verification> {
    page(app, filter, 100, "").await.expect("a page").verifications
}

async fn all(app: &App) -> Vec<pb::Verification> {
    records(app, pb::VerificationFilter::default()).await
}

fn scan(content: &str, checkpoint: &str, request_id: &str) -> pb::VerifyQrCodeRequest {
    pb::VerifyQrCodeRequest {
        content: content.to_owned(),
        checkpoint: checkpoint.to_owned(),
        request_id: request_id.to_owned(),
    }
}

async fn verify(app: &App, scan: pb::VerifyQrCodeRequest) -> pb::VerifyQrCodeResponse {
    app.client().verify_qr_code(scan).await.expect("a decision").into_inner()
}

async fn counts(app: &App, filter: pb::VerificationFilter, by: GroupBy) -> Vec<pb::VerificationCount> {
    let request = pb::CountVerificationsRequest { filter: Some(filter), group_by: by.into() };
    let answer = app.client().count_verifications(request).await.expect("counts").into_inner();
    assert!(!answer.truncated);
    answer.counts
}

#[tokio::test]
async fn a_record_says_where_when_what_was_decided_on_which_code_and_who_asked() {
    let app = App::new().await;
    let code = app.code(1, 1).await;
    let mut request = Request::new(scan(&code.content, "nanhai/gate-3", ""));
    request.metadata_mut().insert("entrypass-caller", "checkpoint-app".parse().expect("a name"));
    let decision = app.client().verify_qr_code(request).await.expect("a decision").into_inner();
    let expected = pb::Verification {
        name: decision.verification.clone(),
        verify_time: Some(timestamp(app.clock.now())),
        checkpoint: "nanhai/gate-3".to_owned(),
        verdict: Verdict::Valid.into(),
        code_id: code.code_id,
        caller: "checkpoint-app".to_owned(),
    };
    assert!(decision.verification.starts_with("verifications/"));
    assert_eq!(all(&app).await, [expected]);
    let shown = decision.encode_to_vec();
    let record = all(&app).await.remove(0).encode_to_vec();
    for personal in ["王", "11****", "registrations/"] {
        let has = |bytes: &[u8]| bytes.windows(personal.len()).any(|part| part == personal.as_bytes());
        assert!(has(&shown) && !has(&record), "{personal}");
    }

    app.clock.advance(Duration::SECOND);
    let elsewhere = app.another("elsewhere.hex").await.code(1, 1).await;
    for text in ["HELLO", &elsewhere.content] {
        verify(&app, scan(text, "", "")).await;
    }
    let found: Vec<_> = all(&app).await.into_iter().map(|one| (one.verdict(), one.code_id)).collect();
    let unsigned: BTreeSet<_> =
        found[..2].iter().map(|(verdict, id)| (verdict.as_str_name(), &**id)).collect();
    assert_eq!(unsigned, BTreeSet::from([("VERDICT_MALFORMED", ""), ("VERDICT_UNKNOWN_KEY", "")]));
    assert_eq!(found[2].0, Verdict::Valid, "the newest come first");
}

#[tokio::test]
async fn a_repetition_is_decided_anew_and_leaves_a_second_record_only_of_another_verdict() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    let first = verify(&app, scan(&content, "gate", "r-1")).await;
    let same = verify(&app, scan(&content, "gate", "r-1")).await;
    assert_eq!(first.verification, same.verification);
    app.registered(1, 2, RegistrationState::Active);
    app.clock.advance(Duration::SECOND);
    let again = verify(&app, scan(&content, "gate", "r-1")).await;
    assert_eq!((first.verdict(), again.verdict()), (Verdict::Valid, Verdict::Superseded));
    let kept: Vec<_> = all(&app).await.into_iter().map(|one| (one.name, one.verdict)).collect();
    assert_eq!(kept, [(again.verification, again.verdict), (first.verification, first.verdict)]);

    // Another text, another caller, and no request_id at all: each is a scan of its own.
    verify(&app, scan("HELLO", "gate", "r-1")).await;
    let mut of_another = Request::new(scan(&content, "gate", "r-1"));
    of_another.metadata_mut().insert("entrypass-caller", "somebody-else".parse().expect("a name"));
    app.client().verify_qr_code(of_another).await.expect("a decision");
    for _ in 0..2 {
        verify(&app, scan(&content, "gate", "")).await;
    }
    assert_eq!(all(&app).await.len(), 6);
}

#[tokio::test]
async fn each_text_of_a_batch_has_a_record_and_a_repeated_batch_no_more() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    let request = pb::VerifyQrCodesRequest {
        contents: vec![content.clone(), "HELLO".to_owned(), content],
        checkpoint: "gate".to_owned(),
        request_id: "batch-1".to_owned(),
    };
    for _ in 0..2 {
        let answer = app.client().verify_qr_codes(request.clone()).await.expect("decisions").into_inner();
        let names: BTreeSet<_> = answer.decisions.into_iter().map(|one| one.verification).collect();
        let kept: BTreeSet<_> = all(&app).await.into_iter().map(|one| one.name).collect();
        assert_eq!((names.len(), names), (3, kept));
    }
}

#[tokio::test]
async fn records_are_found_by_checkpoint_code_verdict_and_time_and_counted_so() {
    let app = App::new().await;
    let start = app.clock.now();
    let code = app.code(1, 1).await;
    // The clock stands at 02:00; two hours, three checkpoints, one of them unnamed.
    let scans = [
        (0, &*code.content, "a", Verdict::Valid),
        (10, &*code.content, "b", Verdict::Valid),
        (14, "HELLO", "a", Verdict::Malformed),
        (50, &*code.content, "a", Verdict::Expired),
        (61, "HELLO", "", Verdict::Malformed),
    ];
    for (minute, content, checkpoint, verdict) in scans {
        app.clock.advance(start + Duration::minutes(minute) - app.clock.now());
        assert_eq!(verify(&app, scan(content, checkpoint, "")).await.verdict(), verdict);
    }
    let at = |minute| Some(timestamp(start + Duration::minutes(minute)));
    let any = pb::VerificationFilter::default;
    let table = [
        (any(), vec![61, 50, 14, 10, 0]),
        (pb::VerificationFilter { checkpoint: "a".to_owned(), ..any() }, vec![50, 14, 0]),
        (pb::VerificationFilter { code_id: code.code_id.clone(), ..any() }, vec![50, 10, 0]),
        (pb::VerificationFilter { verdict: Verdict::Malformed.into(), ..any() }, vec![61, 14]),
        (pb::VerificationFilter { start_time: at(14), ..any() }, vec![61, 50, 14]),
        (pb::VerificationFilter { end_time: at(14), ..any() }, vec![10, 0]),
        (pb::VerificationFilter { start_time: at(10), end_time: at(50), ..any() }, vec![14, 10]),
        (
            pb::VerificationFilter {
                checkpoint: "a".to_owned(),
                code_id: code.code_id.clone(),
                verdict: Verdict::Valid.into(),
                ..any()
            },
            vec![0],
        ),
        (pb::VerificationFilter { checkpoint: "c".to_owned(), ..any() }, vec![]),
    ];
    for (filter, expected) in table {
        let found: Vec<_> =
            records(&app, filter.clone()).await.into_iter().map(|one| one.verify_time).collect();
        assert_eq!(found, expected.iter().map(|minute| at(*minute)).collect::<Vec<_>>(), "{filter:?}");
        let counted: i64 = counts(&app, filter, GroupBy::Unspecified).await.iter().map(|one| one.count).sum();
        assert_eq!(usize::try_from(counted), Ok(expected.len()));
    }

    let by_verdict = counts(&app, any(), GroupBy::Unspecified).await;
    let by_verdict: Vec<_> = by_verdict.iter().map(|one| (one.verdict(), one.count)).collect();
    assert_eq!(by_verdict, [(Verdict::Expired, 1), (Verdict::Malformed, 2), (Verdict::Valid, 2)]);
    let by_checkpoint = counts(&app, any(), GroupBy::Checkpoint).await;
    let by_checkpoint: Vec<_> =
        by_checkpoint.iter().map(|one| (&*one.checkpoint, one.verdict(), one.count)).collect();
    let expected = [
        ("", Verdict::Malformed, 1),
        ("a", Verdict::Expired, 1),
        ("a", Verdict::Malformed, 1),
        ("a", Verdict::Valid, 1),
        ("b", Verdict::Valid, 1),
    ];
    assert_eq!(by_checkpoint, expected);
    let by_hour = counts(&app, any(), GroupBy::Hour).await;
    let by_hour: Vec<_> = by_hour.iter().map(|one| (one.hour_start_time, one.verdict(), one.count)).collect();
    let expected = [
        (at(0), Verdict::Expired, 1),
        (at(0), Verdict::Malformed, 1),
        (at(0), Verdict::Valid, 2),
        (at(60), Verdict::Malformed, 1),
    ];
    assert_eq!(by_hour, expected);
}

#[tokio::test]
async fn pages_show_every_record_once_also_those_of_one_moment() {
    let app = App::new().await;
    for _ in 0..3 {
        let contents = vec!["HELLO".to_owned(); 7];
        let request = pb::VerifyQrCodesRequest { contents, ..Default::default() };
        app.client().verify_qr_codes(request).await.expect("decisions");
        app.clock.advance(Duration::SECOND);
    }
    let whole = all(&app).await;
    assert_eq!(whole.len(), 21);
    let filter = pb::VerificationFilter { verdict: Verdict::Malformed.into(), ..Default::default() };
    let (mut token, mut paged) = (String::new(), Vec::new());
    loop {
        let page = page(&app, filter.clone(), 5, &token).await.expect("a page");
        assert!((1..=5).contains(&page.verifications.len()));
        paged.extend(page.verifications);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, whole);
    let gone = page(&app, filter, 5, &"f".repeat(32)).await.expect("a page");
    assert_eq!(
        gone,
        pb::ListVerificationsResponse::default(),
        "what was forgotten had only older ones behind it"
    );
}

#[tokio::test]
async fn a_wrong_filter_is_refused_with_all_that_is_wrong() {
    let app = App::new().await;
    let beyond = Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 });
    let filter = pb::VerificationFilter {
        checkpoint: "gate 3".to_owned(),
        code_id: "7".to_owned(),
        verdict: 99,
        start_time: beyond,
        end_time: beyond,
    };
    let broken = [
        "filter.checkpoint FORMAT",
        "filter.code_id FORMAT",
        "filter.verdict UNKNOWN_VALUE",
        "filter.start_time OUT_OF_RANGE",
        "filter.end_time OUT_OF_RANGE",
    ];
    let refused = page(&app, filter.clone(), -1, "7").await.expect_err("wrong all over");
    assert_eq!(refused.broken[..5], broken);
    assert_eq!(refused.broken[5..], ["page_size OUT_OF_RANGE", "page_token BAD_PAGE_TOKEN"]);
    let request = pb::CountVerificationsRequest { filter: Some(filter), group_by: 9 };
    let refused = Refusal::from(app.client().count_verifications(request).await.expect_err("wrong"));
    assert_eq!(
        (&refused.broken[..5], &*refused.broken[5]),
        (&broken.map(str::to_owned)[..], "group_by UNKNOWN_VALUE")
    );
}

#[tokio::test]
async fn records_are_kept_as_long_as_configured() {
    let app = App::new().await;
    let contents = vec!["HELLO".to_owned(); 100];
    for _ in 0..11 {
        let request = pb::VerifyQrCodesRequest { contents: contents.clone(), ..Default::default() };
        app.client().verify_qr_codes(request).await.expect("decisions");
    }
    app.clock.advance(KEEP_VERIFICATIONS);
    let young = verify(&app, scan("HELLO", "", "")).await.verification;
    app.clock.advance(Duration::MICROSECOND);
    // Its job is done at the start, and two copies do it at once.
    let _copies = [app.again().await, app.again().await];
    let any = pb::VerificationFilter::default;
    eventually("the old ones are forgotten", async || {
        counts(&app, any(), GroupBy::Unspecified).await.iter().map(|one| one.count).sum::<i64>() == 1
    })
    .await;
    assert_eq!(all(&app).await[0].name, young);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_does_not_wait_long_for_its_record_which_comes_when_it_can() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    let others = app.other_connections().await;
    let held = others.begin().await.expect("a transaction, SQLite's only one that writes");
    if held.get_database_backend() == DbBackend::Postgres {
        held.execute_unprepared("LOCK TABLE verifications IN EXCLUSIVE MODE").await.expect("a lock");
    }
    let began = std::time::Instant::now();
    let decision = verify(&app, scan(&content, "gate", "")).await;
    assert_eq!((decision.verdict(), &*decision.verification), (Verdict::Valid, ""));
    assert!((900..2000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    // Not by an RPC: what reads waits for its own record, as long as it can.
    let query = Statement::from_string(held.get_database_backend(), "SELECT 1 FROM verifications");
    assert_eq!(others.reader().query_all_raw(query).await.expect("a query").len(), 0);
    held.rollback().await.expect("released");
    eventually("the record", async || all(&app).await.len() == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_many_verify_at_once_is_all_kept() {
    let app = Arc::new(App::new().await);
    let content = app.code(1, 1).await.content;
    let mut scans = JoinSet::new();
    for _ in 0..90 {
        let (app, content) = (Arc::clone(&app), content.clone());
        scans.spawn(async move { verify(&app, scan(&content, "gate", "")).await.verification });
    }
    let names: BTreeSet<_> = scans.join_all().await.into_iter().collect();
    let kept: BTreeSet<_> = all(&app).await.into_iter().map(|one| one.name).collect();
    assert_eq!((names.len(), names), (90, kept));
}
