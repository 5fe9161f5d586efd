//! Answers that are streams: what the edge layer promises for their beginning holds to their end.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use entrypass_proto::errors::v1::ErrorReason;
use entrypass_rpc::{AnswerStream, EdgeLayer, Problem, Transport, answer_stream, serve};
use futures_util::{Stream, StreamExt as _, stream};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status, Streaming, service::Routes};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_client::HealthClient,
    health_server::{Health, HealthServer},
};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::{
    both_ways,
    probe::{Way, bind, remote},
};

both_ways!(
    a_stated_deadline_ends_a_stream,
    a_stopping_service_ends_its_streams_so_that_they_can_be_taken_up_again,
    a_panic_ends_one_stream_and_nothing_else,
    a_refusal_within_a_stream_is_in_the_callers_language,
    a_stream_that_is_over_ends_well,
);

/// Streams as its caller names them. The only service with a stream whose server is small: what it says of health means nothing here.
struct Streams {
    stopping: CancellationToken,
    /// How many messages were taken from all of them.
    taken: Arc<AtomicUsize>,
}

type Messages = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Problem>> + Send>>;

/// The stream `name`.
fn messages(name: &str) -> Messages {
    let message = || Ok(HealthCheckResponse::default());
    match name {
        "silent" => stream::pending().boxed(),
        "endless" => stream::repeat_with(message).boxed(),
        "every minute" => {
            let minute = move |()| async move {
                tokio::time::sleep(Duration::from_mins(1)).await;
                Some((message(), ()))
            };
            stream::unfold((), minute).boxed()
        }
        "panic" => stream::iter([message()])
            .chain(stream::once(async { panic!("440699198501010016 cannot be told") }))
            .boxed(),
        "refused" => stream::iter([message(), Err(Problem::new(ErrorReason::CursorOutOfRange))]).boxed(),
        _ => stream::iter([message(), message()]).boxed(),
    }
}

#[tonic::async_trait]
impl Health for Streams {
    async fn check(&self, _: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(HealthCheckResponse::default()))
    }

    type WatchStream = AnswerStream<HealthCheckResponse>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let taken = Arc::clone(&self.taken);
        let count = move |_: &_| {
            taken.fetch_add(1, Ordering::SeqCst);
        };
        answer_stream(request, &self.stopping, async |_, message: HealthCheckRequest| {
            Ok::<_, Problem>(messages(&message.service).inspect(count))
        })
        .await
    }
}

struct Reached {
    client: HealthClient<Transport>,
    stopping: CancellationToken,
    taken: Arc<AtomicUsize>,
}

impl Reached {
    async fn by(way: Way) -> Self {
        let stopping = CancellationToken::new();
        let taken = Arc::default();
        let streams = Streams { stopping: stopping.clone(), taken: Arc::clone(&taken) };
        let routes = Routes::new(HealthServer::new(streams));
        let edge = EdgeLayer::new(Uuid::nil);
        let transport = match way {
            Way::InProcess => Transport::local(routes, &edge),
            Way::Socket => {
                let (listener, address) = bind().await;
                tokio::spawn(serve(listener, routes, edge, std::future::pending()));
                remote(&[address])
            }
        };
        Self { client: HealthClient::new(transport), stopping, taken }
    }

    async fn open(&mut self, name: &str, timeout: Option<Duration>) -> Streaming<HealthCheckResponse> {
        let mut request = Request::new(HealthCheckRequest { service: name.to_owned() });
        request.metadata_mut().insert("accept-language", "zh-CN".parse().expect("a language"));
        if let Some(timeout) = timeout {
            request.set_timeout(timeout);
        }
        self.client.watch(request).await.expect("the beginning of a stream").into_inner()
    }

    async fn check(&mut self, timeout: Duration) -> Result<(), Status> {
        let mut request = Request::new(HealthCheckRequest::default());
        request.set_timeout(timeout);
        self.client.check(request).await.map(|_| ())
    }
}

/// How many messages come, and how the stream ends.
async fn to_the_end(stream: Streaming<HealthCheckResponse>) -> (usize, Option<Status>) {
    let messages: Vec<_> = stream.collect().await;
    let count = messages.iter().filter(|message| message.is_ok()).count();
    (count, messages.into_iter().find_map(Result::err))
}

fn told(status: Option<&Status>) -> (Code, String) {
    let status = status.expect("it ends with a status");
    (status.code(), status.get_details_error_info().expect("an ErrorInfo").reason)
}

