//! Messages to domain values and back: the only place that names both.

mod access;
mod change;
mod correction;
pub(crate) mod form;
pub(crate) mod identity;
mod mask;
mod render;
mod verified;

use entrypass_document::{BrokenRule, Document, DocumentInput, DocumentType, Rules};
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::resource_id;
use entrypass_rule::{Rule, Text, Violation, Violations};
use uuid::Uuid;

pub(crate) use access::{access_record, traveller_id};
pub(crate) use change::change;
pub(crate) use correction::{
    CorrectionTarget, Review, correction, correction_id, correction_name, correction_state_word,
    correction_target, list_corrections, review,
};
pub(crate) use mask::Masked;
pub(crate) use render::{
    companion, companions, document_details, facts, group, holder, notice, registration, registration_name,
    revision, traveller_name,
};
pub(crate) use verified::verifications;

use crate::{bond::Relationship, form::FormRules, registration::Declared};

/// A declaration that somebody submits, for themselves or for a companion.
#[derive(Debug, Clone)]
pub(crate) struct Submission {
    pub(crate) declared: Declared,
    pub(crate) acknowledged_notice_version: String,
}

/// Reads a submission, with every violation of the document, the form and the declarations.
pub(crate) fn submission(
    document: Option<pb::Document>,
    form: Option<pb::RegistrationForm>,
    acknowledged_notice_version: String,
    truth_declared: bool,
    rules: &FormRules,
) -> Result<Submission, Violations> {
    let mut violations = Violations::default();
    let document = violations.collect(self::document("document", document, document_rules(rules)));
    let form = form.ok_or_else(|| Violation { field: "form".to_owned(), rule: Rule::required() }.into());
    let form = form.and_then(|form| form::parse(form, document.as_ref(), rules));
    let form = violations.collect(form);
    if acknowledged_notice_version.is_empty() {
        violations.add("acknowledged_notice_version", Rule::required());
    }
    if !truth_declared {
        let text = Text::new("须作出如实申报承诺", "the declaration of truth must be made");
        violations.add("truth_declared", Rule::new("NOT_DECLARED", text));
    }
    violations.finish(|| {
        let (document, form) = (document?, form?);
        let declared = Declared { document, form, form_version: crate::form::FORM_VERSION };
        Some(Submission { declared, acknowledged_notice_version })
    })
}

