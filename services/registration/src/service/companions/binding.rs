//! Reading what somebody asks who binds a companion.

use entrypass_ambient::city_date;
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::{Call, required_request_id};
use entrypass_rule::{Rule, Text, Violations, calendar_date};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::super::{Registrations, proof::Proof};
use crate::{
    bond::{self, Relationship},
    error::Error,
    form::FormRules,
    registration::{ChangeRefused, Registration},
    wire::{self, Submission, form::SharedPaths},
};

/// Somebody whom a holder wants to bind.
pub(super) struct Binding {
    pub(super) holder: Uuid,
    pub(super) terms: Terms,
    pub(super) who: Who,
}

/// What the holder's side says of itself and the companion.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    pub(super) relationship: Relationship,
    /// Whether a guardian's declaration was made.
    pub(super) declared: bool,
}

/// Who is bound.
pub(super) enum Who {
    /// Somebody registered: document and name must both fit.
    Registered(Proof),
    /// Somebody new, whom the holder registers.
    New(Box<Submission>),
}

/// What is given of somebody new.
struct Declaration {
    document: Option<pb::Document>,
    form: pb::RegistrationForm,
    shared_paths: prost_types::FieldMask,
    acknowledged_notice_version: String,
    truth_declared: bool,
}

impl Registrations {
    /// The holder's registration, if something of its form is to be shared.
    pub(super) async fn shared_from(
        &self,
        message: &pb::BindCompanionRequest,
        now: OffsetDateTime,
    ) -> Result<Option<Registration>, Error> {
        let shares = message.shared_paths.as_ref().is_some_and(|shared| !shared.paths.is_empty());
        // What is wrong with the name is told with everything else.
        let (true, Ok(id)) = (shares, wire::registration_id(&message.registration)) else { return Ok(None) };
        let holder = self.registration(&self.reader(), id).await?;
        if holder.is_active(now) { Ok(Some(holder)) } else { Err(ChangeRefused::NotActive.into()) }
    }

    /// Reads a request, with all that is wrong with it; `holder` is the one from whose form something is taken.
    pub(super) fn binding(
        &self,
        call: &Call,
        message: pb::BindCompanionRequest,
        holder: Option<&Registration>,
        now: OffsetDateTime,
    ) -> Result<Binding, Violations> {
        let pb::BindCompanionRequest {
            request_id,
            registration,
            relationship,
            document,
            companion_name,
            form,
            acknowledged_notice_version,
            truth_declared,
            guardian_declaration,
            shared_paths,
        } = message;
        let shared_paths = shared_paths.unwrap_or_default();
        let declared = guardian_declaration.map(|declaration| declaration.responsible);
        let mut violations = Violations::default();
        violations.collect(required_request_id(&request_id));
        let id = violations.take("registration", wire::registration_id(&registration));
        let relationship = violations.collect(wire::relationship(relationship));
        let birth = form.as_ref().and_then(|form| calendar_date(&form.birth_date).ok());
        violations.extend(guardian_violations(birth, declared, relationship, city_date(now)));
        let who = if let Some(form) = form {
            violations.extend(excluded(!companion_name.is_empty(), "companion_name", name_beside_form));
            let declaration =
                Declaration { document, form, shared_paths, acknowledged_notice_version, truth_declared };
            declaration.read(holder, &self.form_rules(now)).map(|submission| Who::New(Box::new(submission)))
        } else {
            violations.extend(excluded(!shared_paths.paths.is_empty(), "shared_paths", shared_without_form));
            self.proof(call, document, ("companion_name", companion_name), now).map(Who::Registered)
        };
        let who = violations.collect(who);
        let declared = declared == Some(true);
        violations.finish(|| {
            let terms = Terms { relationship: relationship?, declared };
            Some(Binding { holder: id?, terms, who: who? })
        })
    }
}

impl Declaration {
    /// Reads the form of somebody new, with what is shared taken from that of `holder`.
    fn read(self, holder: Option<&Registration>, rules: &FormRules) -> Result<Submission, Violations> {
        let Self { document, form, shared_paths, acknowledged_notice_version, truth_declared } = self;
        let mut violations = Violations::default();
        let (shared, broken) = SharedPaths::parse(&shared_paths);
        violations.extend(broken);
        let filled = holder.map(|holder| shared.fill(&form, &holder.declared.form));
        let (form, given_twice) = filled.unwrap_or((form, Violations::default()));
        violations.extend(given_twice);
        let submission =
            wire::submission(document, Some(form), acknowledged_notice_version, truth_declared, rules);
        let submission = violations.collect(submission);
        violations.finish(|| submission)
    }
}

/// What is wrong with the declaration about somebody born on `birth`, if that could be read; of whoever is registered it is read later.
fn guardian_violations(
    birth: Option<Date>,
    declared: Option<bool>,
    relationship: Option<Relationship>,
    today: Date,
) -> Violations {
    let needed = birth.map(|birth| bond::needs_guardian(birth, today));
    bond::guardian_violations(needed, declared, relationship)
}

/// The violation at `field`, if it was given although something else excludes it.
fn excluded(given: bool, field: &str, text: fn() -> Text) -> Violations {
    let mut violations = Violations::default();
    if given {
        violations.add(field, Rule::new("EXCLUDED", text()));
    }
    violations
}

fn name_beside_form() -> Text {
    Text::new("已填写登记信息的，无须再填姓名", "leave this empty beside a form, which has the name")
}

fn shared_without_form() -> Text {
    Text::new("仅为新同行人填写登记信息时使用", "only with the form of somebody new")
}
