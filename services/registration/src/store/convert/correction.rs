//! Corrections: what is asked for is one sealed JSON document.

use entrypass_db::{instant, micros};
use entrypass_document::Document;
use entrypass_seal::Sealer;
use sea_orm::ActiveValue::Set;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{
    correction_state, correction_state_name, paths, personal_key, revision_number, state, stored_document,
};
use crate::{
    correction::{Correction, CorrectionState, Remark, Wanted},
    error::Error,
    form::Identity,
    registration::StoredState,
    store::{
        entity::{correction, data_key, registration},
        sealed::PersonalKey,
    },
};

/// What a correction asks for, as it is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    identity: Identity,
    document: Option<SealedDocument>,
    #[serde(default)]
    instead_of: Option<SealedDocument>,
    reason: Remark,
}

#[derive(Serialize, Deserialize)]
struct SealedDocument {
    document_type: String,
    number: String,
    issuing_state: Option<String>,
}

/// A correction with the registration that it is of, and the person's key.
type Row = (correction::Model, Option<registration::Model>, Option<data_key::Model>);

/// A correction as it stands at `now`.
pub(in crate::store) fn correction(
    sealer: &Sealer,
    (row, of, key): Row,
    now: OffsetDateTime,
) -> Result<Correction, Error> {
    let of = of.ok_or(Error::Corrupt("a correction without a registration"))?;
    let key = personal_key(sealer, key)?;
    let (stored, expire_time) = state(&of)?;
    let active = stored.at(now, expire_time) == StoredState::Active;
    let note = row.sealed_note.as_ref().map(|note| key.open_note(row.id, note)).transpose()?;
    let note = note.map(|note| Remark::parse(&note)).transpose();
    Ok(Correction {
        id: row.id,
        registration: row.registration_id,
        traveller: of.traveller_id,
        state: CorrectionState::of(correction_state(&row.state)?, active),
        wanted: wanted(&key, &row)?,
        note: note.map_err(|_| Error::Corrupt("a note in no known shape"))?,
        create_time: instant(row.create_time)?,
        end_time: row.end_time.map(instant).transpose()?,
        revision: row.revision.map(revision_number).transpose()?,
    })
}

pub(in crate::store) fn correction_row(
    key: &PersonalKey<'_>,
    of: &Correction,
) -> Result<correction::ActiveModel, Error> {
    let Wanted { identity, paths, document, instead_of, reason } = &of.wanted;
    let seal = |document: &Document| SealedDocument {
        document_type: document.document_type().as_str().to_owned(),
        number: document.number().to_owned(),
        issuing_state: document.issuing_state().map(|state| state.as_str().to_owned()),
    };
    let content = Sealed {
        identity: identity.clone(),
        document: document.as_ref().map(seal),
        instead_of: instead_of.as_ref().map(seal),
        reason: reason.clone(),
    };
    let content =
        serde_json::to_string(&content).map_err(|_| Error::Corrupt("a correction that is no JSON"))?;
    let content = Zeroizing::new(content);
    Ok(correction::ActiveModel {
        id: Set(of.id),
        registration_id: Set(of.registration),
        state: Set(correction_state_name(of.state).to_owned()),
        changed_paths: Set(paths.join(" ")),
        sealed: Set(key.seal_correction(of.id, &content)),
        sealed_note: Set(of.note.as_ref().map(|note| key.seal_note(of.id, note.as_str()))),
        create_time: Set(micros(of.create_time)),
        end_time: Set(of.end_time.map(micros)),
        revision: Set(of.revision.map(i32::from)),
    })
}

fn wanted(key: &PersonalKey<'_>, row: &correction::Model) -> Result<Wanted, Error> {
    let content = key.open_correction(row.id, &row.sealed)?;
    let shape = |_| Error::Corrupt("a correction in no known shape");
    let Sealed { identity, document, instead_of, reason } = serde_json::from_str(&content).map_err(shape)?;
    let read = |SealedDocument { document_type, number, issuing_state }| {
        let stored = (&*document_type, &*number, issuing_state.as_deref());
        stored_document(stored, instant(row.create_time)?)
    };
    let (document, instead_of) = (document.map(read).transpose()?, instead_of.map(read).transpose()?);
    Ok(Wanted { identity, paths: paths(&row.changed_paths), document, instead_of, reason })
}
