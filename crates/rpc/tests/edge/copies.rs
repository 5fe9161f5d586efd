//! Several copies of a neighbour, and connections that cannot be made.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use entrypass_proto::qr::v1::{
    ListVerificationKeysRequest, qr_service_client::QrServiceClient, qr_service_server::SERVICE_NAME,
};
use entrypass_rpc::{Call, Listener, Neighbour, Transport, is_serving};
use futures_util::future::join_all;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tonic::{Code, Request, Status};

use crate::probe::{Copy, Vacant, bind, remote};

async fn call(transport: &Transport, timeout: Duration) -> Result<(), Status> {
    let mut request = Request::new(ListVerificationKeysRequest {});
    request.set_timeout(timeout);
    QrServiceClient::new(transport.clone()).list_verification_keys(request).await.map(|_| ())
}

async fn calls(transport: &Transport, count: usize) -> Vec<Result<(), Status>> {
    let mut answers = Vec::new();
    for _ in 0..count {
        answers.push(call(transport, Duration::from_secs(10)).await);
    }
    answers
}

/// Asks with retries, as services do.
async fn ask(transport: &Transport) -> Result<(), Status> {
    let neighbour = Neighbour::new(QrServiceClient::new(transport.clone()));
    let list =
        async |mut client: QrServiceClient<Transport>, request| client.list_verification_keys(request).await;
    neighbour.ask(&Call::of(&Request::new(())), ListVerificationKeysRequest {}, list).await.map(|_| ())
}

#[tokio::test]
async fn copies_are_called_in_turn() {
    let copies = [Copy::start().await, Copy::start().await, Copy::start().await];
    let transport = remote(&copies.each_ref().map(|copy| copy.address));
    assert!(calls(&transport, 12).await.iter().all(Result::is_ok));
    assert_eq!(copies.map(|copy| copy.probe.calls().len()), [4; 3]);
}

