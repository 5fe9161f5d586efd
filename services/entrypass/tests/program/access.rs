//! Who may call, as the configuration says: told by `explain`, refused at start where it cannot be, and held to by processes that call each
//! other.

use entrypass_proto::{
    gateway::v1::{CheckDocumentRequest, entry_pass_service_client::EntryPassServiceClient},
    registration::v1::{
        Document, DocumentType, GetNoticeRequest, registration_service_client::RegistrationServiceClient,
    },
};
use entrypass_rpc::Transport;
use entrypass_testkit::{Program, Refusal};
use tonic::{Code, Request, Status};

use crate::Place;

/// A kiosk that may use the public API, and the services that call each other.
const CALLERS: &str = "
[[callers]]
name = 'kiosk'
identity = 'spiffe://city.example/kiosk'
rpcs = ['!entrypass.gateway.v1.EntryPassService/Watch*', 'entrypass.gateway.v1.EntryPassService/*']
purposes = ['SELF_SERVICE']

[[callers]]
name = 'gateway'
identity = 'spiffe://city.example/gateway'
rpcs = ['entrypass.registration.v1.RegistrationService/*', 'entrypass.qr.v1.QrService/*', 'entrypass.epass.v1.EpassService/*']
speaks_for_others = true

[[callers]]
name = 'qr'
identity = 'spiffe://city.example/qr'
rpcs = ['entrypass.registration.v1.RegistrationService/*']
speaks_for_others = true
";
const CHECK: &str = "entrypass.gateway.v1.EntryPassService/CheckDocument";

#[test]
fn explain_tells_which_rule_decides_and_ends_by_it() {
    let place = Place::new().configured(CALLERS);
    let told = place.told(&format!("explain --caller kiosk --rpc {CHECK}"));
    assert_eq!(
        told,
        [
            "caller:        kiosk (spiffe://city.example/kiosk)",
            "rpc:           entrypass.gateway.v1.EntryPassService/CheckDocument",
            "decision:      allowed, by rule 2 of the caller, \"entrypass.gateway.v1.EntryPassService/*\"",
            "personal data: masked",
            "holder proof:  required",
            "purpose:       must be one of SELF_SERVICE",
            "limits:        500 requests a second (1000 at once), 200 calls in flight, 16 streams",
        ]
    );
    for (caller, rpc, expected) in [
        (
            "spiffe://city.example/kiosk",
            "entrypass.gateway.v1.EntryPassService/WatchRegistrations",
            "rule 1 of the caller",
        ),
        ("kiosk", "entrypass.qr.v1.QrService/IssueQrCodes", "none of the caller's rules"),
        ("stranger", CHECK, "the list of callers"),
    ] {
        let output =
            place.command(&format!("explain --caller {caller} --rpc {rpc}")).output().expect("the program");
        let told = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("decision:      refused, by ") && told.contains(expected), "{told}");
    }
    let told = place.refusal("explain --caller kiosk --rpc entrypass.gateway.v1.EntryPassService/GetPass");
    assert!(told.starts_with("no RPC is called entrypass.gateway.v1.EntryPassService/GetPass"), "{told}");
    let told = Place::new().told(&format!("explain --caller kiosk --rpc {CHECK}"));
    assert!(told[0].starts_with("decision:      allowed, by the absence of [[callers]]"), "{told:?}");
    // 2 says that a call is refused, which a slip of the keyboard must not say.
    assert_eq!(place.command("explain --caller kiosk").output().expect("the program").status.code(), Some(1));
}

#[test]
fn a_list_that_cannot_be_used_stops_the_start() {
    let table = [
        (
            "rpcs = ['entrypass.gateway.v1.EntryPassService/Fetch*']",
            "callers[1] (desk): rpcs: \"entrypass.gateway.v1.EntryPassService/Fetch*\" matches no RPC",
        ),
        (
            "rpcs = []\npurposes = ['HOLIDAY']",
            "callers[1] (desk): purposes: \"HOLIDAY\" does not stand in access.purposes",
        ),
        ("rpcs = []\nin_flight = 0", "callers[1] (desk): in_flight must be 1 to 1000000"),
        (
            "rpcs = []\n[access]\nhealth = ['probe']",
            "access.health names \"probe\", and no caller is called so",
        ),
        ("rpcs = []\n[limits]\nin_flight = 0", "limits.in_flight must be 1 to 1000000"),
    ];
    for (lines, expected) in table {
        let place =
            Place::new().configured(&format!("[[callers]]\nname = 'desk'\nidentity = 'desk'\n{lines}"));
        assert_eq!(place.refusal("serve --listen 127.0.0.1:0"), expected);
        assert!(!place.path("data").exists(), "nothing was made");
    }
}

