//! The chain of audit records in a service's database.
