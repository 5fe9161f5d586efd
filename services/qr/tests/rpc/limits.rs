//! What is refused before anything is done, with every violation at once.

use entrypass_proto::qr::v1::{CodeSubject, ImageFormat, RenderQrCodeRequest};
use entrypass_testkit::Refusal;
use prost_types::Timestamp;
use tonic::Code;

use crate::harness::App;

#[tokio::test]
async fn one_to_32_codes_are_issued_at_once() {
    let app = App::new().await;
    for count in [0, 33] {
        let subjects = (0..count).map(|number| app.subject(number, 1)).collect();
        let refused = app.issue(subjects).await.expect_err("too few or too many");
        assert_eq!(refused.is(), (Code::InvalidArgument, "INVALID_FIELDS"));
        assert_eq!(refused.broken, ["subjects LENGTH"], "{count}");
    }
}

#[tokio::test]
async fn every_violation_of_every_subject_is_named_and_nothing_is_issued() {
    let app = App::new().await;
    let good = app.subject(1, 1);
    let with_revision = |revision| CodeSubject { revision, ..good.clone() };
    let named = |name: &str| CodeSubject { registration: name.to_owned(), ..good.clone() };
    let ending = |expire_time| CodeSubject { expire_time, ..good.clone() };
    let beyond_the_calendar = Timestamp { seconds: i64::MAX, nanos: 0 };
    let no_such_nanosecond = Timestamp { seconds: 1_800_000_000, nanos: 1_000_000_000 };
    let subjects = vec![
        good.clone(),
        with_revision(0),
        with_revision(-1),
        with_revision(65_536),
        named(""),
        named("registrations/7"),
        named(&format!("{}/companions", good.registration)),
        ending(None),
        ending(Some(beyond_the_calendar)),
        ending(Some(no_such_nanosecond)),
        CodeSubject::default(),
    ];
    let refused = app.issue(subjects).await.expect_err("wrong all over");
    let expected = [
        "subjects[1].revision OUT_OF_RANGE",
        "subjects[2].revision OUT_OF_RANGE",
        "subjects[3].revision OUT_OF_RANGE",
        "subjects[4].registration REQUIRED",
        "subjects[5].registration FORMAT",
        "subjects[6].registration FORMAT",
        "subjects[7].expire_time REQUIRED",
        "subjects[8].expire_time OUT_OF_RANGE",
        "subjects[9].expire_time OUT_OF_RANGE",
        "subjects[10].registration REQUIRED",
        "subjects[10].revision OUT_OF_RANGE",
        "subjects[10].expire_time REQUIRED",
    ];
    assert_eq!(refused.broken, expected);
    assert_eq!(app.revoke(good.registration).await, Ok(0), "not even the good one was issued");
}

#[tokio::test]
async fn the_last_revision_that_a_code_can_carry_is_issued() {
    let app = App::new().await;
    let code = app.code(1, 65_535).await;
    assert_eq!((code.revision, app.decision(&code.content).await.revision), (65_535, 65_535));
}

#[tokio::test]
async fn a_drawing_is_of_a_published_kind_and_size() {
    let app = App::new().await;
    let content = app.code(1, 1).await.content;
    let wrong =
        RenderQrCodeRequest { content: content.clone(), format: 9, error_correction: 9, module_size: 33 };
    let refused: Refusal = app.client().render_qr_code(wrong).await.expect_err("all wrong").into();
    let expected = ["format UNKNOWN_VALUE", "error_correction UNKNOWN_VALUE", "module_size OUT_OF_RANGE"];
    assert_eq!(refused.broken, expected);
    let (png, terminal) = (ImageFormat::Png, ImageFormat::Terminal);
    let table = [
        (png, -1, false),
        (png, 3, false),
        (png, 4, true),
        (png, 32, true),
        (terminal, -1, true),
        (terminal, 33, true),
    ];
    for (format, module_size, drawn) in table {
        let (format, content) = (format.into(), content.clone());
        let request = RenderQrCodeRequest { content, format, module_size, ..Default::default() };
        assert_eq!(app.client().render_qr_code(request).await.is_ok(), drawn, "{format} {module_size}");
    }
}
