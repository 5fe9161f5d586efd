//! Domain values as messages.

use entrypass_ambient::city_date;
use entrypass_document::{Document, DocumentType, Sex};
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::{resource_name, timestamp};
use entrypass_rule::Language;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{collection, form};
use crate::{
    bond::{Companion, CompanionState, Relationship},
    correction::Remark,
    form::{Form, date, health::HealthDeclaration},
    notice::Notice,
    registration::{Declared, Registration, Revision, RevisionKind, StoredState},
};

pub(crate) fn registration_name(id: Uuid) -> String {
    resource_name(collection::REGISTRATIONS, id)
}

pub(crate) fn traveller_name(id: Uuid) -> String {
    resource_name(collection::TRAVELLERS, id)
}

pub(crate) fn registration(of: &Registration, now: OffsetDateTime) -> pb::Registration {
    let declared = &of.declared;
    pb::Registration {
        name: registration_name(of.id),
        reference: of.reference.clone(),
        revision: i32::from(of.revision),
        etag: of.etag(),
        state: state(of.state(now)).into(),
        traveller: traveller_name(of.traveller),
        document: Some(document(&declared.document)),
        masked_number: declared.document.masked_number(),
        form: Some(form::render(&declared.form)),
        form_version: declared.form_version,
        notice_version: of.notice_version.clone(),
        create_time: Some(timestamp(of.create_time)),
        update_time: Some(timestamp(of.update_time)),
        expire_time: Some(timestamp(of.expire_time)),
        verified_time: of.verified_time.map(timestamp),
    }
}

/// What neighbours are told of a registration that has declared a fever since `fever_since`, if it declares one, and whose person is `guarded` or not.
pub(crate) fn facts(
    of: &Registration,
    fever_since: Option<OffsetDateTime>,
    guarded: bool,
    now: OffsetDateTime,
) -> pb::GetRegistrationFactsResponse {
    let Form { identity, entry, health, .. } = &of.declared.form;
    pb::GetRegistrationFactsResponse {
        registration: registration_name(of.id),
        traveller: traveller_name(of.traveller),
        state: state(of.state(now)).into(),
        revision: i32::from(of.revision),
        document_type: document_type(of.declared.document.document_type()).into(),
        expire_time: Some(timestamp(of.expire_time)),
        home_division: of.declared.document.home_division().unwrap_or_default().to_owned(),
        fever_declared: of.declared.declares_fever(),
        fever_declared_time: fever_since.map(timestamp),
        health_declared: health.is_some(),
        symptoms_declared: health.as_ref().is_some_and(HealthDeclaration::declares_other_symptoms),
        entry_date: entry.entry_date.to_string(),
        age: Some(date::age(identity.birth_date, city_date(now))),
        guardian_declared: Some(guarded),
    }
}

/// The group of `holder`, if there is such a registration, with its `bonds`.
pub(crate) fn group<'a>(
    holder: Option<&Registration>,
    bonds: impl Iterator<Item = &'a Companion>,
    now: OffsetDateTime,
) -> pb::TravelGroup {
    let companion = |bond: &Companion| pb::TravelGroupCompanion {
        relationship: relationship(bond.relationship).into(),
        member: Some(member(&bond.registration, now)),
    };
    pb::TravelGroup {
        holder: holder.map(|holder| member(holder, now)),
        companions: bonds.map(companion).collect(),
    }
}

fn member(of: &Registration, now: OffsetDateTime) -> pb::TravelGroupMember {
    let Declared { document, form, .. } = &of.declared;
    pb::TravelGroupMember {
        registration: registration_name(of.id),
        state: state(of.state(now)).into(),
        revision: i32::from(of.revision),
        expire_time: Some(timestamp(of.expire_time)),
        masked_name: form.name().masked(),
        document_type: document_type(document.document_type()).into(),
        masked_number: document.masked_number(),
        verified_time: of.verified_time.map(timestamp),
    }
}

pub(crate) fn revision(of: Revision) -> pb::RegistrationRevision {
    let Revision { number, kind, changed_paths, declared, create_time, correction_reason } = of;
    pb::RegistrationRevision {
        revision: i32::from(number),
        kind: revision_kind(kind).into(),
        changed_paths,
        document: Some(document(&declared.document)),
        form: Some(form::render(&declared.form)),
        form_version: declared.form_version,
        create_time: Some(timestamp(create_time)),
        correction_reason: correction_reason.as_ref().map(Remark::as_str).unwrap_or_default().to_owned(),
    }
}

pub(crate) fn companions(of: &[Companion]) -> Vec<pb::Companion> {
    of.iter().map(companion).collect()
}

