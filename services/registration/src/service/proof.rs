//! Holder proof: document and name together open what neither of them opens alone.
//!
//! What fits is told only when the count of failures allows it. Tries for one document are judged one after the other, on all copies, so that
//! a burst has no more of them than a slow attacker; and a failure is committed before it is told. Nobody learns more by being refused than
//! that it was in vain: a wrong name, an unknown document and, where an active one is asked for, an ended registration get one answer, and cost
//! the same work.

use entrypass_audit::Access;
use entrypass_document::Document;
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::{Call, HolderProof};
use entrypass_rule::Violations;
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;

use super::{Registrations, access::touched};
use crate::{
    error::Error,
    name::PersonName,
    proof::Tallies,
    registration::Registration,
    store::{Rows, Subjects},
    wire,
};

/// Both halves of a proof.
pub(super) struct Proof {
    pub(super) document: Document,
    /// Absent only where the caller has made sure of the holder itself.
    pub(super) name: Option<String>,
}

impl Proof {
    /// Whether `registered` is the name that was given.
    pub(super) fn names(&self, registered: &PersonName) -> bool {
        self.name.as_ref().is_none_or(|name| registered.matches(name))
    }
}

impl Registrations {
    /// Reads both halves of a proof, with the violations of both.
    pub(super) fn proof(
        &self,
        call: &Call,
        document: Option<pb::Document>,
        (name_field, name): (&str, String),
        now: OffsetDateTime,
    ) -> Result<Proof, Violations> {
        let mut violations = Violations::default();
        let rules = wire::document_rules(&self.form_rules(now));
        let document = violations.collect(wire::document("document", document, rules));
        let name = violations.collect(proving_name(call, name_field, name));
        violations.finish(|| Some(Proof { document: document?, name: name? }))
    }

    /// The registration that `proof` opens, if it `counts`.
    pub(super) async fn proved(
        &self,
        access: &Access,
        proof: &Proof,
        counts: impl Fn(&Registration) -> bool,
        now: OffsetDateTime,
    ) -> Result<Registration, Error> {
        let (found, known) = self.look_ups.latest_or_nobody(&self.reader(), &proof.document.key()).await?;
        // Whom somebody tried to be is kept for those who look into it; the answer does not tell.
        touched(access, Some(&found).filter(|_| known));
        // Every part is looked at, whatever the others say.
        let fits = known & counts(&found) & proof.names(found.declared.form.name());
        self.settle(access, &proof.document, fits, now).await?;
        Ok(found)
    }

    /// As [`Self::proved`] of an active registration, for a transaction that writes because of it. It judges what may have changed since, and
    /// counts nothing.
    pub(super) async fn still_proved<C: ConnectionTrait>(
        &self,
        access: &Access,
        rows: &Rows<'_, C>,
        proof: &Proof,
        now: OffsetDateTime,
    ) -> Result<Registration, Error> {
        let latest = rows.latest_of_document(&proof.document.key()).await?;
        touched(access, &latest);
        let opened = |found: &Registration| found.is_active(now) && proof.names(found.declared.form.name());
        latest.filter(opened).ok_or(Error::HolderNotFound)
    }

    /// Decides on a try for `document` that `fits` or does not: an error unless it does, and unless as many have failed as are borne with.
    pub(super) async fn settle(
        &self,
        call: &Call,
        document: &Document,
        fits: bool,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        let tried = if fits { Ok(()) } else { Err(Error::HolderNotFound) };
        if call.holder_proof() == HolderProof::Waived {
            return tried;
        }
        let subjects = Subjects::of(self.database.sealer(), &document.key(), call.caller().as_str());
        self.judge(&subjects, tried, now).await
    }

    /// Tells the outcome of a try for `subjects` that was or was not in vain, unless as many have failed as are borne with. One that was not writes
    /// nothing: a success takes nothing back.
    pub(super) async fn judge(
        &self,
        subjects: &Subjects,
        tried: Result<(), Error>,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        let limits = &self.config.failed_proofs;
        let closed = |tallies: &Tallies| match limits.closed_for(tallies, now) {
            Some(closed_for) => Err(Error::TooManyFailedProofs { closed_for: closed_for.unsigned_abs() }),
            None => Ok(()),
        };
        // In one turn either way: were a failure counted in a second one, all of a burst would be looked at before any of it counts.
        let Err(in_vain) = tried else { return closed(&subjects.tallies_in_turn(&self.database).await?) };
        let transaction = self.database.begin().await?;
        subjects.hold_tried(&transaction).await?;
        subjects.hold_caller(&transaction).await?;
        let rows = self.rows(&transaction);
        let tallies = rows.tallies(subjects).await?;
        closed(&tallies)?;
        rows.set_tallies(subjects, limits.after_failure(&tallies, now)).await?;
        transaction.commit().await?;
        Err(in_vain)
    }
}

/// Reads the name of a proof; there may be none where `call` need not prove anything.
pub(super) fn proving_name(call: &Call, field: &str, name: String) -> Result<Option<String>, Violations> {
    if call.holder_proof() == HolderProof::Waived && name.trim().is_empty() {
        return Ok(None);
    }
    wire::required_text(field, &name).map(|()| Some(name))
}