async fn a_stated_deadline_ends_a_stream(way: Way) {
    let mut reached = Reached::by(way).await;
    for (name, silent) in [("silent", true), ("endless", false)] {
        let began = Instant::now();
        let stream = reached.open(name, Some(Duration::from_secs(1))).await;
        let (count, status) = to_the_end(stream).await;
        assert_eq!(told(status.as_ref()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned()), "{name}");
        assert!(began.elapsed() >= Duration::from_millis(980), "{name} was cut short: {:?}", began.elapsed());
        assert_eq!(count == 0, silent, "{name}");
    }
}

async fn a_stopping_service_ends_its_streams_so_that_they_can_be_taken_up_again(way: Way) {
    let mut reached = Reached::by(way).await;
    let open =
        [reached.open("silent", None).await, reached.open("silent", Some(Duration::from_mins(9))).await];
    reached.stopping.cancel();
    for stream in open {
        let (_, status) = to_the_end(stream).await;
        assert_eq!(told(status.as_ref()), (Code::Unavailable, "SHUTTING_DOWN".to_owned()));
        assert!(status.and_then(|status| status.get_details_retry_info()).is_some());
    }
}

async fn a_panic_ends_one_stream_and_nothing_else(way: Way) {
    let mut reached = Reached::by(way).await;
    let mut other = reached.open("endless", None).await;
    let (count, status) = to_the_end(reached.open("panic", None).await).await;
    assert_eq!((count, told(status.as_ref())), (1, (Code::Internal, "INTERNAL".to_owned())));
    let whole = format!("{status:?}");
    assert!(!whole.contains("440699198501010016"), "{whole}");
    other.next().await.expect("a message").expect("of a stream that goes on");
}

async fn a_refusal_within_a_stream_is_in_the_callers_language(way: Way) {
    let mut reached = Reached::by(way).await;
    let (count, status) = to_the_end(reached.open("refused", None).await).await;
    assert_eq!((count, told(status.as_ref())), (1, (Code::OutOfRange, "CURSOR_OUT_OF_RANGE".to_owned())));
    let text = status.and_then(|status| status.get_details_localized_message()).expect("a LocalizedMessage");
    assert_eq!(text.locale, "zh-CN");
}

async fn a_stream_that_is_over_ends_well(way: Way) {
    let mut reached = Reached::by(way).await;
    let (count, status) = to_the_end(reached.open("two", Some(Duration::from_mins(1))).await).await;
    assert_eq!(count, 2);
    assert!(status.is_none(), "{status:?}");
}

/// Those who read nothing fill their own windows, and together far more than the 5 MiB that a connection's would be by default.
#[tokio::test]
async fn streams_that_nobody_reads_hold_up_no_call_beside_them() {
    const STALLED: usize = 90;
    /// A message takes the 5 bytes in front of every message; a stream's window is 64 KiB, less one byte.
    const FILLS_A_WINDOW: usize = 0xffff / 5;
    let mut reached = Reached::by(Way::Socket).await;
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        let opened = tokio::time::timeout(Duration::from_secs(5), reached.open("endless", None));
        stalled.push(opened.await.expect("it begins beside the others"));
    }
    let began = Instant::now();
    while reached.taken.load(Ordering::SeqCst) < STALLED * FILLS_A_WINDOW {
        reached.check(Duration::from_secs(5)).await.expect("an answer while they fill");
        assert!(began.elapsed() < Duration::from_secs(30), "they do not fill");
    }
    reached.check(Duration::from_secs(5)).await.expect("an answer beside them");
    let mut another = reached.open("two", Some(Duration::from_secs(5))).await;
    another.next().await.expect("a message").expect("of a stream beside them");
    for stream in &mut stalled {
        stream.next().await.expect("a message").expect("of a stream that goes on");
    }
}

/// In process there is no socket to wait for, so that the clock can be a test's own.
#[tokio::test(start_paused = true)]
async fn a_stream_without_a_deadline_lives_on_and_a_long_deadline_is_kept() {
    let mut reached = Reached::by(Way::InProcess).await;
    let began = tokio::time::Instant::now();
    let messages: Vec<_> = reached.open("every minute", None).await.take(10).collect().await;
    assert!(messages.iter().all(Result::is_ok), "{messages:?}");
    assert!(began.elapsed() >= Duration::from_mins(10), "longer than any unary call: {:?}", began.elapsed());

    let began = tokio::time::Instant::now();
    let mut request = Request::new(HealthCheckRequest { service: "every minute".to_owned() });
    // The deadline is told by the machine's clock, which stood still for those ten minutes.
    request.set_timeout(Duration::from_mins(10 + 3) + Duration::from_secs(30));
    let stream = reached.client.watch(request).await.expect("the beginning of a stream").into_inner();
    let (count, status) = to_the_end(stream).await;
    assert_eq!((count, told(status.as_ref())), (3, (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned())));
    assert!(began.elapsed() >= Duration::from_mins(3), "{:?}", began.elapsed());
}
