//! Who is let in at which door: every RPC of every service, also directly behind the gateway, by callers that may not; and by certificates
//! that prove nothing.

use entrypass::role::Role;
use entrypass_e2e::{Mode, System, TRUST_DOMAIN, Traveller};
use entrypass_proto::gateway::v1 as pb;
use entrypass_testkit::{Authority, Certificate, Refusal, self_signed};
use time::macros::datetime;
use tonic::{Code, Request};

use crate::{methods, raw};

/// A kiosk that may read the notice and entry passes, masked; and a checkpoint with nothing to do but verify.
const CALLERS: &str = r#"
[[callers]]
name = "kiosk"
identity = "spiffe://entrypass.test/kiosk"
rpcs = ["entrypass.gateway.v1.EntryPassService/GetNotice", "entrypass.gateway.v1.EntryPassService/GetEntryPass"]

[[callers]]
name = "checkpoint"
identity = "spiffe://entrypass.test/checkpoint"
rpcs = ["entrypass.gateway.v1.EntryPassService/VerifyQrCode"]
"#;

/// What a caller says of itself that is not so.
const CLAIMS: [(&str, &str); 5] = [
    ("entrypass-caller", "test"),
    ("entrypass-personal-data", "full"),
    ("entrypass-holder-proof", "waived"),
    ("entrypass-purpose", "SUPPORT"),
    ("x-forwarded-client-cert", "URI=spiffe://entrypass.test/test"),
];

fn named(system: &System, name: &str) -> Certificate {
    system.authority().certificate(&[&format!("{TRUST_DOMAIN}/{name}")])
}

/// Every RPC, tried by whoever is called `name`; gives how many were refused for `reason`, each with the caller's own name.
async fn refused_everywhere(system: &System, name: &str, reason: &str, except: &[&str]) -> usize {
    let certificate = named(system, name);
    let mut refused = 0;
    for method in methods::all().iter().filter(|method| !except.iter().any(|may| method.path.ends_with(may)))
    {
        let way = system.way_with(method.role, &certificate);
        let answer = raw::call(&way, &method.path, &CLAIMS, raw::framed(&[])).await;
        let refusal = Refusal::from(answer.expect_err(&method.path));
        assert_eq!(refusal.is(), (Code::PermissionDenied, reason), "{name} calls {}", method.path);
        assert!(refusal.fact("caller").ends_with(name), "{refusal:?}");
        assert_eq!(refusal.fact("rpc"), method.path.trim_start_matches('/'));
        refused += 1;
    }
    refused
}

#[tokio::test]
async fn nobody_calls_what_they_may_not_at_any_door() {
    let system = System::configured(Mode::Sockets, CALLERS).await;
    let all = methods::all().len();
    let kiosk = ["EntryPassService/GetNotice", "EntryPassService/GetEntryPass"];
    assert_eq!(refused_everywhere(&system, "kiosk", "RPC_NOT_ALLOWED", &kiosk).await, all - 2);
    let checkpoint = ["EntryPassService/VerifyQrCode"];
    assert_eq!(refused_everywhere(&system, "checkpoint", "RPC_NOT_ALLOWED", &checkpoint).await, all - 1);
    assert_eq!(refused_everywhere(&system, "stranger", "UNKNOWN_CALLER", &[]).await, all);
    // Our own services, taken over: each reaches those it needs, and the public API none.
    let needed =
        [("qr", Role::Registration), ("epass", Role::Registration), ("registration", Role::Identity)];
    for (service, needs) in needed {
        let own: Vec<_> = methods::all().into_iter().filter(|method| method.role == needs).collect();
        let own: Vec<_> = own.iter().map(|method| method.path.as_str()).collect();
        let refused = refused_everywhere(&system, service, "RPC_NOT_ALLOWED", &own).await;
        assert_eq!(refused, all - own.len(), "{service}");
    }
    assert_eq!(refused_everywhere(&system, "identity", "UNKNOWN_CALLER", &[]).await, all);
}

