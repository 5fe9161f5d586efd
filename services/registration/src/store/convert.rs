//! Rows to domain values and back, and with that the one place where what is read is opened and what is written is sealed. A row that cannot
//! be read is our fault ([`Error::Corrupt`], [`Error::Unreadable`]), never the caller's.

use entrypass_ambient::city_date;
use entrypass_db::{instant, micros};
use entrypass_document::{Document, DocumentInput, DocumentType, Rules};
use entrypass_seal::Sealer;
use sea_orm::ActiveValue::Set;
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    entity::{change, companion, data_key, document, registration, revision},
    sealed::{Content, DocumentIndex, PersonalKey, document_id, document_indexes, wrapping_key},
};
use crate::{
    change::{Change, ChangeKind},
    error::Error,
    registration::{
        Companion, CompanionState, Declared, Latest, Registration, Relationship, Revision, RevisionKind,
        StoredState,
    },
};

pub(super) fn registration(
    sealer: &Sealer,
    (row, current, key): (registration::Model, Option<revision::Model>, Option<data_key::Model>),
) -> Result<Registration, Error> {
    opened(&personal_key(sealer, key)?, row, current)
}

/// A registration whose person's key is `key`.
fn opened(
    key: &PersonalKey<'_>,
    row: registration::Model,
    current: Option<revision::Model>,
) -> Result<Registration, Error> {
    let (stored_state, expire_time) = state(&row)?;
    Ok(Registration {
        id: row.id,
        traveller: row.traveller_id,
        reference: row.reference,
        stored_state,
        revision: revision_number(row.revision)?,
        notice_version: row.notice_version,
        declared: declared(key, &current.ok_or(Error::Corrupt("a registration without its revision"))?)?,
        create_time: instant(row.create_time)?,
        update_time: instant(row.update_time)?,
        expire_time,
    })
}

pub(super) fn personal_key(sealer: &Sealer, row: Option<data_key::Model>) -> Result<PersonalKey<'_>, Error> {
    let row = row.ok_or(Error::Corrupt("a person without a data key"))?;
    Ok(PersonalKey::unwrap(sealer, row.traveller_id, &row.wrapped)?)
}

pub(super) fn data_key_row(
    key: &PersonalKey<'_>,
    traveller: Uuid,
    now: OffsetDateTime,
) -> data_key::ActiveModel {
    let wrapped = key.wrapped(traveller);
    data_key::ActiveModel {
        traveller_id: Set(traveller),
        key_id: Set(wrapping_key(&wrapped)),
        wrapped: Set(wrapped),
        create_time: Set(micros(now)),
    }
}

/// The rows of one document: one for each index key of the ring.
pub(super) fn document_rows(
    sealer: &Sealer,
    key: &PersonalKey<'_>,
    document_key: &str,
    traveller: Uuid,
    now: OffsetDateTime,
) -> Vec<document::ActiveModel> {
    let mut indexes = document_indexes(sealer, document_key);
    let id = document_id(&indexes);
    let document = key.seal_document(id, document_key);
    // Whatever order a copy has its keys in, all write in one order: two that write one document never wait for each other.
    indexes.sort_unstable_by_key(|index| index.digest);
    let row = |index: &DocumentIndex| document::ActiveModel {
        blind_index: Set(index.digest.to_vec()),
        index_key_id: Set(index.key_id.as_bytes().to_vec()),
        document_id: Set(id),
        traveller_id: Set(traveller),
        sealed_document: Set(document.clone()),
        create_time: Set(micros(now)),
    };
    indexes.iter().map(row).collect()
}

pub(super) fn state(row: &registration::Model) -> Result<(StoredState, OffsetDateTime), Error> {
    Ok((stored_state(&row.state)?, instant(row.expire_time)?))
}

pub(super) fn latest(row: &registration::Model) -> Result<Latest, Error> {
    let (stored_state, expire_time) = state(row)?;
    Ok(Latest { id: row.id, traveller: row.traveller_id, stored_state, expire_time })
}

