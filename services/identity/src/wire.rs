//! Messages to domain values and back: the only place that names both.

use entrypass_document::{Country, Document, DocumentInput, DocumentType, Rules, Sex};
use entrypass_proto::{
    identity::v1::{VerifyIdentityRequest, VerifyIdentityResponse},
    registration::v1 as pb,
};
use entrypass_rpc::required_request_id;
use entrypass_rule::{Language, Rule, Text, Violations, calendar_date};
use time::Date;

use crate::verification::{Check, Claim, Finding, Names, Outcome, Strength, Verification};

/// Most bytes of evidence.
const MOST_EVIDENCE: usize = 4096;

/// Reads who somebody declares to be and which strength is wanted, with every violation. Evidence proves nothing here, and is dropped.
pub(crate) fn parse(message: VerifyIdentityRequest, today: Date) -> Result<(Claim, Strength), Violations> {
    let VerifyIdentityRequest {
        request_id,
        strength,
        document,
        chinese_name,
        surname,
        given_names,
        sex,
        birth_date,
        nationality,
        evidence,
    } = message;
    let mut violations = Violations::default();
    violations.collect(required_request_id(&request_id));
    let wanted = violations.take("strength", self::strength(strength));
    let document = violations.collect(self::document(document, today));
    let given = |name: &str| !name.trim().is_empty();
    let names = Names { chinese: given(&chinese_name), latin: given(&surname) || given(&given_names) };
    let sex = violations.take("sex", self::sex(sex));
    let birth_date = violations.take("birth_date", calendar_date(&birth_date));
    let nationality = violations.take("nationality", country(&nationality));
    if evidence.len() > MOST_EVIDENCE {
        violations.add("evidence", Rule::new("LENGTH", Text::new("最多4096字节", "at most 4096 bytes")));
    }
    violations.finish(|| {
        let (document, sex) = (document?, sex?);
        let claim = Claim { document, names, sex, birth_date: birth_date?, nationality: nationality? };
        Some((claim, wanted?))
    })
}

fn strength(wire: i32) -> Result<Strength, [Rule; 1]> {
    match pb::IdentityStrength::try_from(wire) {
        Ok(pb::IdentityStrength::Formal) => Ok(Strength::Formal),
        Ok(pb::IdentityStrength::RealName) => Ok(Strength::RealName),
        Ok(pb::IdentityStrength::RealPerson) => Ok(Strength::RealPerson),
        Ok(pb::IdentityStrength::Unspecified) => Err([Rule::required()]),
        Err(_) => Err([not_listed()]),
    }
}

fn document(message: Option<pb::Document>, today: Date) -> Result<Document, Violations> {
    let Some(pb::Document { r#type, number, issuing_state }) = message else {
        return Violations::at("document", Err([Rule::required()]));
    };
    let Some(document_type) = document_type(r#type) else {
        let text = Text::new("请选择证件类型", "choose a document type from the list");
        return Violations::at("document.type", Err([Rule::new("DOCUMENT_TYPE_UNKNOWN", text)]));
    };
    let input = DocumentInput { document_type, number: &number, issuing_state: &issuing_state };
    // Whether specimens are taken the registration service has decided, which has taken this one.
    Document::parse(&input, Rules { today, accept_specimens: true }).map_err(|broken| {
        let mut violations = Violations::default();
        for rule in broken {
            violations.add(format!("document.{}", rule.field()), rule.into());
        }
        violations
    })
}

/// By its stable name, which stands in the contract behind a prefix.
fn document_type(wire: i32) -> Option<DocumentType> {
    let name = pb::DocumentType::try_from(wire).ok()?.as_str_name();
    DocumentType::parse(name.strip_prefix("DOCUMENT_TYPE_")?)
}

fn sex(wire: i32) -> Result<Option<Sex>, [Rule; 1]> {
    match pb::Sex::try_from(wire) {
        Ok(pb::Sex::Male) => Ok(Some(Sex::Male)),
        Ok(pb::Sex::Female) => Ok(Some(Sex::Female)),
        Ok(pb::Sex::NotStated) => Ok(None),
        Ok(pb::Sex::Unspecified) => Err([Rule::required()]),
        Err(_) => Err([not_listed()]),
    }
}

fn country(code: &str) -> Result<Country, [Rule; 1]> {
    match code.trim() {
        "" => Err([Rule::required()]),
        code => Country::parse(code, true).ok_or_else(|| [not_listed()]),
    }
}

fn not_listed() -> Rule {
    Rule::new("UNKNOWN_VALUE", Text::new("不在规定的取值范围内", "must be a value of the published list"))
}

pub(crate) fn render(of: &Verification) -> VerifyIdentityResponse {
    let outcome = match of.outcome {
        Outcome::Verified => pb::IdentityOutcome::Verified,
        Outcome::Mismatch => pb::IdentityOutcome::Mismatch,
        Outcome::CannotVerify => pb::IdentityOutcome::CannotVerify,
    };
    let strength = match of.reached {
        None => pb::IdentityStrength::Unspecified,
        Some(Strength::Formal) => pb::IdentityStrength::Formal,
        Some(Strength::RealName) => pb::IdentityStrength::RealName,
        Some(Strength::RealPerson) => pb::IdentityStrength::RealPerson,
    };
    let checks = of.checks.iter().map(check).collect();
    VerifyIdentityResponse { outcome: outcome.into(), strength: strength.into(), checks }
}

fn check(of: &Check) -> pb::IdentityCheck {
    let result = match of.finding {
        Finding::Agrees => pb::identity_check::Result::Passed,
        Finding::Disagrees => pb::identity_check::Result::Failed,
        Finding::NotLookedAt => pb::identity_check::Result::NotPerformed,
    };
    let text = of.text();
    pb::IdentityCheck {
        check: of.subject.name().to_owned(),
        result: result.into(),
        text_zh_cn: text.in_language(Language::ZhCn).to_owned(),
        text_en: text.in_language(Language::En).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use entrypass_document::DocumentType;
    use entrypass_proto::registration::v1 as pb;

    use super::document_type;

    #[test]
    fn every_document_type_of_the_contract_is_known_by_its_name() {
        let known: Vec<_> = (1..=8).filter_map(document_type).collect();
        assert_eq!(known.len(), DocumentType::ALL.len());
        assert_eq!(document_type(pb::DocumentType::Passport.into()), Some(DocumentType::Passport));
        for unknown in [-1, 0, 9] {
            assert_eq!(document_type(unknown), None, "{unknown}");
        }
    }
}
