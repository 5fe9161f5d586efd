//! Who is let in at a guarded listener, and as whom.

use std::{collections::BTreeMap, time::Duration};

use entrypass_access::{AccessSettings, CallerLimits, CallerSettings, Callers, Peer, Who};
use entrypass_proto::qr::v1::{
    ListVerificationKeysRequest, RevokeQrCodesRequest, qr_service_client::QrServiceClient,
    qr_service_server::QrServiceServer,
};
use entrypass_rpc::{EdgeLayer, Guard, HolderProof, Identification, PersonalData, Transport, rpc_names};
use tonic::{Code, Request, Status, body::Body, client::Grpc, service::Routes};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt as _;
use tower::{Layer as _, ServiceBuilder};
use uuid::Uuid;

use crate::{
    both_ways,
    probe::{Probe, Reached, Way},
};

both_ways!(
    who_may_not_is_refused_with_their_own_name_and_reaches_nobody,
    a_purpose_is_stated_where_it_must_be,
    who_speaks_for_others_is_believed_and_nobody_else,
    what_a_caller_is_shown_travels_to_the_last_hop,
);

const KEYS: &str = "entrypass.qr.v1.QrService/ListVerificationKeys";

/// A caller with nothing unusual about it.
pub fn caller(name: &str) -> CallerSettings {
    CallerSettings {
        name: name.to_owned(),
        identity: format!("spiffe://city.example/{name}"),
        rpcs: vec!["entrypass.qr.v1.QrService/*".to_owned()],
        personal_data: PersonalData::Masked,
        holder_proof: HolderProof::Required,
        purposes: Vec::new(),
        must_state_purpose: None,
        speaks_for_others: false,
        requests_per_second: None,
        burst: None,
        in_flight: None,
        streams: None,
    }
}

/// A service of ours.
fn gateway() -> CallerSettings {
    CallerSettings { speaks_for_others: true, ..caller("gateway") }
}

/// A guard with this list, which takes up to `in_flight` calls at once.
pub fn listing(
    callers: &[CallerSettings],
    access: &AccessSettings,
    identification: Identification,
    in_flight: u32,
) -> Guard {
    let usual = CallerLimits { requests_per_second: 10_000, burst: 10_000, in_flight: 100, streams: 100 };
    let callers = Callers::new(callers, access, usual, rpc_names()).expect("a list");
    Guard::listing(callers, identification, in_flight)
}

fn claimed(callers: &[CallerSettings]) -> Guard {
    listing(callers, &AccessSettings::default(), Identification::Claim, 1000)
}

