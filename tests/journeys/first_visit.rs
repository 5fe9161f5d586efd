//! Guide, steps 1 to 4: check the document, read the notice, register, see information and code.

use entrypass_e2e::{Mode, System, Traveller};
use entrypass_proto::{
    gateway::v1 as pb,
    qr::v1::{ImageFormat, RevokeQrCodesRequest, Verdict, WithdrawalReason},
    registration::v1::{CheckOutcome, RegistrationState},
};
use entrypass_testkit::Refusal;
use tonic::{Code, Request};

journeys!(
    a_first_visit_goes_from_the_document_check_to_a_valid_code,
    the_notice_is_read_in_the_callers_language,
    a_stale_notice_is_refused_and_the_current_one_named,
    a_pass_opens_to_document_and_name_together_only,
    a_code_is_drawn_as_png_svg_and_terminal_text,
    revoked_codes_are_told_from_an_ended_registration,
);

async fn a_first_visit_goes_from_the_document_check_to_a_valid_code(mode: Mode) {
    let system = System::start(mode).await;
    let wang = Traveller::wang();

    let check = wang.check(&system).await;
    assert_eq!(check.outcome(), CheckOutcome::New);
    assert!(!check.prefill_available);
    let details = check.document.expect("details");
    assert_eq!((details.birth_date.as_str(), details.gat_code.as_str()), ("1985-01-01", "111"));
    assert_eq!(details.masked_number, "44**************16");

    let pass = wang.register(&system, "first-visit").await.expect("registered");
    let registration = pass.registration.clone().expect("a registration");
    assert_eq!(registration.state(), RegistrationState::Active);
    assert_eq!((registration.revision, registration.form_version), (1, 1));
    assert_eq!(registration.form, Some(wang.form.clone()));
    assert_eq!(registration.notice_version, system.notice_version().await);
    let code = pass.qr_code.expect("a code");
    assert!(code.content.starts_with("FSP1:") && code.content.len() <= 189);
    assert_eq!(system.verdict(&code.content).await, Verdict::Valid);
    assert!(pass.electronic_pass.expect("an offer").offered);

    assert_eq!(wang.check(&system).await.outcome(), CheckOutcome::Registered);
    let again = wang.entry_pass(&system).await.expect("shown");
    assert_eq!(again.registration, pass.registration);
    assert_eq!(again.qr_code.expect("a code").code_id, code.code_id, "one revision has one code id");
}

async fn the_notice_is_read_in_the_callers_language(mode: Mode) {
    let system = System::start(mode).await;
    let mut titles = Vec::new();
    for language in ["zh-CN", "en"] {
        let mut request = Request::new(pb::GetNoticeRequest {});
        request.metadata_mut().insert("accept-language", language.parse().expect("a language"));
        let answer = system.pass.clone().get_notice(request).await.expect("a notice").into_inner();
        let notice = answer.notice.expect("a notice");
        assert_eq!(notice.language, language);
        assert!(!notice.paragraphs.is_empty());
        titles.push(notice.title);
    }
    assert_eq!(titles[0], "入境人员通行证登记须知");
    assert_ne!(titles[0], titles[1]);
}

async fn a_stale_notice_is_refused_and_the_current_one_named(mode: Mode) {
    let system = System::start(mode).await;
    let stale = Traveller::wang().submission("stale", "2019-01-01");
    let status = system.pass.clone().submit_registration(stale).await.expect_err("stale");
    let refusal = Refusal::from(status);
    assert_eq!(refusal.is(), (Code::FailedPrecondition, "NOTICE_STALE"));
    assert_eq!(refusal.fact("current_notice_version"), system.notice_version().await);
    assert_eq!(Traveller::wang().check(&system).await.outcome(), CheckOutcome::New);
}

async fn a_pass_opens_to_document_and_name_together_only(mode: Mode) {
    let system = System::start(mode).await;
    let smith = Traveller::smith();
    smith.register(&system, "smith").await.expect("registered");
    smith.entry_pass(&system).await.expect("opens");

    let nobody = Traveller::passport("X0000002").entry_pass(&system).await.expect_err("nobody");
    let mut stranger = smith.clone();
    stranger.form.given_names = "ANNE MARY".to_owned();
    let wrong_name = stranger.entry_pass(&system).await.expect_err("a wrong name");
    assert_eq!(nobody.message(), wrong_name.message());
    assert_eq!(nobody.details(), wrong_name.details());
    let refusal = Refusal::from(wrong_name);
    assert_eq!(refusal.is(), (Code::NotFound, "HOLDER_NOT_FOUND"));
    assert_eq!(Refusal::from(nobody), refusal, "one answer for both");

    let no_name = pb::GetEntryPassRequest { document: Some(smith.document), ..Default::default() };
    let status = system.pass.clone().get_entry_pass(no_name).await.expect_err("a number alone");
    assert_eq!(Refusal::from(status).broken, ["holder_name REQUIRED"]);
}

async fn a_code_is_drawn_as_png_svg_and_terminal_text(mode: Mode) {
    let system = System::start(mode).await;
    let pass = Traveller::wang().register(&system, "wang").await.expect("registered");
    let registration = pass.registration.expect("a registration").name;
    let content = pass.qr_code.expect("a code").content;
    let by_content = |content: &str, format: ImageFormat| pb::RenderQrCodeRequest {
        content: content.to_owned(),
        format: format.into(),
        ..Default::default()
    };
    let draw =
        async |request| system.pass.clone().render_qr_code(request).await.map(tonic::Response::into_inner);

    let png = draw(by_content(&content, ImageFormat::Unspecified)).await.expect("a PNG");
    assert_eq!(png.media_type, "image/png");
    assert!(png.image.starts_with(b"\x89PNG"));
    let svg = draw(by_content(&content, ImageFormat::Svg)).await.expect("an SVG");
    assert!(svg.text.starts_with("<svg") && svg.image.is_empty());
    let terminal = draw(by_content(&content, ImageFormat::Terminal)).await.expect("text");
    assert!(terminal.text.lines().count() > 20);
    let fresh = pb::RenderQrCodeRequest { registration, ..Default::default() };
    assert!(draw(fresh).await.expect("a fresh one").image.starts_with(b"\x89PNG"));

    let forged = content.replace("FSP1:", "FSP1:0");
    for refused in [by_content(&forged, ImageFormat::Png), by_content("HELLO", ImageFormat::Png)] {
        let status = draw(refused).await.expect_err("not a code of ours");
        assert_eq!(Refusal::from(status).broken, ["content NOT_A_CODE"]);
    }
}

async fn revoked_codes_are_told_from_an_ended_registration(mode: Mode) {
    let system = System::start(mode).await;
    let wang = Traveller::wang();
    let pass = wang.register(&system, "wang").await.expect("registered");
    let registration = pass.registration.expect("one").name;
    let revoke = RevokeQrCodesRequest {
        request_id: "revoke".to_owned(),
        registration: registration.clone(),
        reason: WithdrawalReason::LostOrCopied.into(),
        ..RevokeQrCodesRequest::default()
    };
    system.qr.clone().revoke_qr_codes(revoke).await.expect("revoked");
    assert_eq!(system.verdict(&pass.qr_code.expect("a code").content).await, Verdict::Revoked);
    assert_eq!(wang.entry_pass(&system).await.expect("shown").qr_code, None);
    let draw = pb::RenderQrCodeRequest { registration, ..Default::default() };
    let status = system.pass.clone().render_qr_code(draw).await.expect_err("nothing to draw");
    assert_eq!(Refusal::from(status).is(), (Code::FailedPrecondition, "QR_CODE_REVOKED"));
}
