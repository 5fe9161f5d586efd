//! Another document of the same person in place of the registered one.

use entrypass_audit::Access;
use entrypass_db::answers::{Kept, RequestKey};
use entrypass_document::Document;
use entrypass_proto::registration::v1 as pb;
use entrypass_rule::Violations;
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Registrations,
    access::{named, touched},
    amend::Target,
    proof::{Proof, proving_name},
};
use crate::{
    error::Error,
    form::{FORM_VERSION, rule},
    name::{ChineseName, LatinPart, PersonName},
    registration::{Declared, Registration, RevisionKind},
    store::Rows,
    wire,
};

/// Another document of the same person, with the proof that it is the same, and what the new document shows beside its number.
struct Replacement {
    target: Target,
    proof: Proof,
    new: Document,
    shown: Shown,
}

/// What the new document shows beside its number, in the form's words.
pub(super) struct Shown {
    pub(super) chinese_name: String,
    pub(super) surname: String,
    pub(super) given_names: String,
    pub(super) single_name: bool,
    pub(super) document_expire_date: String,
}

impl Registrations {
    pub(super) async fn replace(
        &self,
        access: &Access,
        message: pb::ReplaceDocumentRequest,
    ) -> Result<pb::ReplaceDocumentResponse, Error> {
        let key = RequestKey::new(access.caller().as_str(), "ReplaceDocument", &message.request_id, &message);
        named(access, &message.registration);
        if let Some(first) = access.first_answer(&key, &self.database).await? {
            return Ok(first);
        }
        let now = self.clock.now();
        let replacement = self.replacement(access, message, now)?;
        let read = replacement.target.read(&self.reader()).await?;
        touched(access, [&read]);
        if let Err(error) = self.prove_replacement(access, &key, &read, &replacement, now).await {
            return self.first_answer_or(access, &key, error).await;
        }
        let declared = match self.redeclared(&read, &replacement, now) {
            Ok(declared) => declared,
            Err(error) => return self.first_answer_or(access, &key, error).await,
        };

        self.once(access, &key, now, async |transaction| {
            let rows = self.rows(transaction);
            let current = replacement.target.read_again(&rows, &read, now).await?;
            if declared.document == current.declared.document {
                return Err(Error::DocumentNotAvailable);
            }
            take_document(&rows, current.traveller, &declared.document, now).await?;
            let next = current.amended(declared, self.config.valid_for, now);
            let changed = wire::form::changed_paths(&current.declared.form, &next.declared.form);
            rows.save_revision(&next, RevisionKind::DocumentReplaced, &changed).await?;

            let registration = Some(wire::registration(&next, now));
            Ok(Kept::about(next.traveller, pb::ReplaceDocumentResponse { registration }))
        })
        .await
    }

    fn replacement(
        &self,
        access: &Access,
        message: pb::ReplaceDocumentRequest,
        now: OffsetDateTime,
    ) -> Result<Replacement, Violations> {
        let pb::ReplaceDocumentRequest {
            request_id,
            registration,
            etag,
            old_document,
            holder_name,
            new_document,
            chinese_name,
            surname,
            given_names,
            single_name,
            document_expire_date,
        } = message;
        let mut violations = Violations::default();
        let rules = wire::document_rules(&self.form_rules(now));
        let target = violations.collect(Target::parse(&request_id, &registration, &etag));
        let old = violations.collect(wire::document("old_document", old_document, rules));
        let new = violations.collect(wire::document("new_document", new_document, rules));
        let name = violations.collect(proving_name(access, "holder_name", holder_name));
        let shown = Shown { chinese_name, surname, given_names, single_name, document_expire_date };
        violations.finish(|| {
            let proof = Proof { document: old?, name: name? };
            Some(Replacement { target: target?, proof, new: new?, shown })
        })
    }