pub(crate) fn companion(of: &Companion) -> pb::Companion {
    let bound = &of.registration;
    pb::Companion {
        name: resource_name(collection::COMPANIONS, of.id),
        relationship: relationship(of.relationship).into(),
        state: companion_state(of.state).into(),
        registration: registration_name(bound.id),
        reference: bound.reference.clone(),
        revision: i32::from(bound.revision),
        expire_time: Some(timestamp(bound.expire_time)),
        display_name: of.display_name.clone(),
        document_type: document_type(bound.declared.document.document_type()).into(),
        masked_number: bound.declared.document.masked_number(),
        create_time: Some(timestamp(of.create_time)),
        confirmation_expire_time: of.confirmation_expire_time.map(timestamp),
        guardian_declare_time: of.guardian_declare_time.map(timestamp),
    }
}

/// A bond as the companion's side sees it: of its holder no more than a checkpoint.
pub(crate) fn holder((of, holder): &(Companion, Registration)) -> pb::Holder {
    pb::Holder {
        name: resource_name(collection::COMPANIONS, of.id),
        relationship: relationship(of.relationship).into(),
        state: companion_state(of.state).into(),
        masked_name: holder.declared.form.name().masked(),
        display_name: of.display_name.clone(),
        create_time: Some(timestamp(of.create_time)),
        confirmation_expire_time: of.confirmation_expire_time.map(timestamp),
        guardian_declare_time: of.guardian_declare_time.map(timestamp),
    }
}

pub(crate) fn notice(of: &Notice, language: Language) -> pb::Notice {
    let text = of.text(language);
    pb::Notice {
        version: of.version().to_owned(),
        language: language.tag().to_owned(),
        title: text.title.clone(),
        paragraphs: text.paragraphs.clone(),
    }
}

pub(crate) fn document_details(of: &Document) -> pb::DocumentDetails {
    let kind = of.document_type();
    let name = kind.name();
    pb::DocumentDetails {
        r#type: document_type(kind).into(),
        number: of.number().to_owned(),
        issuing_state: issuing_state(of),
        masked_number: of.masked_number(),
        gat_code: kind.gat_code().to_owned(),
        type_name_zh_cn: name.in_language(Language::ZhCn).to_owned(),
        type_name_en: name.in_language(Language::En).to_owned(),
        birth_date: of.birth_date().map(|date| date.to_string()).unwrap_or_default(),
        sex: of.sex().map_or(pb::Sex::Unspecified, sex).into(),
    }
}

pub(super) fn document(of: &Document) -> pb::Document {
    pb::Document {
        r#type: document_type(of.document_type()).into(),
        number: of.number().to_owned(),
        issuing_state: issuing_state(of),
    }
}

fn issuing_state(of: &Document) -> String {
    of.issuing_state().map(|state| state.as_str().to_owned()).unwrap_or_default()
}

fn sex(of: Sex) -> pb::Sex {
    match of {
        Sex::Male => pb::Sex::Male,
        Sex::Female => pb::Sex::Female,
    }
}

fn document_type(of: DocumentType) -> pb::DocumentType {
    use pb::DocumentType as Wire;
    match of {
        DocumentType::ResidentIdCard => Wire::ResidentIdCard,
        DocumentType::HkMacaoTravelPermit => Wire::HkMacaoTravelPermit,
        DocumentType::HkMacaoTravelPermitNonChinese => Wire::HkMacaoTravelPermitNonChinese,
        DocumentType::TaiwanTravelPermit => Wire::TaiwanTravelPermit,
        DocumentType::Passport => Wire::Passport,
        DocumentType::HkMacaoTaiwanResidencePermit => Wire::HkMacaoTaiwanResidencePermit,
        DocumentType::ForeignPermanentResidentId => Wire::ForeignPermanentResidentId,
        DocumentType::TravelDocument => Wire::TravelDocument,
    }
}

pub(super) fn state(of: StoredState) -> pb::RegistrationState {
    match of {
        StoredState::Active => pb::RegistrationState::Active,
        StoredState::Expired => pb::RegistrationState::Expired,
        StoredState::Cancelled => pb::RegistrationState::Cancelled,
    }
}

fn revision_kind(of: RevisionKind) -> pb::registration_revision::Kind {
    use pb::registration_revision::Kind;
    match of {
        RevisionKind::Registered => Kind::Registered,
        RevisionKind::Amended => Kind::Amended,
        RevisionKind::DocumentReplaced => Kind::DocumentReplaced,
        RevisionKind::Corrected => Kind::Corrected,
        RevisionKind::Cancelled => Kind::Cancelled,
    }
}

fn relationship(of: Relationship) -> pb::Relationship {
    match of {
        Relationship::Parent => pb::Relationship::Parent,
        Relationship::Child => pb::Relationship::Child,
        Relationship::Spouse => pb::Relationship::Spouse,
        Relationship::Relative => pb::Relationship::Relative,
        Relationship::Colleague => pb::Relationship::Colleague,
        Relationship::Other => pb::Relationship::Other,
    }
}

fn companion_state(of: CompanionState) -> pb::CompanionState {
    match of {
        CompanionState::Pending => pb::CompanionState::Pending,
        CompanionState::Confirmed => pb::CompanionState::Confirmed,
    }
}