/// The processes of a system, and the way to its gateway and to its registration service.
struct Apart {
    gateway: Transport,
    registration: Transport,
    _running: ([Program; 4], Place),
}

impl Apart {
    async fn start(settings: &str) -> Self {
        let place = Place::new().configured(settings);
        let registration = serve(&place, "registration").await;
        let place = place.with("ENTRYPASS_REGISTRATION_ADDRESS", &uri(&registration));
        let (qr, epass) = (serve(&place, "qr").await, serve(&place, "epass").await);
        let place =
            place.with("ENTRYPASS_QR_ADDRESS", &uri(&qr)).with("ENTRYPASS_EPASS_ADDRESS", &uri(&epass));
        let gateway = serve(&place, "gateway").await;
        Self {
            gateway: transport(&gateway),
            registration: transport(&registration),
            _running: ([registration, qr, epass, gateway], place),
        }
    }
}

async fn serve(place: &Place, role: &str) -> Program {
    let command = place.command(&format!("serve --listen 127.0.0.1:0 --role {role} --data-dir data-{role}"));
    Program::start(command).await.expect("it serves")
}

fn uri(program: &Program) -> String {
    format!("http://{}", program.address())
}

fn transport(program: &Program) -> Transport {
    Transport::remote(&uri(program).parse().expect("an address"))
}

fn request<T>(message: T, metadata: &[(&'static str, &'static str)]) -> Request<T> {
    let mut request = Request::new(message);
    for (name, value) in metadata {
        request.metadata_mut().insert(*name, value.parse().expect("a value"));
    }
    request
}

async fn check(gateway: &Transport, metadata: &[(&'static str, &'static str)]) -> Result<(), Status> {
    let document = Document {
        r#type: DocumentType::Passport.into(),
        number: "X0000001".to_owned(),
        issuing_state: "GBR".to_owned(),
    };
    let request = request(CheckDocumentRequest { document: Some(document) }, metadata);
    EntryPassServiceClient::new(gateway.clone()).check_document(request).await.map(|_| ())
}

#[track_caller]
fn assert_refused(answer: Result<(), Status>, reason: &str, caller: &str) {
    let refusal = Refusal::from(answer.expect_err(reason));
    assert_eq!(refusal.is(), (Code::PermissionDenied, reason));
    assert_eq!(refusal.fact("caller"), caller);
}

#[tokio::test]
async fn processes_hold_callers_to_the_list_and_know_each_other() {
    let system = Apart::start(CALLERS).await;
    let kiosk = [("entrypass-caller", "kiosk"), ("entrypass-purpose", "SELF_SERVICE")];
    check(&system.gateway, &kiosk).await.expect("the kiosk may, and the gateway may ask for it");
    assert_refused(check(&system.gateway, &kiosk[..1]).await, "PURPOSE_REQUIRED", "kiosk");
    assert_refused(check(&system.gateway, &[]).await, "UNKNOWN_CALLER", "anonymous");
    assert_refused(
        check(&system.gateway, &[("entrypass-caller", "gateway")]).await,
        "RPC_NOT_ALLOWED",
        "gateway",
    );
    let behind = request(GetNoticeRequest {}, &kiosk);
    let behind = RegistrationServiceClient::new(system.registration.clone()).get_notice(behind).await;
    assert_refused(behind.map(|_| ()), "RPC_NOT_ALLOWED", "kiosk");
}

#[tokio::test]
async fn a_gateway_that_is_not_listed_behind_itself_can_ask_for_nobody() {
    let (kiosk_only, _) =
        CALLERS.split_at(CALLERS.find("[[callers]]\nname = 'gateway'").expect("it stands there"));
    let system = Apart::start(kiosk_only).await;
    let kiosk = [("entrypass-caller", "kiosk"), ("entrypass-purpose", "SELF_SERVICE")];
    assert_refused(check(&system.gateway, &kiosk).await, "UNKNOWN_CALLER", "gateway");
}