pub(super) fn registration_row(of: &Registration) -> registration::ActiveModel {
    registration::ActiveModel {
        id: Set(of.id),
        traveller_id: Set(of.traveller),
        reference: Set(of.reference.clone()),
        state: Set(state_name(of.stored_state).to_owned()),
        revision: Set(i32::from(of.revision)),
        notice_version: Set(of.notice_version.clone()),
        create_time: Set(micros(of.create_time)),
        update_time: Set(micros(of.update_time)),
        expire_time: Set(micros(of.expire_time)),
    }
}

pub(super) fn revision_row(
    key: &PersonalKey<'_>,
    of: &Registration,
    kind: RevisionKind,
    changed_paths: &[String],
) -> Result<revision::ActiveModel, Error> {
    let Declared { document, form, form_version } = &of.declared;
    let form = serde_json::to_string(form).map_err(|_| Error::Corrupt("a form that is no JSON"))?;
    let form = Zeroizing::new(form);
    let issuing_state = document.issuing_state();
    let issuing_state = issuing_state.as_ref().map(|state| state.as_str());
    let content = Content { document_number: document.number(), issuing_state, form: &form };
    let revision = i32::from(of.revision);
    Ok(revision::ActiveModel {
        registration_id: Set(of.id),
        revision: Set(revision),
        kind: Set(kind_name(kind).to_owned()),
        changed_paths: Set(changed_paths.join(" ")),
        document_type: Set(document.document_type().as_str().to_owned()),
        form_version: Set(*form_version),
        sealed: Set(key.seal_revision(of.id, revision, &content)),
        create_time: Set(micros(of.update_time)),
    })
}

pub(super) fn revision(
    sealer: &Sealer,
    (row, _, key): (revision::Model, Option<registration::Model>, Option<data_key::Model>),
) -> Result<Revision, Error> {
    Ok(Revision {
        number: revision_number(row.revision)?,
        kind: revision_kind(&row.kind)?,
        changed_paths: row.changed_paths.split_whitespace().map(str::to_owned).collect(),
        create_time: instant(row.create_time)?,
        declared: declared(&personal_key(sealer, key)?, &row)?,
    })
}

fn declared(key: &PersonalKey<'_>, row: &revision::Model) -> Result<Declared, Error> {
    let opened = key.open_revision(row.registration_id, row.revision, &row.sealed)?;
    let Content { document_number, issuing_state, form } = Content::of(&opened)?;
    // The number was checked when it came in. "Today" is the day of that check, or an age limit could make an old row unreadable.
    let today = city_date(instant(row.create_time)?);
    let rules = Rules { today, accept_specimens: true };
    let input = DocumentInput {
        document_type: DocumentType::parse(&row.document_type)
            .ok_or(Error::Corrupt("an unknown document type"))?,
        number: document_number,
        issuing_state: issuing_state.unwrap_or_default(),
    };
    Ok(Declared {
        document: Document::parse(&input, rules).map_err(|_| Error::Corrupt("a wrong document number"))?,
        form: serde_json::from_str(form).map_err(|_| Error::Corrupt("a form in no known shape"))?,
        form_version: row.form_version,
    })
}

/// A bond with the registration of the companion, its revision, and the companion's key.
pub(super) type Bond =
    (companion::Model, Option<registration::Model>, Option<revision::Model>, Option<data_key::Model>);

pub(super) fn companion(sealer: &Sealer, (row, bound, current, key): Bond) -> Result<Companion, Error> {
    let key = personal_key(sealer, key)?;
    let bound = bound.ok_or(Error::Corrupt("a companion without a registration"))?;
    Ok(Companion {
        id: row.id,
        holder: row.holder_id,
        relationship: relationship(&row.relationship)?,
        state: companion_state(&row.state)?,
        display_name: key.open_name(row.id, &row.sealed_name)?.to_string(),
        registration: opened(&key, bound, current)?,
        create_time: instant(row.create_time)?,
    })
}

