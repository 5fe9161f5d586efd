//! What is sealed in this database, with whose key, and in which form. Entities and the migration both rely on it, so that what one of
//! them writes the other opens.
//!
//! Everything personal of one person is sealed with a key of their own, and bound to its table, column and row. A document is found
//! without being known, by its blind indexes.

use entrypass_seal::{DataKey, KeyId, Place, Sealer, Unsealable};
use thiserror::Error;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Tells blind indexes of documents from those of anything else.
const DOCUMENTS: &str = "documents";
/// The same of codes by which companions agree.
const CONFIRMATIONS: &str = "confirmation codes";

/// Why what is stored cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// It does not open.
    #[error(transparent)]
    Sealed(#[from] Unsealable),
    /// It opens, and is nothing that this service writes.
    #[error("{0} in no known shape")]
    Shape(&'static str),
}

/// The key of one person's data, with which it is sealed and opened.
pub(super) struct PersonalKey<'s> {
    sealer: &'s Sealer,
    key: DataKey,
}

/// What a revision says of a person, as it is sealed: three lines.
pub(super) struct Content<'t> {
    pub(super) document_number: &'t str,
    pub(super) issuing_state: Option<&'t str>,
    /// JSON.
    pub(super) form: &'t str,
}

/// By what a document is found under one index key.
pub(super) struct DocumentIndex {
    pub(super) key_id: KeyId,
    pub(super) digest: [u8; 32],
}

/// The blind indexes of the document `key`, the one under the key in use first.
pub(super) fn document_indexes(sealer: &Sealer, key: &str) -> Vec<DocumentIndex> {
    let indexes = sealer.blind_indexes(DOCUMENTS, key.as_bytes()).into_iter();
    indexes.map(|(key_id, digest)| DocumentIndex { key_id, digest }).collect()
}

/// By what the bond is found in which the registration `companion` waits for `code`: under each index key, the one in use first. Codes that were
/// given before an index key is taken out of the ring are not found any more: they last a day, and a new one is had by binding again.
pub(super) fn confirmation_indexes(sealer: &Sealer, companion: Uuid, code: &str) -> Vec<Vec<u8>> {
    let value = [companion.as_bytes().as_slice(), code.as_bytes()].concat();
    let indexes = sealer.blind_indexes(CONFIRMATIONS, &value).into_iter();
    indexes.map(|(_, digest)| digest.to_vec()).collect()
}

/// What holds the rows of a new document together: the front of its first index, which is as good as drawn.
pub(super) fn document_id(indexes: &[DocumentIndex]) -> Uuid {
    let front = indexes.first().and_then(|index| index.digest.first_chunk()).copied();
    Uuid::from_bytes(front.unwrap_or_default())
}

/// The id of the key of the ring that `wrapped` is under, as a column.
pub(super) fn wrapping_key(wrapped: &[u8]) -> Vec<u8> {
    Sealer::key_id_of(wrapped).map(|id| id.as_bytes().to_vec()).unwrap_or_default()
}

/// The key of `traveller` that is kept as `wrapped`, under the key in use.
pub(super) fn rewrapped(sealer: &Sealer, traveller: Uuid, wrapped: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let again = sealer.rewrap(&data_key(&traveller), wrapped)?;
    Ok(again.unwrap_or_else(|| wrapped.to_vec()))
}

impl<'s> PersonalKey<'s> {
    /// A key for somebody who has none.
    pub(super) fn draw(sealer: &'s Sealer) -> Self {
        Self { sealer, key: sealer.new_data_key() }
    }

    /// The key of `traveller`, as it is kept.
    pub(super) fn wrapped(&self, traveller: Uuid) -> Vec<u8> {
        self.sealer.wrap(&data_key(&traveller), &self.key)
    }

    /// The key of `traveller` that is kept as `wrapped`.
    pub(super) fn unwrap(sealer: &'s Sealer, traveller: Uuid, wrapped: &[u8]) -> Result<Self, Unreadable> {
        Ok(Self { sealer, key: sealer.unwrap(&data_key(&traveller), wrapped)? })
    }

    /// Seals the key of the document `id`.
    pub(super) fn seal_document(&self, id: Uuid, document_key: &str) -> Vec<u8> {
        self.sealer.seal_with(&self.key, &document(&id), document_key.as_bytes())
    }

    /// Opens what [`Self::seal_document`] has sealed.
    pub(super) fn open_document(&self, id: Uuid, sealed: &[u8]) -> Result<Zeroizing<String>, Unreadable> {
        text(&self.sealer.open_with(&self.key, &document(&id), sealed)?, "a document")
    }

