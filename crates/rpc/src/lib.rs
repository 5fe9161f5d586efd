//! gRPC plumbing that every service uses in the same way.
//!
//! Owns: what a problem looks like on the wire ([`Problem`]), what every call carries ([`Call`]: language, deadline,
//! trace id), the layer around every service ([`EdgeLayer`]), the two ways to reach a neighbour ([`Transport`]), and serving
//! with health and reflection ([`Operations`], [`serve`]).
//! Does not own: any message of ours beyond the error catalogue, any rule, any route.

mod answer;
mod call;
mod edge;
mod name;
mod page;
mod problem;
mod reason;
mod server;
mod service;
mod time;
mod transport;

pub use answer::{AnswerStream, answer, answer_stream};
pub use call::Call;
pub use edge::EdgeLayer;
pub use name::{resource_id, resource_name};
pub use page::{PageRequest, PageToken};
pub use problem::{Problem, required_request_id};
pub use server::{Operations, serve};
pub use service::Service;
pub use time::{instant, timestamp};
pub use transport::Transport;

/// Largest request that any service reads, in bytes: a full form with 20 stays is below 16 KiB.
pub const MAX_REQUEST_BYTES: usize = 128 * 1024;
