//! Asking a gateway whether it serves (`grpc.health.v1`), with the client of frames.

use std::time::{Duration, Instant};

use prost::Message;

use crate::{
    Failure,
    client::{Connection, Request, Target},
};

/// `SERVING` of `grpc.health.v1.HealthCheckResponse`.
const SERVING: i32 = 1;
const LIMIT: Duration = Duration::from_mins(1);
/// Between two questions: what "start to ready" is good to.
const REST: Duration = Duration::from_millis(1);

/// The request names a service and the answer has a state; both are field 1.
#[derive(Clone, PartialEq, Message)]
struct Check {
    #[prost(string, tag = "1")]
    service: String,
}

#[derive(Clone, PartialEq, Message)]
struct State {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// Waits until all of what `target` serves says SERVING.
pub async fn until_serving(target: &Target) -> Result<(), Failure> {
    let began = Instant::now();
    let request = Request::new("/grpc.health.v1.Health/Check", "operator", &Check { service: String::new() });
    while began.elapsed() < LIMIT {
        if let Ok(connection) = Connection::open(target).await {
            while let Ok(answer) = connection.call(&request).await {
                if answer.code == 0 && State::decode(answer.body)?.status == SERVING {
                    return Ok(());
                }
                if began.elapsed() > LIMIT {
                    break;
                }
                tokio::time::sleep(REST).await;
            }
        }
        tokio::time::sleep(REST).await;
    }
    Err("the gateway does not say SERVING; its log says why".into())
}