#[tokio::test]
async fn a_dead_copy_is_passed_over_after_its_first_failure() {
    let [alive, dead] = [Copy::start().await, Copy::start().await];
    let transport = remote(&[alive.address, dead.address]);
    assert!(calls(&transport, 2).await.iter().all(Result::is_ok), "both are connected");
    let place = dead.stop().await;
    let answers = calls(&transport, 20).await;
    let failed: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(failed.len() <= 1, "{failed:?}");
    assert!(failed.iter().all(|status| status.code() == Code::Unavailable), "{failed:?}");

    // It comes back, and into its turn.
    let again = Copy::again(place);
    let began = Instant::now();
    while again.probe.calls().is_empty() {
        call(&transport, Duration::from_secs(10)).await.expect("an answer");
        assert!(began.elapsed() < Duration::from_secs(10), "it is never called again");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn with_a_dead_copy_no_call_fails_that_is_tried_again() {
    let alive = Copy::start().await;
    let dead = Vacant::any();
    let transport = remote(&[dead.address, alive.address]);
    for _ in 0..10 {
        ask(&transport).await.expect("the other copy answers");
    }
    assert_eq!(alive.probe.calls().len(), 10);
}

#[tokio::test]
async fn a_copy_that_stands_still_costs_one_call_the_limit_of_an_attempt() {
    let alive = Copy::start().await;
    // Connections to it are made, by the system; nobody ever takes them. As with a process that was stopped.
    let (_standing_still, address) = &bind().await;
    let transport = remote(&[*address, alive.address]);
    let began = Instant::now();
    ask(&transport).await.expect("the other copy answers");
    assert!((4900..8000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());

    // It is passed over then.
    let began = Instant::now();
    for _ in 0..4 {
        ask(&transport).await.expect("the other copy answers");
    }
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(alive.probe.calls().len(), 5);
}

/// Sockets of one machine have delivered when nothing is left to do, so that the clock can be the test's own.
#[tokio::test(start_paused = true)]
async fn a_copy_that_stands_still_is_known_by_its_health_before_a_call_meets_it() {
    let (standing_still, address) = bind().await;
    let alive = Copy::start().await;
    let transport = remote(&[address, alive.address]);
    for _ in 0..3 {
        let began = tokio::time::Instant::now();
        assert!(is_serving(&transport, SERVICE_NAME).await, "one of them is");
        assert!(began.elapsed() < Duration::from_secs(1), "it is not waited for: {:?}", began.elapsed());
        // The once a second of a program, and what a copy may take.
        tokio::time::sleep(Duration::from_secs(1 + 2)).await;
        let began = tokio::time::Instant::now();
        for _ in 0..4 {
            ask(&transport).await.expect("the other copy answers");
        }
        assert!(began.elapsed() < Duration::from_secs(1), "a call met it: {:?}", began.elapsed());
    }
    assert_eq!(alive.probe.calls().len(), 3 * 4);

    // It goes on, and into its turn as soon as it has said so.
    let again = Copy::serve(standing_still.into(), address, Arc::default());
    let asked = tokio::time::Instant::now();
    assert!(is_serving(&transport, SERVICE_NAME).await, "both are");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(calls(&transport, 4).await.iter().all(Result::is_ok));
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(again.probe.calls().len(), 2, "in turn");
}

#[tokio::test]
async fn a_neighbour_that_was_restarted_is_reached_again() {
    let copy = Copy::start().await;
    let transport = remote(&[copy.address]);
    ask(&transport).await.expect("an answer");
    let place = copy.stop().await;
    assert_eq!(ask(&transport).await.expect_err("nobody listens").code(), Code::Unavailable);
    let again = Copy::again(place);
    ask(&transport).await.expect("an answer, without anybody having told");
    assert_eq!(again.probe.calls().len(), 1);
}

/// An address whose connections are neither made nor refused: the system's queue of them is full. As from a machine that went away.
async fn black_hole() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    let listener = socket.listen(0).expect("a queue");
    let address = listener.local_addr().expect("an address");
    let mut queued = Vec::new();
    while let Ok(connected) =
        tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(address)).await
    {
        queued.push(connected.expect("a place in the queue"));
        assert!(queued.len() < 100, "the queue is never full");
    }
    (address, listener, queued)
}

#[tokio::test]
async fn a_machine_that_does_not_answer_costs_a_second_or_the_callers_time() {
    let (address, ..) = &black_hole().await;
    let transport = remote(&[*address]);
    let began = Instant::now();
    let status = call(&transport, Duration::from_millis(150)).await.expect_err("no connection");
    assert_eq!(status.code(), Code::DeadlineExceeded, "the caller's time is over first");
    assert!(began.elapsed() < Duration::from_millis(900), "{:?}", began.elapsed());

    // Those who wait for the connection together do not wait for one time-out each.
    let transport = remote(&[*address]);
    let began = Instant::now();
    for answer in join_all((0..20).map(|_| call(&transport, Duration::from_secs(20)))).await {
        assert_eq!(answer.expect_err("no connection").code(), Code::Unavailable);
    }
    assert!((900..3000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_old_connection_is_made_anew_without_a_failed_call() {
    let (listener, address) = bind().await;
    let listener = Listener::from(listener).connections_up_to(Duration::from_millis(50));
    let _copy = Copy::serve(listener, address, Arc::default());
    let (address, connections) = counted(address).await;
    let transport = remote(&[address]);
    let began = Instant::now();
    while connections.load(Ordering::SeqCst) < 3 {
        ask(&transport).await.expect("an answer");
        assert!(began.elapsed() < Duration::from_secs(10), "the connection is never renewed");
    }
}

/// A way to `address` that counts connections.
async fn counted(address: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let (listener, before) = bind().await;
    let connections = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut service = TcpStream::connect(address).await?;
                tokio::io::copy_bidirectional(&mut caller, &mut service).await
            });
        }
    });
    (before, connections)
}
