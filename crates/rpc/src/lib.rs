//! gRPC plumbing that every service uses in the same way.
//!
//! Owns: what a problem looks like on the wire ([`Problem`]), what every call carries ([`Call`]: caller, language, deadline,
//! trace id), the layer around every service ([`EdgeLayer`]) and who is let in there ([`Guard`]), the two ways to reach a neighbour ([`Transport`]) and how it is asked
//! ([`Neighbour`]: retries), serving with health and reflection ([`Operations`], [`serve`]), and what a service does unasked ([`repeat`]).
//! Does not own: any message of ours beyond the error catalogue, any rule, any route.

mod addresses;
mod answer;
mod call;
mod caller;
mod chore;
mod connection;
mod edge;
mod guard;
mod incoming;
mod limits;
mod name;
mod neighbour;
mod operations;
mod page;
mod permit;
mod places;
mod problem;
mod reason;
mod remote;
mod rpcs;
mod server;
mod service;
mod standing;
mod time;
mod timeout;
mod transport;

pub use addresses::{AddressError, Addresses};
pub use answer::{AnswerStream, answer, answer_stream};
pub use call::Call;
pub use caller::Caller;
pub use chore::repeat;
pub use edge::EdgeLayer;
pub use entrypass_access::{HolderProof, PersonalData};
pub use guard::{Guard, Identification};
pub use name::{resource_id, resource_name};
pub use neighbour::Neighbour;
pub use operations::{Operations, Probe, is_serving};
pub use page::{PageRequest, PageToken};
pub use problem::{Problem, required_request_id};
pub use reason::reason_text;
pub use rpcs::rpc_names;
pub use server::{Listener, serve};
pub use service::Service;
pub use time::{instant, timestamp};
pub use transport::Transport;

/// Largest request that any service reads, in bytes: a full form with 20 stays is below 16 KiB.
pub const MAX_REQUEST_BYTES: usize = 128 * 1024;
