//! A traveller who comes back: all their entries, and the next one from what they declared last.

use entrypass_audit::Access;
use entrypass_db::answers::{Kept, RequestKey};
use entrypass_document::Document;
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::{PageRequest, PageToken, required_request_id};
use entrypass_rule::{Rule, Violations};
use time::OffsetDateTime;

use super::{
    Registrations,
    access::{named, touched},
    proof::Proof,
    replace::{Shown, take_document, with_shown},
};
use crate::{
    error::Error,
    registration::Registration,
    wire::{
        self, Submission,
        form::{Mask, Takes},
    },
};

/// Another entry as it was asked for, read as far as that goes before the holder has proven who they are.
struct Next {
    proof: Proof,
    document: Option<pb::Document>,
    /// Another document than last time.
    new: Option<Document>,
    changes: pb::RegistrationForm,
    paths: Vec<String>,
    mask: Mask,
    acknowledged_notice_version: String,
    truth_declared: bool,
}

impl Registrations {
    pub(super) async fn entries(
        &self,
        access: &Access,
        message: pb::ListRegistrationsRequest,
    ) -> Result<pb::ListRegistrationsResponse, Error> {
        let now = self.clock.now();
        let pb::ListRegistrationsRequest { registration, document, holder_name, page_size, page_token } =
            message;
        named(access, &registration);
        let page = PageRequest::parse(page_size, &page_token)?;
        let opener = self.opener(access, &registration, document, holder_name, now).await?;
        let before = page.after.map(|PageToken(last)| last);
        let mut entries = self.reader().entries(opener.traveller, before, page.rows_to_read()).await?;
        let next = page.cut(&mut entries, |last| last.id);
        // Whoever enters somebody else's number registers an entry of theirs: it opens nothing that was declared under another name.
        let name = opener.declared.form.name();
        entries.retain(|entry| name.also_proves(entry.declared.form.name()));
        touched(access, &entries);
        Ok(pb::ListRegistrationsResponse {
            registrations: entries.iter().map(|one| wire::registration(one, now)).collect(),
            next_page_token: next.map(PageToken::encode).unwrap_or_default(),
        })
    }

    /// The entry by which somebody asks for all of them: the one that is named, or the one that document and name prove.
    async fn opener(
        &self,
        access: &Access,
        registration: &str,
        document: Option<pb::Document>,
        holder_name: String,
        now: OffsetDateTime,
    ) -> Result<Registration, Error> {
        if registration.is_empty() {
            let proof = self.proof(access, document, ("holder_name", holder_name), now)?;
            return self.proved(access, &proof, |_| true, now).await;
        }
        let id = wire::named_alone(registration, document.as_ref(), &holder_name)?;
        let opener = self.registration(&self.reader(), id).await?;
        touched(access, [&opener]);
        Ok(opener)
    }

    pub(super) async fn submit_next(
        &self,
        access: &Access,
        message: pb::SubmitNextRegistrationRequest,
    ) -> Result<pb::SubmitNextRegistrationResponse, Error> {
        let key = RequestKey::new(
            access.caller().as_str(),
            "SubmitNextRegistration",
            &message.request_id,
            &message,
        );
        if let Some(first) = access.first_answer(&key, &self.database).await? {
            return Ok(first);
        }
        let now = self.clock.now();
        let next = self.next(access, message, now)?;
        let last = self.proved(access, &next.proof, |_| true, now).await?;
        if last.is_active(now) {
            return self.first_answer_or(access, &key, Error::AlreadyRegistered).await;
        }
        let (proven, new) = (next.proof.document.key(), next.new.clone());
        let submission = self.declared_anew(&last, next, now)?;
        self.check_notice(&submission)?;

        self.once(access, &key, now, async |transaction| {
            let rows = self.rows(transaction);
            // As everybody who writes: the registration first, and then the key, which another document is sealed with.
            rows.lock(last.id).await?;
            // Whoever was erased meanwhile does not come back with what they declared.
            if rows.traveller_of_document(&proven).await? != Some(last.traveller) {
                return Err(Error::HolderNotFound);
            }
            if let Some(new) = &new {
                take_document(&rows, last.traveller, new, now).await?;
            }
            let registration = self.register(access, &rows, submission, now).await?;
            let of = registration.traveller;
            let registration = Some(wire::registration(&registration, now));
            Ok(Kept::about(of, pb::SubmitNextRegistrationResponse { registration }))
        })
        .await
    }

    fn next(
        &self,
        access: &Access,
        message: pb::SubmitNextRegistrationRequest,
        now: OffsetDateTime,
    ) -> Result<Next, Violations> {
        let pb::SubmitNextRegistrationRequest {
            request_id,
            document,
            holder_name,
            form,
            update_mask,
            acknowledged_notice_version,
            truth_declared,
            new_document,
        } = message;
        let mut violations = Violations::default();
        violations.collect(required_request_id(&request_id));
        let proof =
            violations.collect(self.proof(access, document.clone(), ("holder_name", holder_name), now));
        let rules = wire::document_rules(&self.form_rules(now));
        let new = new_document.clone().map(|new| wire::document("new_document", Some(new), rules));
        let new = new.and_then(|new| violations.collect(new));
        let named = update_mask.unwrap_or_default();
        let (mask, broken) = Mask::parse(&named, Takes::NextEntry);
        violations.extend(broken);
        if form.is_none() {
            violations.add("form", Rule::required());
        }
        violations.finish(|| {
            Some(Next {
                proof: proof?,
                document: new_document.or(document),
                new,
                changes: form?,
                paths: named.paths,
                mask,
                acknowledged_notice_version,
                truth_declared,
            })
        })
    }

    /// What was declared `last` with what is declared now, judged as any submission.
    fn declared_anew(
        &self,
        last: &Registration,
        next: Next,
        now: OffsetDateTime,
    ) -> Result<Submission, Violations> {
        let Next { proof, document, new, changes, paths, mask, acknowledged_notice_version, truth_declared } =
            next;
        let mut violations = Violations::default();
        let form = &last.declared.form;
        let mut begun = wire::form::render_next(form);
        if *new.as_ref().unwrap_or(&proof.document) != last.declared.document {
            begun.document_expire_date = String::new();
        }
        let shown = shown(&changes, &paths, &begun);
        let mut of_names = Violations::default();
        let begun = with_shown(begun, form.name(), &shown, &mut of_names);
        for violation in of_names.iter() {
            violations.add(format!("form.{}", violation.field), violation.rule.clone());
        }
        let merged = mask.merge(&begun, &changes);
        let rules = self.form_rules(now);
        let submission =
            wire::submission(document, Some(merged), acknowledged_notice_version, truth_declared, &rules);
        let submission = violations.collect(submission);
        violations.finish(|| submission)
    }
}

/// The names that `paths` name, as another document shows them.
fn shown(changes: &pb::RegistrationForm, paths: &[String], begun: &pb::RegistrationForm) -> Shown {
    let is_named = |field: &str| paths.iter().any(|path| path == field);
    let text = |field: &str, value: &String| if is_named(field) { value.clone() } else { String::new() };
    Shown {
        chinese_name: text("chinese_name", &changes.chinese_name),
        surname: text("surname", &changes.surname),
        given_names: text("given_names", &changes.given_names),
        single_name: is_named("single_name") && changes.single_name,
        document_expire_date: begun.document_expire_date.clone(),
    }
}
