//! The ring that a running copy has at the moment.

use std::sync::{Arc, PoisonError, RwLock};

use crate::Keys;

/// A handle to the present keys of one service. Its clones see a change at once.
#[derive(Debug, Clone)]
pub struct KeyRing(Arc<RwLock<Arc<Keys>>>);

impl KeyRing {
    /// A ring with `keys`.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(keys))))
    }

    /// The present keys. Whoever does several things that must be under one key asks once.
    #[must_use]
    pub fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts `keys` in the place of the present ones.
    pub fn replace(&self, keys: Keys) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }
}
