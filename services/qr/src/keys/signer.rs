//! The seam behind which a private key stays: this process's memory, or a hardware module.

use std::{error::Error, fmt};

use entrypass_token::SigningKey;
use thiserror::Error;

/// Signs with one private key, wherever that is.
#[tonic::async_trait]
pub trait Signer: fmt::Debug + Send + Sync {
    /// The raw signature of `message` (RFC 9053, section 2), by the algorithm of the key.
    ///
    /// # Errors
    /// When it cannot be had now; the call that needs it is answered UNAVAILABLE.
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError>;
}

/// The private key cannot be reached.
#[derive(Debug, Error)]
#[error("the signer does not sign")]
pub struct SignerError(#[source] Box<dyn Error + Send + Sync>);

impl SignerError {
    /// With what the signer says of it, which is logged.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Signs in this process's memory.
#[derive(Debug)]
pub(crate) struct InMemory(pub(crate) SigningKey);

#[tonic::async_trait]
impl Signer for InMemory {
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        Ok(self.0.sign(message))
    }
}
