//! Mutual TLS: certificates and trust that are reloaded, and who is at the other end.
