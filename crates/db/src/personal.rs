//! Column types for personal data.
//!
//! sea-orm prints whole rows in its `Debug` output; a column of these types prints a mask there.

use std::fmt;

use sea_orm::{DbErr, DeriveValueType, TryFromU64};

/// Text that identifies or describes a person.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct PersonalText(pub String);

/// Bytes that identify or describe a person.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct PersonalBytes(pub Vec<u8>);

impl fmt::Debug for PersonalText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalText(***)")
    }
}

impl fmt::Debug for PersonalBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalBytes(***)")
    }
}

/// sea-orm asks this of every primary key, for databases that number rows by themselves.
impl TryFromU64 for PersonalText {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("PersonalText"))
    }
}