pub(super) fn companion_row(key: &PersonalKey<'_>, new: &Companion) -> companion::ActiveModel {
    companion::ActiveModel {
        id: Set(new.id),
        holder_id: Set(new.holder),
        companion_id: Set(new.registration.id),
        relationship: Set(relationship_name(new.relationship).to_owned()),
        state: Set(companion_state_name(new.state).to_owned()),
        sealed_name: Set(key.seal_name(new.id, &new.display_name)),
        create_time: Set(micros(new.create_time)),
    }
}

pub(super) fn change(row: &change::Model) -> Result<(u64, Change), Error> {
    let change = Change {
        registration: row.registration_id,
        traveller: row.traveller_id,
        kind: change_kind(&row.kind)?,
        revision: revision_number(row.revision)?,
        state: stored_state(&row.state)?,
        expire_time: instant(row.expire_time)?,
        companion: row.companion_id,
        create_time: instant(row.create_time)?,
    };
    Ok((position(row.position.unwrap_or(-1))?, change))
}

/// The change that a registration's end is.
pub(super) fn expiry(row: &registration::Model, now: OffsetDateTime) -> Result<Change, Error> {
    Ok(Change {
        registration: row.id,
        traveller: row.traveller_id,
        kind: ChangeKind::Expired,
        revision: revision_number(row.revision)?,
        state: StoredState::Expired,
        expire_time: instant(row.expire_time)?,
        companion: None,
        create_time: now,
    })
}

/// The change that a person's erasure is to one of their registrations.
pub(super) fn erasure(row: &registration::Model, now: OffsetDateTime) -> Result<Change, Error> {
    let state = StoredState::Cancelled;
    Ok(Change { kind: ChangeKind::TravellerErased, state, ..expiry(row, now)? })
}

fn position(stored: i64) -> Result<u64, Error> {
    u64::try_from(stored).map_err(|_| Error::Corrupt("a position out of range"))
}

fn revision_number(stored: i32) -> Result<u16, Error> {
    u16::try_from(stored).map_err(|_| Error::Corrupt("a revision out of range"))
}

/// Names of an enum in the database, both ways from one list.
macro_rules! names {
    ($to:ident, $from:ident, $type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        pub(super) fn $to(value: $type) -> &'static str {
            match value { $($type::$variant => $name),+ }
        }

        fn $from(name: &str) -> Result<$type, Error> {
            match name {
                $($name => Ok($type::$variant),)+
                _ => Err(Error::Corrupt(concat!("an unknown ", stringify!($type)))),
            }
        }
    };
}

names!(state_name, stored_state, StoredState {
    Active = "ACTIVE",
    Expired = "EXPIRED",
    Cancelled = "CANCELLED",
});

names!(kind_name, revision_kind, RevisionKind {
    Registered = "REGISTERED",
    Amended = "AMENDED",
    DocumentReplaced = "DOCUMENT_REPLACED",
    Cancelled = "CANCELLED",
});

names!(change_kind_name, change_kind, ChangeKind {
    Registered = "REGISTERED",
    Amended = "AMENDED",
    DocumentReplaced = "DOCUMENT_REPLACED",
    Cancelled = "CANCELLED",
    Expired = "EXPIRED",
    CompanionBound = "COMPANION_BOUND",
    CompanionConfirmed = "COMPANION_CONFIRMED",
    CompanionUnbound = "COMPANION_UNBOUND",
    TravellerErased = "TRAVELLER_ERASED",
});

names!(relationship_name, relationship, Relationship {
    Parent = "PARENT",
    Child = "CHILD",
    Spouse = "SPOUSE",
    Relative = "RELATIVE",
    Colleague = "COLLEAGUE",
    Other = "OTHER",
});

names!(companion_state_name, companion_state, CompanionState {
    Pending = "PENDING",
    Confirmed = "CONFIRMED",
});