/// Reads the document at `field`.
pub(crate) fn document(
    field: &str,
    message: Option<pb::Document>,
    rules: Rules,
) -> Result<Document, Violations> {
    let Some(pb::Document { r#type, number, issuing_state }) = message else {
        return Err(Violation { field: field.to_owned(), rule: Rule::required() }.into());
    };
    let Some(document_type) = document_type(r#type) else {
        let text = Text::new("请选择证件类型", "choose a document type from the list");
        let mut violations = Violations::default();
        violations.add(format!("{field}.type"), Rule::new("DOCUMENT_TYPE_UNKNOWN", text));
        if number.trim().is_empty() {
            violations.add(format!("{field}.number"), BrokenRule::NumberRequired.into());
        }
        return Err(violations);
    };
    let input = DocumentInput { document_type, number: &number, issuing_state: &issuing_state };
    Document::parse(&input, rules).map_err(|broken| {
        let mut violations = Violations::default();
        for rule in broken {
            violations.add(format!("{field}.{}", rule.field()), rule.into());
        }
        violations
    })
}

/// The document rules that go with the form's.
pub(crate) fn document_rules(rules: &FormRules) -> Rules {
    Rules { today: rules.today, accept_specimens: rules.accept_specimens }
}

fn document_type(wire: i32) -> Option<DocumentType> {
    use pb::DocumentType as Wire;
    match Wire::try_from(wire).ok()? {
        Wire::Unspecified => None,
        Wire::ResidentIdCard => Some(DocumentType::ResidentIdCard),
        Wire::HkMacaoTravelPermit => Some(DocumentType::HkMacaoTravelPermit),
        Wire::HkMacaoTravelPermitNonChinese => Some(DocumentType::HkMacaoTravelPermitNonChinese),
        Wire::TaiwanTravelPermit => Some(DocumentType::TaiwanTravelPermit),
        Wire::Passport => Some(DocumentType::Passport),
        Wire::HkMacaoTaiwanResidencePermit => Some(DocumentType::HkMacaoTaiwanResidencePermit),
        Wire::ForeignPermanentResidentId => Some(DocumentType::ForeignPermanentResidentId),
        Wire::TravelDocument => Some(DocumentType::TravelDocument),
    }
}

/// Reads what a companion is to the holder.
pub(crate) fn relationship(wire: i32) -> Result<Relationship, Violations> {
    use pb::Relationship as Wire;
    match Wire::try_from(wire) {
        Ok(Wire::Parent) => Ok(Relationship::Parent),
        Ok(Wire::Child) => Ok(Relationship::Child),
        Ok(Wire::Spouse) => Ok(Relationship::Spouse),
        Ok(Wire::Relative) => Ok(Relationship::Relative),
        Ok(Wire::Colleague) => Ok(Relationship::Colleague),
        Ok(Wire::Other) => Ok(Relationship::Other),
        Ok(Wire::Unspecified) => {
            Err(Violation { field: "relationship".to_owned(), rule: Rule::required() }.into())
        }
        Err(_) => {
            let text = Text::new("请选择与登记人的关系", "choose a relationship from the list");
            let rule = Rule::new("UNKNOWN_VALUE", text);
            Err(Violation { field: "relationship".to_owned(), rule }.into())
        }
    }
}

/// Collections of resource names.
mod collection {
    pub(super) const COMPANIONS: &str = "companions";
    pub(super) const CORRECTIONS: &str = "corrections";
    pub(super) const REGISTRATIONS: &str = "registrations";
    pub(super) const TRAVELLERS: &str = "travellers";
}

/// Reads the resource name of a registration.
pub(crate) fn registration_id(name: &str) -> Result<Uuid, [Rule; 1]> {
    resource_id(collection::REGISTRATIONS, name)
}

/// Reads the resource name of a registration in a request that takes document and name instead.
pub(crate) fn named_alone(
    registration: &str,
    document: Option<&pb::Document>,
    holder_name: &str,
) -> Result<Uuid, Violations> {
    if document.is_some() || !holder_name.is_empty() {
        let text = Text::new("资源名与证件不能同时提供", "give a resource name or a document, not both");
        let rule = Rule::new("EXCLUDED", text);
        return Err(Violation { field: "registration".to_owned(), rule }.into());
    }
    Violations::at("registration", registration_id(registration))
}

/// Most registrations that one call asks for at once.
const BATCH_LIMIT: usize = 100;

/// Reads the `registrations` of a request that has no other field, with every violation.
pub(crate) fn registration_ids(registrations: &[String]) -> Result<Vec<Uuid>, Violations> {
    let mut violations = Violations::default();
    if !(1..=BATCH_LIMIT).contains(&registrations.len()) {
        violations.add("registrations", Rule::new("LENGTH", Text::new("须为1至100项", "1 to 100 names")));
        return Err(violations);
    }
    let read = |(position, name): (usize, &String)| {
        violations.take(&format!("registrations[{position}]"), registration_id(name))
    };
    let ids = registrations.iter().enumerate().filter_map(read).collect();
    violations.finish(|| Some(ids))
}

/// Whose facts are asked for.
pub(crate) enum FactsOf {
    Registrations(Vec<Uuid>),
    Travellers(Vec<Uuid>),
}

/// Reads whose facts are asked for, with every violation.
pub(crate) fn parse_facts(message: &pb::BatchGetRegistrationFactsRequest) -> Result<FactsOf, Violations> {
    let pb::BatchGetRegistrationFactsRequest { registrations, travellers } = message;
    if travellers.is_empty() {
        return registration_ids(registrations).map(FactsOf::Registrations);
    }
    let mut violations = Violations::default();
    if !registrations.is_empty() {
        let text = Text::new("登记与人员不能同时提供", "give registrations or travellers, not both");
        violations.add("travellers", Rule::new("EXCLUDED", text));
    }
    if travellers.len() > BATCH_LIMIT {
        violations.add("travellers", Rule::new("LENGTH", Text::new("须为1至100项", "1 to 100 names")));
    }
    let read = |(position, name): (usize, &String)| {
        violations.take(&format!("travellers[{position}]"), resource_id(collection::TRAVELLERS, name))
    };
    let ids = travellers.iter().take(BATCH_LIMIT).enumerate().filter_map(read).collect();
    violations.finish(|| Some(FactsOf::Travellers(ids)))
}

/// Reads the resource name of a bond.
pub(crate) fn companion_id(name: &str) -> Result<Uuid, [Rule; 1]> {
    resource_id(collection::COMPANIONS, name)
}

/// A person as a request names them: by their own name, or by that of a registration of theirs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PersonName {
    Traveller(Uuid),
    Registration(Uuid),
}

/// Reads whom a request is about.
pub(crate) fn person_name(traveller: &str, registration: &str) -> Result<PersonName, Violations> {
    if traveller.is_empty() {
        return Violations::at("registration", registration_id(registration)).map(PersonName::Registration);
    }
    if !registration.is_empty() {
        let text = Text::new("人员与登记只能提供一项", "give a traveller or a registration, not both");
        let rule = Rule::new("EXCLUDED", text);
        return Err(Violation { field: "registration".to_owned(), rule }.into());
    }
    Violations::at("traveller", resource_id(collection::TRAVELLERS, traveller)).map(PersonName::Traveller)
}

/// Reads a text that must be there.
pub(crate) fn required_text(field: &str, text: &str) -> Result<(), Violations> {
    if text.trim().is_empty() {
        return Err(Violation { field: field.to_owned(), rule: Rule::required() }.into());
    }
    Ok(())
}
