//! The change feed as the gateway hands it through.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use entrypass_access::{AccessSettings, CallerLimits, CallerSettings, Callers};
use entrypass_gateway::{Deps, routes};
use entrypass_proto::{
    errors::v1::ErrorReason,
    gateway::v1::{self as pb, entry_pass_service_client::EntryPassServiceClient},
    registration::v1::{
        RegistrationChange, WatchRegistrationsRequest, WatchRegistrationsResponse,
        registration_service_server::SERVICE_NAME, watch_registrations_request::Start,
    },
};
use entrypass_rpc::{
    AnswerStream, Call, EdgeLayer, Guard, HolderProof, Identification, PersonalData, Problem, Transport,
    rpc_names, serve,
};
use entrypass_testkit::Refusal;
use futures_util::{
    StreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use prost_types::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{
    Code, Request, Response, Status, Streaming, body::Body, server::ServerStreamingService, service::Routes,
};
use uuid::Uuid;

/// A registration service of which nothing but the feed is there.
#[derive(Clone, Default)]
struct Feed(Arc<Told>);

#[derive(Default)]
struct Told {
    answers: Mutex<Vec<Result<WatchRegistrationsResponse, Status>>>,
    /// Whether there is more after the answers: nothing, or answers without end.
    then: Then,
    asked: Mutex<Vec<(WatchRegistrationsRequest, Call)>>,
    taken: AtomicUsize,
}

#[derive(Debug, Default, Clone, Copy)]
enum Then {
    #[default]
    Silence,
    More,
}

impl Feed {
    fn telling(
        answers: impl IntoIterator<Item = Result<WatchRegistrationsResponse, Status>>,
        then: Then,
    ) -> Self {
        let told = Told { answers: Mutex::new(answers.into_iter().collect()), then, ..Told::default() };
        Self(Arc::new(told))
    }

    fn stream(&self) -> AnswerStream<WatchRegistrationsResponse> {
        let answers = stream::iter(std::mem::take(&mut *locked(&self.0.answers)));
        let more: BoxStream<'_, _> = match self.0.then {
            Then::Silence => stream::pending().boxed(),
            Then::More => stream::repeat_with(|| Ok(checkpoint(7))).boxed(),
        };
        let told = Arc::clone(&self.0);
        let count = move |_: &_| {
            told.taken.fetch_add(1, Ordering::SeqCst);
        };
        answers.chain(more).inspect(count).boxed()
    }
}

impl tower::Service<http::Request<Body>> for Feed {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let feed = self.clone();
        let mut grpc = tonic::server::Grpc::new(tonic_prost::ProstCodec::default());
        Box::pin(async move { Ok(grpc.server_streaming(feed, request).await) })
    }
}

impl tonic::server::NamedService for Feed {
    const NAME: &'static str = SERVICE_NAME;
}

