//! Callers and copies that prove who they are.

use std::{io::ErrorKind, net::SocketAddr, sync::Arc, time::Duration};

use entrypass_ambient::SystemClock;
use entrypass_proto::qr::v1::{ListVerificationKeysRequest, qr_service_client::QrServiceClient};
use entrypass_rpc::{Listener, Transport};
use entrypass_testkit::{Authority, Certificate, allow_many_files, eventually};
use entrypass_tls::{Minimum, Tls};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tonic::{Code, Request, Status};

use crate::probe::{Copy, bind, remote};

const CALLER: &[&str] = &["spiffe://city.example/kiosk", "kiosk.city.example"];
const SERVICE: &[&str] = &["spiffe://city.example/qr", "localhost", "127.0.0.1"];

struct End {
    tls: Tls,
    folder: TempDir,
}

impl End {
    fn new(certificate: &Certificate, trust: &Authority) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let files = certificate.write(folder.path(), &trust.pem());
        let tls = Tls::open(files, Minimum::Tls13, Arc::new(SystemClock)).expect("usable files");
        Self { tls, folder }
    }

    fn change(&self, certificate: &Certificate, trust: &Authority) {
        let _ = certificate.write(self.folder.path(), &trust.pem());
        assert!(self.tls.refresh().expect("usable"));
    }

    /// The way to the service at `host`, called as this end.
    fn way(&self, host: &str, address: SocketAddr) -> Transport {
        let address = format!("https://{host}:{}", address.port()).parse().expect("an address");
        Transport::remote_over_tls(&address, &self.tls)
    }
}

async fn serve(service: &End) -> Copy {
    let (listener, address) = bind().await;
    Copy::serve(Listener::from(listener).over_tls(service.tls.clone()), address, Arc::default())
}

async fn ask(way: &Transport) -> Result<(), Status> {
    let mut request = Request::new(ListVerificationKeysRequest {});
    request.set_timeout(Duration::from_secs(10));
    QrServiceClient::new(way.clone()).list_verification_keys(request).await.map(|_| ())
}

async fn code(way: &Transport) -> Code {
    ask(way).await.expect_err("refused").code()
}

#[tokio::test]
async fn a_service_learns_once_a_connection_whom_a_certificate_names() {
    let city = Authority::new("city");
    let (service, caller) =
        (End::new(&city.certificate(SERVICE), &city), End::new(&city.certificate(CALLER), &city));
    let copy = serve(&service).await;
    let way = caller.way("localhost", copy.address);
    for _ in 0..2 {
        ask(&way).await.expect("both are good");
    }
    // The caller has another certificate now, and still the old connection.
    caller.change(&city.certificate(&["operator.city.example"]), &city);
    ask(&way).await.expect("the connection goes on");
    ask(&caller.way("127.0.0.1", copy.address)).await.expect("a new connection");
    let found: Vec<Vec<String>> = copy
        .probe
        .peers()
        .iter()
        .map(|peer| peer.identities.iter().map(ToString::to_string).collect())
        .collect();
    let (kiosk, operator) = (CALLER, ["operator.city.example"].as_slice());
    assert_eq!(found, [kiosk, kiosk, kiosk, operator]);
}

#[tokio::test]
async fn without_tls_nobody_has_proven_anything() {
    let copy = Copy::start().await;
    ask(&remote(&[copy.address])).await.expect("an answer");
    assert!(copy.probe.peers().iter().all(|peer| peer.identities.is_empty()));
}

#[tokio::test]
async fn who_cannot_prove_who_they_are_is_unavailable_and_nothing_is_served() {
    let (city, other) = (Authority::new("city"), Authority::new("other"));
    let service = End::new(&city.certificate(SERVICE), &city);
    let copy = serve(&service).await;
    let caller = End::new(&city.certificate(CALLER), &city);
    let strangers = End::new(&other.certificate(CALLER), &city);
    let suspicious = End::new(&city.certificate(CALLER), &other);
    let table = [
        ("a caller of another authority", strangers.way("localhost", copy.address)),
        ("a service of another authority", suspicious.way("localhost", copy.address)),
        ("a service of another name", caller.way("127.0.0.2", copy.address)),
        ("a caller without TLS", remote(&[copy.address])),
        ("a caller without certificates", without_certificates(copy.address)),
    ];
    for (what, way) in table {
        assert_eq!(code(&way).await, Code::Unavailable, "{what}");
    }
    let plain = Copy::start().await;
    assert_eq!(
        code(&caller.way("localhost", plain.address)).await,
        Code::Unavailable,
        "a service without TLS"
    );
    assert!(copy.probe.calls().is_empty() && plain.probe.calls().is_empty());
    ask(&caller.way("localhost", copy.address)).await.expect("the others are served");
}

fn without_certificates(address: SocketAddr) -> Transport {
    Transport::remote(&format!("https://localhost:{}", address.port()).parse().expect("an address"))
}

#[tokio::test]
async fn an_authority_is_replaced_without_a_restart_and_without_a_failed_call() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let service = End::new(&old.certificate(SERVICE), &old);
    let copy = serve(&service).await;
    let (before, after) =
        (End::new(&old.certificate(CALLER), &old), End::new(&new.certificate(CALLER), &new));
    let open = before.way("localhost", copy.address);
    ask(&open).await.expect("trusted");
    assert_eq!(code(&after.way("localhost", copy.address)).await, Code::Unavailable);
    service.change(&new.certificate(SERVICE), &new);
    ask(&after.way("localhost", copy.address)).await.expect("trusted now");
    ask(&open).await.expect("an open connection goes on");
    assert_eq!(
        code(&before.way("localhost", copy.address)).await,
        Code::Unavailable,
        "and a new one is not made"
    );
}

#[tokio::test]
async fn whoever_never_proves_anything_stands_in_nobodys_way() {
    let city = Authority::new("city");
    let service = End::new(&city.certificate(SERVICE), &city);
    let copy = serve(&service).await;
    allow_many_files();
    // More than are let prove at once.
    let mut silent = Vec::new();
    for _ in 0..1100 {
        silent.push(TcpStream::connect(copy.address).await.expect("the system accepts"));
    }
    let caller = End::new(&city.certificate(CALLER), &city);
    ask(&caller.way("localhost", copy.address)).await.expect("served at once");
    // The first of them have made room.
    let first = silent.first().expect("the first");
    let is_closed = async || match first.try_read(&mut [0; 1]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    };
    eventually("the oldest is closed", is_closed).await;
}