/// A request with this metadata, which ends soon.
pub fn request<T>(message: T, metadata: &[(&'static str, &str)]) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(Duration::from_secs(20));
    for (name, value) in metadata {
        request.metadata_mut().insert(*name, value.parse().expect("a value"));
    }
    request
}

pub async fn keys(reached: &Reached, metadata: &[(&'static str, &str)]) -> Result<(), Status> {
    let request = request(ListVerificationKeysRequest {}, metadata);
    reached.client.clone().list_verification_keys(request).await.map(|_| ())
}

/// Code, reason and facts of a refusal.
pub fn told(status: &Status) -> (Code, String, BTreeMap<String, String>) {
    let info = status.get_details_error_info().expect("every refusal of ours has an ErrorInfo");
    assert_eq!(info.domain, "entrypass");
    (status.code(), info.reason, info.metadata.into_iter().collect())
}

#[track_caller]
fn assert_refused(answer: Result<(), Status>, reason: &str, caller: &str) {
    let (code, actual, facts) = told(&answer.expect_err(reason));
    assert_eq!((code, actual.as_str()), (Code::PermissionDenied, reason));
    assert_eq!((facts["caller"].as_str(), facts["rpc"].as_str()), (caller, KEYS));
}

async fn who_may_not_is_refused_with_their_own_name_and_reaches_nobody(way: Way) {
    let reader =
        CallerSettings { rpcs: vec!["entrypass.qr.v1.QrService/Verify*".to_owned()], ..caller("reader") };
    let closed = CallerSettings {
        rpcs: vec![format!("!{KEYS}"), "entrypass.qr.v1.QrService/*".to_owned()],
        ..caller("closed")
    };
    let reached = Reached::behind(claimed(&[caller("kiosk"), reader, closed]), way).await;
    let refused = [
        (vec![], "UNKNOWN_CALLER", "anonymous"),
        (vec![("entrypass-caller", "nobody")], "UNKNOWN_CALLER", "nobody"),
        (vec![("entrypass-caller", "Kiosk")], "UNKNOWN_CALLER", "Kiosk"),
        (
            vec![("entrypass-caller", "spiffe://city.example/kiosk")],
            "UNKNOWN_CALLER",
            "spiffe://city.example/kiosk",
        ),
        (vec![("entrypass-caller", "reader")], "RPC_NOT_ALLOWED", "reader"),
        (vec![("entrypass-caller", "closed")], "RPC_NOT_ALLOWED", "closed"),
    ];
    for (metadata, reason, name) in refused {
        assert_refused(keys(&reached, &metadata).await, reason, name);
    }
    assert!(reached.probe.calls().is_empty(), "what is refused reaches no handler");
    keys(&reached, &[("entrypass-caller", "kiosk")]).await.expect("it may");
    let (_, call) = reached.probe.calls().pop().expect("one call");
    assert_eq!((call.method(), call.caller().as_str(), call.peer().as_str()), (KEYS, "kiosk", "kiosk"));
}

async fn a_purpose_is_stated_where_it_must_be(way: Way) {
    let must = CallerSettings { purposes: vec!["REVIEW".to_owned()], ..caller("must") };
    let may = CallerSettings {
        must_state_purpose: Some(false),
        ..CallerSettings { name: "may".to_owned(), identity: "may".to_owned(), ..must.clone() }
    };
    let reached = Reached::behind(claimed(&[must, may, caller("none")]), way).await;
    let table = [
        ("must", None, Some("PURPOSE_REQUIRED")),
        ("must", Some("REVIEW"), None),
        ("must", Some("SUPPORT"), Some("PURPOSE_NOT_ALLOWED")),
        ("must", Some(""), Some("PURPOSE_NOT_ALLOWED")),
        ("may", None, None),
        ("may", Some("REVIEW"), None),
        ("may", Some("review"), Some("PURPOSE_NOT_ALLOWED")),
        ("none", None, None),
        ("none", Some("REVIEW"), Some("PURPOSE_NOT_ALLOWED")),
    ];
    for (name, purpose, refusal) in table {
        let stated = purpose.map(|purpose| ("entrypass-purpose", purpose));
        let metadata: Vec<_> = [("entrypass-caller", name)].into_iter().chain(stated).collect();
        let answer = keys(&reached, &metadata).await;
        if let Some(reason) = refusal {
            assert_refused(answer, reason, name);
            continue;
        }
        answer.expect(name);
        let (_, call) = reached.probe.calls().pop().expect("a call");
        assert_eq!((call.caller().as_str(), call.purpose()), (name, purpose));
    }
}

async fn who_speaks_for_others_is_believed_and_nobody_else(way: Way) {
    let kiosk = CallerSettings {
        purposes: vec!["REVIEW".to_owned()],
        must_state_purpose: Some(false),
        ..caller("kiosk")
    };
    let reached = Reached::behind(claimed(&[kiosk, gateway()]), way).await;
    let said = [
        ("entrypass-personal-data", "full"),
        ("entrypass-holder-proof", "waived"),
        ("entrypass-purpose", "REVIEW"),
    ];
    let relayed = [("entrypass-relay", "gateway"), ("entrypass-caller", "kiosk")];
    let itself = [("entrypass-caller", "kiosk")];
    let most = (PersonalData::Full, HolderProof::Waived);
    let least = (PersonalData::Masked, HolderProof::Required);
    let table = [
        ([relayed.as_slice(), &said].concat(), ("kiosk", "gateway"), most),
        (relayed.to_vec(), ("kiosk", "gateway"), least),
        (
            [relayed.as_slice(), &[("entrypass-personal-data", "FULL"), ("entrypass-holder-proof", "")]]
                .concat(),
            ("kiosk", "gateway"),
            least,
        ),
        ([itself.as_slice(), &said].concat(), ("kiosk", "kiosk"), least),
        // Nobody speaks for another because it says so.
        (
            [&[("entrypass-relay", "kiosk"), ("entrypass-caller", "gateway")], said.as_slice()].concat(),
            ("kiosk", "kiosk"),
            least,
        ),
        // For itself, a service of ours has what stands with it in the list.
        (
            vec![("entrypass-relay", "gateway"), ("entrypass-personal-data", "full")],
            ("gateway", "gateway"),
            least,
        ),
    ];
    for (metadata, who, shown) in table {
        keys(&reached, &metadata).await.expect("it may");
        let (_, call) = reached.probe.calls().pop().expect("a call");
        assert_eq!((call.caller().as_str(), call.peer().as_str()), who, "{metadata:?}");
        assert_eq!((call.personal_data(), call.holder_proof()), shown, "{metadata:?}");
    }
}

async fn what_a_caller_is_shown_travels_to_the_last_hop(way: Way) {
    let desk = CallerSettings {
        personal_data: PersonalData::Full,
        holder_proof: HolderProof::Waived,
        purposes: vec!["REVIEW".to_owned()],
        ..caller("desk")
    };
    let last = Reached::behind(claimed(&[gateway()]), way).await;
    let to_last = QrServiceClient::new(last.transport.clone().spoken_by("gateway"));
    let guard = claimed(&[caller("kiosk"), desk]);
    let first = Reached::between(EdgeLayer::new(Uuid::nil).guarded_by(guard), to_last, way).await;
    let most = (PersonalData::Full, HolderProof::Waived, Some("REVIEW"));
    let masked = (PersonalData::Masked, HolderProof::Required, None);
    let table = [("desk", vec![("entrypass-purpose", "REVIEW")], most), ("kiosk", vec![], masked)];
    for (name, stated, expected) in table {
        // What a caller claims beside its name goes no further than the first door.
        let claims = [
            ("entrypass-caller", name),
            ("entrypass-personal-data", "full"),
            ("entrypass-holder-proof", "waived"),
        ];
        let request = request(RevokeQrCodesRequest::default(), &[claims.as_slice(), &stated].concat());
        first.client.clone().revoke_qr_codes(request).await.expect("handed on");
        for (reached, peer) in [(&first, name), (&last, "gateway")] {
            let (_, call) = reached.probe.calls().pop().expect("a call");
            assert_eq!((call.caller().as_str(), call.peer().as_str()), (name, peer));
            assert_eq!((call.personal_data(), call.holder_proof(), call.purpose()), expected, "{name}");
        }
    }
}

#[tokio::test]
async fn a_certificate_says_who_calls_and_a_claim_does_not() {
    let probe = std::sync::Arc::new(Probe::default());
    let guard =
        listing(&[caller("kiosk"), gateway()], &AccessSettings::default(), Identification::Certificate, 10);
    let edge = EdgeLayer::new(Uuid::nil).guarded_by(guard);
    let ask = async |identities: &[&str]| {
        let peer =
            Peer { identities: identities.iter().map(|one| one.parse().expect("an identity")).collect() };
        let routes = Routes::new(QrServiceServer::from_arc(std::sync::Arc::clone(&probe)));
        let service = ServiceBuilder::new()
            .map_request(move |mut request: http::Request<Body>| {
                request.extensions_mut().insert(peer.clone());
                request
            })
            .service(edge.layer(routes.prepare()));
        let claims = [
            ("entrypass-caller", "desk"),
            ("entrypass-relay", "gateway"),
            ("entrypass-personal-data", "full"),
        ];
        let request = request(ListVerificationKeysRequest {}, &claims);
        QrServiceClient::new(service).list_verification_keys(request).await.map(|_| ())
    };
    let stranger = ["stranger.city.example", "spiffe://city.example/stranger"];
    assert_refused(ask(&stranger).await, "UNKNOWN_CALLER", "spiffe://city.example/stranger");
    assert_refused(ask(&[]).await, "UNKNOWN_CALLER", "a certificate without a usable name");
    let table = [
        ("kiosk", ("kiosk", "kiosk", PersonalData::Masked)),
        ("gateway", ("desk", "gateway", PersonalData::Full)),
    ];
    for (name, expected) in table {
        ask(&[&format!("spiffe://city.example/{name}")]).await.expect(name);
        let (_, call) = probe.calls().pop().expect("a call");
        assert_eq!((call.caller().as_str(), call.peer().as_str(), call.personal_data()), expected);
    }
}

#[tokio::test]
async fn without_a_certificate_on_the_connection_nobody_is_let_in() {
    let guard = listing(&[caller("kiosk")], &AccessSettings::default(), Identification::Certificate, 10);
    let reached = Reached::behind(guard, Way::Socket).await;
    let answer = keys(&reached, &[("entrypass-caller", "kiosk")]).await;
    assert_refused(answer, "UNKNOWN_CALLER", "a certificate without a usable name");
}

#[tokio::test]
async fn health_is_for_whom_it_is_open_to() {
    let only_probe =
        AccessSettings { health: Who::Named(vec!["probe".to_owned()]), ..AccessSettings::default() };
    let none = CallerSettings { rpcs: Vec::new(), ..caller("probe") };
    for (access, strangers_may) in [(AccessSettings::default(), true), (only_probe, false)] {
        let guard = listing(&[none.clone(), caller("kiosk")], &access, Identification::Claim, 10);
        let reached = Reached::behind(guard, Way::Socket).await;
        for (name, may) in [("probe", true), ("kiosk", strangers_may), ("nobody", strangers_may)] {
            let answer = health(reached.transport.clone(), name).await;
            assert_eq!(
                answer.as_ref().err().map(Status::code),
                (!may).then_some(Code::PermissionDenied),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn a_refusal_names_what_there_is_and_repeats_nothing_else() {
    let nobody =
        AccessSettings { health: Who::Named(vec![]), reflection: Who::Named(vec![]), ..Default::default() };
    let guard = listing(&[caller("kiosk")], &nobody, Identification::Claim, 10);
    let reached = Reached::behind(guard, Way::Socket).await;
    let reflection = |version| format!("grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
    let named = ["grpc.health.v1.Health/Check".to_owned(), "grpc.health.v1.Health/Watch".to_owned()];
    for rpc in named.into_iter().chain(["v1", "v1alpha"].map(reflection)) {
        assert_eq!(refused_rpc(&reached, &rpc).await, rpc);
    }
    for rpc in ["grpc.health.v1.Health/Passport-X0000001", "entrypass.qr.v1.QrService/X0000001", "X/0000001"]
    {
        assert_eq!(refused_rpc(&reached, rpc).await, "none of the contract");
    }
}

/// What the refusal of a call by nobody in particular says was called.
async fn refused_rpc(reached: &Reached, rpc: &str) -> String {
    let path = format!("/{rpc}").parse().expect("a path");
    let mut grpc = Grpc::new(reached.transport.clone());
    grpc.ready().await.expect("ready");
    let codec = ProstCodec::<HealthCheckRequest, HealthCheckRequest>::default();
    let status = grpc.unary(request(HealthCheckRequest::default(), &[]), path, codec).await;
    let (code, _, facts) = told(&status.expect_err("refused"));
    assert_eq!(code, Code::PermissionDenied);
    facts["rpc"].clone()
}

pub async fn health(transport: Transport, name: &str) -> Result<(), Status> {
    let request = request(HealthCheckRequest::default(), &[("entrypass-caller", name)]);
    HealthClient::new(transport).check(request).await.map(|_| ())
}