impl ServerStreamingService<WatchRegistrationsRequest> for Feed {
    type Response = WatchRegistrationsResponse;
    type ResponseStream = AnswerStream<WatchRegistrationsResponse>;
    type Future = BoxFuture<'static, Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<WatchRegistrationsRequest>) -> Self::Future {
        let call = Call::of(&request);
        locked(&self.0.asked).push((request.into_inner(), call));
        let stream = self.stream();
        Box::pin(async move { Ok(Response::new(stream)) })
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn edge() -> EdgeLayer {
    EdgeLayer::new(|| Uuid::from_u128(1))
}

/// A gateway in front of `registration`, in process; nobody else is there.
fn gateway(registration: Transport, stopping: &CancellationToken) -> EntryPassServiceClient<Transport> {
    gateway_behind(&edge(), registration, stopping)
}

fn gateway_behind(
    guarded: &EdgeLayer,
    registration: Transport,
    stopping: &CancellationToken,
) -> EntryPassServiceClient<Transport> {
    let nobody = || Transport::local(Routes::default(), &edge());
    let deps = Deps { registration, qr: nobody(), epass: nobody(), stopping: stopping.clone() };
    EntryPassServiceClient::new(Transport::local(routes(deps), guarded))
}

fn beside(feed: &Feed) -> EntryPassServiceClient<Transport> {
    gateway(Transport::local(Routes::new(feed.clone()), &edge()), &CancellationToken::new())
}

async fn watch(
    mut client: EntryPassServiceClient<Transport>,
    request: impl tonic::IntoRequest<pb::WatchRegistrationsRequest>,
) -> Streaming<pb::WatchRegistrationsResponse> {
    client.watch_registrations(request).await.expect("the beginning of a stream").into_inner()
}

fn cursor(number: usize) -> String {
    format!("{number:032x}")
}

fn as_of(number: usize) -> Option<Timestamp> {
    Some(Timestamp { seconds: i64::try_from(number).ok()?, nanos: 5 })
}

fn checkpoint(number: usize) -> WatchRegistrationsResponse {
    WatchRegistrationsResponse { changes: Vec::new(), cursor: cursor(number), as_of_time: as_of(number) }
}

fn batch(number: usize) -> WatchRegistrationsResponse {
    let change = RegistrationChange {
        registration: format!("registrations/{}", Uuid::from_u128(0xa000)),
        revision: 3,
        cursor: cursor(number),
        ..RegistrationChange::default()
    };
    WatchRegistrationsResponse { changes: vec![change], cursor: cursor(number), as_of_time: None }
}

/// How `stream` ends.
async fn end(mut stream: Streaming<pb::WatchRegistrationsResponse>) -> Refusal {
    loop {
        match stream.next().await.expect("an end with a status") {
            Ok(_) => {}
            Err(status) => return status.into(),
        }
    }
}

#[tokio::test]
async fn changes_come_as_they_were_told() {
    let told = [batch(1), batch(2), checkpoint(2), batch(5)];
    let feed = Feed::telling(told.clone().map(Ok), Then::Silence);
    let asked = pb::WatchRegistrationsRequest { cursor: cursor(0), start: Start::Unspecified.into() };
    let came: Vec<_> = watch(beside(&feed), asked).await.take(told.len()).collect().await;
    for (came, told) in came.into_iter().zip(told) {
        let came = came.expect("an answer");
        assert_eq!(
            (came.changes, came.cursor, came.as_of_time),
            (told.changes, told.cursor, told.as_of_time)
        );
    }
    let asked = pb::WatchRegistrationsRequest { cursor: String::new(), start: Start::Oldest.into() };
    watch(beside(&feed), asked).await;
    let asked: Vec<_> = locked(&feed.0.asked).iter().map(|(asked, _)| asked.clone()).collect();
    let expected = [(cursor(0), Start::Unspecified), (String::new(), Start::Oldest)]
        .map(|(cursor, start)| WatchRegistrationsRequest { cursor, start: start.into() });
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn only_a_deadline_that_was_stated_ends_the_stream() {
    let feed = Feed::default();
    let began = Instant::now();
    let mut request = Request::new(pb::WatchRegistrationsRequest::default());
    request.set_timeout(Duration::from_millis(200));
    assert_eq!(
        end(watch(beside(&feed), request).await).await.is(),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED")
    );
    assert!(began.elapsed() >= Duration::from_millis(180), "{:?}", began.elapsed());

    watch(beside(&feed), pb::WatchRegistrationsRequest::default()).await;
    let stated: Vec<_> =
        locked(&feed.0.asked).iter().map(|(_, call)| call.stated_deadline().is_some()).collect();
    assert_eq!(stated, [true, false], "the neighbour is told of the caller's deadline, and of no other");
}

#[tokio::test]
async fn a_slow_watcher_is_waited_for_and_not_stored_up_for() {
    let feed = Feed::telling([], Then::More);
    let mut stream = watch(beside(&feed), pb::WatchRegistrationsRequest::default()).await;
    let mut most = 0;
    for _ in 0..3 {
        stream.next().await.expect("an answer").expect("an answer");
        // Whatever would run ahead has its time to do so.
        for _ in 0..10_000 {
            tokio::task::yield_now().await;
        }
        most = feed.0.taken.load(Ordering::SeqCst);
    }
    // Two hops, each of which encodes 32 KiB at a time at most: some thousand checkpoints.
    assert!(most < 5000, "{most} were taken for 3");
}

#[tokio::test]
async fn a_feed_that_ends_is_told_so_that_the_watcher_knows_how_to_go_on() {
    let of_catalogue = |reason| Problem::new(reason).to_status(&Call::of(&Request::new(())));
    let table = [
        (Status::unavailable("gone"), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE")),
        (Status::new(Code::Unknown, "transport error"), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE")),
        (of_catalogue(ErrorReason::ShuttingDown), (Code::Unavailable, "SHUTTING_DOWN")),
        (of_catalogue(ErrorReason::CursorOutOfRange), (Code::OutOfRange, "CURSOR_OUT_OF_RANGE")),
        (Status::data_loss("broken"), (Code::Internal, "INTERNAL")),
    ];
    for (status, expected) in table {
        let feed = Feed::telling([Ok(batch(1)), Err(status)], Then::Silence);
        let refusal = end(watch(beside(&feed), pb::WatchRegistrationsRequest::default()).await).await;
        assert_eq!(refusal.is(), expected);
        assert_eq!(refusal.retry_after.is_some(), expected.0 == Code::Unavailable);
    }
}

#[tokio::test]
async fn a_registration_service_that_is_killed_breaks_the_stream_resumably() {
    let feed = Feed::telling([Ok(batch(1))], Then::Silence);
    // A runtime of its own, which ends as a process does: with its connections.
    let process = tokio::runtime::Runtime::new().expect("a runtime");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port").into_std().expect("a socket");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let routes = Routes::new(feed);
    process.spawn(async move {
        let listener = TcpListener::from_std(listener).expect("a listener");
        serve(listener, routes, edge(), std::future::pending()).await
    });
    let registration = Transport::remote(&address.parse().expect("an address"));
    let client = gateway(registration, &CancellationToken::new());
    let mut stream = watch(client.clone(), pb::WatchRegistrationsRequest::default()).await;
    stream.next().await.expect("an answer").expect("the batch");
    process.shutdown_background();
    let refusal = end(stream).await;
    assert_eq!(refusal.is(), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE"));
    assert_eq!(refusal.fact("service"), "registration");
    assert!(refusal.retry_after.is_some());

    let again = client.clone().watch_registrations(pb::WatchRegistrationsRequest::default()).await;
    let refusal = Refusal::from(again.expect_err("nobody listens"));
    assert_eq!(refusal.is(), (Code::Unavailable, "NEIGHBOUR_UNAVAILABLE"));
}

#[tokio::test]
async fn a_gateway_that_stops_ends_its_streams() {
    let feed = Feed::default();
    let stopping = CancellationToken::new();
    let client = gateway(Transport::local(Routes::new(feed), &edge()), &stopping);
    let stream = watch(client, pb::WatchRegistrationsRequest::default()).await;
    stopping.cancel();
    let refusal = end(stream).await;
    assert_eq!(refusal.is(), (Code::Unavailable, "SHUTTING_DOWN"));
    assert!(refusal.retry_after.is_some());
}

#[tokio::test]
async fn what_the_first_caller_is_shown_is_told_to_the_registration_service() {
    let full = |personal_data| CallerSettings {
        personal_data,
        purposes: vec!["REVIEW".to_owned()],
        ..caller("desk", "entrypass.gateway.v1.EntryPassService/*")
    };
    let ours = CallerSettings {
        speaks_for_others: true,
        ..caller("gateway", "entrypass.registration.v1.RegistrationService/*")
    };
    for personal_data in [PersonalData::Full, PersonalData::Masked] {
        for here in [true, false] {
            let feed = Feed::default();
            let registration = Routes::new(feed.clone());
            let registration = if here {
                Transport::local(registration, &EdgeLayer::inside("gateway", || Uuid::from_u128(1)))
            } else {
                elsewhere(registration, edge().guarded_by(listing(ours.clone()))).await.spoken_by("gateway")
            };
            let guarded = edge().guarded_by(listing(full(personal_data)));
            let client = gateway_behind(&guarded, registration, &CancellationToken::new());
            let mut request = Request::new(pb::WatchRegistrationsRequest::default());
            for (name, value) in [
                ("entrypass-caller", "desk"),
                ("entrypass-purpose", "REVIEW"),
                ("entrypass-personal-data", "full"),
            ] {
                request.metadata_mut().insert(name, value.parse().expect("a value"));
            }
            let _open = watch(client, request).await;
            let (_, call) = locked(&feed.0.asked).pop().expect("asked");
            assert_eq!((call.caller().as_str(), call.peer().as_str()), ("desk", "gateway"));
            assert_eq!((call.personal_data(), call.holder_proof()), (personal_data, HolderProof::Waived));
            assert_eq!(call.purpose(), Some("REVIEW"));
        }
    }
}

fn caller(name: &str, rpcs: &str) -> CallerSettings {
    CallerSettings {
        name: name.to_owned(),
        identity: name.to_owned(),
        rpcs: vec![rpcs.to_owned()],
        personal_data: PersonalData::Masked,
        holder_proof: HolderProof::Waived,
        purposes: Vec::new(),
        must_state_purpose: None,
        speaks_for_others: false,
        requests_per_second: None,
        burst: None,
        in_flight: None,
        streams: None,
    }
}

fn listing(caller: CallerSettings) -> Guard {
    let usual = CallerLimits { requests_per_second: 100, burst: 100, in_flight: 100, streams: 100 };
    let callers = Callers::new(&[caller], &AccessSettings::default(), usual, rpc_names());
    Guard::listing(callers.expect("a list"), Identification::Claim, 100)
}

/// The way over a socket to `routes`.
async fn elsewhere(routes: Routes, edge: EdgeLayer) -> Transport {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(serve(listener, routes, edge, std::future::pending()));
    Transport::remote(&format!("http://{address}").parse().expect("an address"))
}