    /// Judges old document and name, before anything that the registration contradicts is told: nobody but the holder shall learn from that
    /// what is registered.
    async fn prove_replacement(
        &self,
        access: &Access,
        key: &RequestKey,
        current: &Registration,
        replacement: &Replacement,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        let Declared { document, form, .. } = &current.declared;
        let Proof { document: given, .. } = &replacement.proof;
        let fits = (document == given) & replacement.proof.names(form.name());
        // The document may have been replaced by this very request, which another copy has done in the meantime: that is no failure.
        if !fits && key.first_answer::<pb::ReplaceDocumentResponse>(&self.database).await?.is_some() {
            return Err(Error::HolderNotFound);
        }
        self.settle(access, given, fits, now).await
    }

    /// What is declared with the new document.
    fn redeclared(
        &self,
        current: &Registration,
        replacement: &Replacement,
        now: OffsetDateTime,
    ) -> Result<Declared, Error> {
        let Replacement { new, shown, .. } = replacement;
        let Declared { form, .. } = &current.declared;
        let mut violations = Violations::default();
        let shown = with_shown(wire::form::render(form), form.name(), shown, &mut violations);
        let parsed = wire::form::parse(shown, Some(new), &self.amendment_rules(current, now));
        let replaced = violations.collect(parsed.map_err(|broken| in_request(&broken)));
        let declared = violations
            .finish(|| Some(Declared { document: new.clone(), form: replaced?, form_version: FORM_VERSION }));
        Ok(declared?)
    }
}

/// The registered form with what the new document shows. A name that was missing is taken, one that is registered does not change:
/// compared as it is read, in whatever spelling.
pub(super) fn with_shown(
    mut form: pb::RegistrationForm,
    registered: &PersonName,
    shown: &Shown,
    violations: &mut Violations,
) -> pb::RegistrationForm {
    let Shown { chinese_name, surname, given_names, single_name, document_expire_date } = shown;
    let part = |text: &String| LatinPart::parse(text).ok();
    let latin = registered.latin();
    let same_chinese = registered.chinese().map(|name| ChineseName::parse(chinese_name).as_ref() == Ok(name));
    let same_surname = latin.map(|name| part(surname).as_ref() == Some(&name.surname));
    let same_given = latin.map(|name| part(given_names) == name.given);
    let names = [
        ("chinese_name", chinese_name, same_chinese, &mut form.chinese_name),
        ("surname", surname, same_surname, &mut form.surname),
        ("given_names", given_names, same_given, &mut form.given_names),
    ];
    for (field, given, same, registered) in names {
        match same {
            _ if wire::form::is_absent(given) => {}
            None => given.clone_into(registered),
            Some(true) => {}
            Some(false) => violations.add(field, rule::identity_field()),
        }
    }
    form.single_name |= *single_name && latin.is_none();
    document_expire_date.clone_into(&mut form.document_expire_date);
    form
}

/// The violations of the form at the fields of this request: a name or date where it was given or is missing, anything else at the
/// document that does not fit.
fn in_request(of_form: &Violations) -> Violations {
    const GIVEN_HERE: [&str; 5] =
        ["chinese_name", "surname", "given_names", "single_name", "document_expire_date"];
    let mut violations = Violations::default();
    for violation in of_form.iter() {
        let field = violation.field.strip_prefix("form.").filter(|field| GIVEN_HERE.contains(field));
        violations.add(field.unwrap_or("new_document"), violation.rule.clone());
    }
    violations
}

/// Gives `traveller` the document, which may be an earlier one of theirs.
///
/// # Errors
/// [`Error::DocumentNotAvailable`] when it is somebody else's; whose is not told.
pub(super) async fn take_document<C: ConnectionTrait>(
    rows: &Rows<'_, C>,
    traveller: Uuid,
    document: &Document,
    now: OffsetDateTime,
) -> Result<(), Error> {
    let key = document.key();
    let mut owner = rows.traveller_of_document(&key).await?;
    if owner.is_none() {
        if rows.add_document(&key, traveller, now).await? {
            return Ok(());
        }
        // Another copy was faster: for somebody else, or for the same person, who asked twice.
        owner = rows.traveller_of_document(&key).await?;
    }
    if owner == Some(traveller) { Ok(()) } else { Err(Error::DocumentNotAvailable) }
}