    /// Seals what a revision says.
    pub(super) fn seal_revision(&self, registration: Uuid, revision: i32, content: &Content<'_>) -> Vec<u8> {
        let Content { document_number, issuing_state, form } = content;
        let state = issuing_state.unwrap_or_default();
        let lines = Zeroizing::new(format!("{document_number}\n{state}\n{form}"));
        self.sealer.seal_with(&self.key, &revision_of(&row(registration, revision)), lines.as_bytes())
    }

    /// Opens what [`Self::seal_revision`] has sealed: [`Content::of`] reads it.
    pub(super) fn open_revision(
        &self,
        registration: Uuid,
        revision: i32,
        sealed: &[u8],
    ) -> Result<Zeroizing<String>, Unreadable> {
        let place = row(registration, revision);
        text(&self.sealer.open_with(&self.key, &revision_of(&place), sealed)?, "a revision")
    }

    /// Seals why a revision was asked for.
    pub(super) fn seal_reason(&self, registration: Uuid, revision: i32, reason: &str) -> Vec<u8> {
        self.sealer.seal_with(&self.key, &reason_of(&row(registration, revision)), reason.as_bytes())
    }

    /// Opens what [`Self::seal_reason`] has sealed.
    pub(super) fn open_reason(
        &self,
        registration: Uuid,
        revision: i32,
        sealed: &[u8],
    ) -> Result<Zeroizing<String>, Unreadable> {
        let place = row(registration, revision);
        text(&self.sealer.open_with(&self.key, &reason_of(&place), sealed)?, "a reason")
    }

    /// Seals what the correction `id` asks for.
    pub(super) fn seal_correction(&self, id: Uuid, wanted: &str) -> Vec<u8> {
        self.sealer.seal_with(&self.key, &correction(&id), wanted.as_bytes())
    }

    /// Opens what [`Self::seal_correction`] has sealed.
    pub(super) fn open_correction(&self, id: Uuid, sealed: &[u8]) -> Result<Zeroizing<String>, Unreadable> {
        text(&self.sealer.open_with(&self.key, &correction(&id), sealed)?, "a correction")
    }

    /// Seals what the reviewer of the correction `id` said.
    pub(super) fn seal_note(&self, id: Uuid, note: &str) -> Vec<u8> {
        self.sealer.seal_with(&self.key, &note_on(&id), note.as_bytes())
    }

    /// Opens what [`Self::seal_note`] has sealed.
    pub(super) fn open_note(&self, id: Uuid, sealed: &[u8]) -> Result<Zeroizing<String>, Unreadable> {
        text(&self.sealer.open_with(&self.key, &note_on(&id), sealed)?, "a note")
    }

    /// Seals the name in the bond `id`.
    pub(super) fn seal_name(&self, id: Uuid, name: &str) -> Vec<u8> {
        self.sealer.seal_with(&self.key, &name_in(&id), name.as_bytes())
    }

    /// Opens what [`Self::seal_name`] has sealed.
    pub(super) fn open_name(&self, id: Uuid, sealed: &[u8]) -> Result<Zeroizing<String>, Unreadable> {
        text(&self.sealer.open_with(&self.key, &name_in(&id), sealed)?, "a companion's name")
    }
}

impl<'t> Content<'t> {
    /// Reads what was sealed.
    pub(super) fn of(opened: &'t str) -> Result<Self, Unreadable> {
        let mut lines = opened.splitn(3, '\n');
        let (Some(document_number), Some(state), Some(form)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(Unreadable::Shape("a revision"));
        };
        Ok(Self { document_number, issuing_state: Some(state).filter(|state| !state.is_empty()), form })
    }
}

fn text(opened: &Zeroizing<Vec<u8>>, what: &'static str) -> Result<Zeroizing<String>, Unreadable> {
    let text = str::from_utf8(opened).map_err(|_| Unreadable::Shape(what))?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn data_key(traveller: &Uuid) -> Place<'_> {
    Place { table: "data_keys", column: "wrapped", row: traveller.as_bytes() }
}

fn document(id: &Uuid) -> Place<'_> {
    Place { table: "documents", column: "sealed_document", row: id.as_bytes() }
}

fn row(registration: Uuid, revision: i32) -> Vec<u8> {
    Place::row_of(&[registration.as_bytes(), &revision.to_be_bytes()])
}

fn revision_of(row: &[u8]) -> Place<'_> {
    Place { table: "revisions", column: "sealed", row }
}

fn reason_of(row: &[u8]) -> Place<'_> {
    Place { table: "revisions", column: "sealed_reason", row }
}

fn correction(id: &Uuid) -> Place<'_> {
    Place { table: "corrections", column: "sealed", row: id.as_bytes() }
}

fn note_on(id: &Uuid) -> Place<'_> {
    Place { table: "corrections", column: "sealed_note", row: id.as_bytes() }
}

fn name_in(bond: &Uuid) -> Place<'_> {
    Place { table: "companions", column: "sealed_name", row: bond.as_bytes() }
}