#[tokio::test]
async fn certificates_that_prove_nothing_reach_no_service() {
    let system = System::configured(Mode::Sockets, CALLERS).await;
    let (ours, other) = (system.authority(), Authority::new("other"));
    let test = format!("{TRUST_DOMAIN}/test");
    let test = [test.as_str()];
    let (long_ago, far_off) = (datetime!(2021-01-01 00:00 UTC), datetime!(2030-01-01 00:00 UTC));
    let yesterday = datetime!(2026-11-22 00:00 UTC);
    let tomorrow = datetime!(2026-11-24 00:00 UTC);
    let bad = [
        ("expired", long_ago, ours.certificate_for(&test, datetime!(2020-01-01 00:00 UTC), yesterday)),
        ("not valid yet", far_off, ours.certificate_for(&test, tomorrow, datetime!(2099-01-01 00:00 UTC))),
        ("self-signed", long_ago, self_signed(&test)),
        ("of another authority", long_ago, other.certificate(&test)),
        ("of another authority of our name", long_ago, Authority::new("city").certificate(&test)),
    ];
    for method in methods::all() {
        for (what, now, certificate) in &bad {
            // By their own clock all is well.
            let way = system.way_at(method.role, certificate, *now);
            let answer = raw::call(&way, &method.path, &CLAIMS, raw::framed(&[])).await;
            assert_eq!(answer.expect_err(what).code(), Code::Unavailable, "{what}: {}", method.path);
        }
    }
    let names: [&[&str]; 5] = [
        &["test"],
        &["spiffe://entrypass.test/test/"],
        &["spiffe://entrypass.test.example/test"],
        &["spiffe://other.test/test"],
        &[],
    ];
    for names in names {
        for role in Role::ALL {
            let way = system.way_with(role, &ours.certificate(names));
            let notice = format!("/{}/GetNotice", role.service_name());
            let answer =
                raw::call(&way, &notice, &CLAIMS, raw::framed(&[])).await.expect_err("nobody we know");
            assert_eq!(Refusal::from(answer).is(), (Code::PermissionDenied, "UNKNOWN_CALLER"), "{names:?}");
        }
    }
}

#[tokio::test]
async fn a_caller_is_shown_what_its_certificate_allows_whatever_it_claims() {
    let system = System::configured(Mode::Sockets, CALLERS).await;
    let wang = Traveller::wang();
    let whole = wang.register(&system, "wang").await.expect("registered").registration.expect("one");
    let kiosk = system.called_with(&named(&system, "kiosk"));
    let mut request = Request::new(pb::GetEntryPassRequest {
        document: Some(wang.document.clone()),
        holder_name: wang.name(),
        ..Default::default()
    });
    for (name, value) in CLAIMS.into_iter().filter(|(name, _)| *name != "entrypass-purpose") {
        request.metadata_mut().insert(name, value.parse().expect("a value"));
    }
    let pass = kiosk.pass.clone().get_entry_pass(request).await.expect("its own to read").into_inner();
    let shown = pass.entry_pass.expect("an entry pass").registration.expect("a registration");
    assert_eq!((&shown.name, &shown.etag), (&whole.name, &whole.etag));
    let form = shown.form.expect("what is left of it");
    assert_eq!((form.chinese_name.as_str(), form.mobile_phone.as_str()), ("王*", "*0001"));
    assert_eq!(form.destination.expect("the district").address, "");
    assert_eq!(shown.document.expect("masked").number, whole.masked_number);
    // It claims that the proof is waived.
    let mut request =
        Request::new(pb::GetEntryPassRequest { document: Some(wang.document), ..Default::default() });
    request.metadata_mut().insert("entrypass-holder-proof", "waived".parse().expect("a value"));
    let refused = kiosk.pass.clone().get_entry_pass(request).await.expect_err("a proof");
    assert_eq!(Refusal::from(refused).broken, ["holder_name REQUIRED"]);
    let mut request = Request::new(pb::GetNoticeRequest {});
    request.metadata_mut().insert("entrypass-purpose", "SUPPORT".parse().expect("a value"));
    let refused = kiosk.pass.clone().get_notice(request).await.expect_err("not its purpose");
    assert_eq!(Refusal::from(refused).is(), (Code::PermissionDenied, "PURPOSE_NOT_ALLOWED"));
}
