//! Mutual TLS: one identity of a process for serving and calling, whom it trusts, and who is at the other end of a connection.
//!
//! Owns: reading certificate, key and trust ([`Files`]) and taking up changed ones ([`Tls::keep_fresh`]), both handshakes, and the
//! identities that a certificate names. Does not own: sockets and their limits, HTTP/2, and what an identity may do.

mod error;
mod files;
mod identity;
mod present;
mod tls;

pub use error::TlsError;
pub use files::Files;
pub use present::Minimum;
pub use tls::Tls;
