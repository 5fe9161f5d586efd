//! What document and declaration say of each other. Pure, and no more than formal: somebody who invents a person with care passes.

use entrypass_document::{Country, Document, Sex};
use entrypass_rule::Text;
use time::Date;

/// How much a verification proves; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// What the number and the declaration say of each other.
    Formal,
    /// Number and name are in the authority's register.
    RealName,
    /// Whoever applies is that person.
    RealPerson,
}

/// Who somebody declares to be. The number keeps the rules of its type, or there would be no [`Document`].
pub(crate) struct Claim {
    pub(crate) document: Document,
    pub(crate) names: Names,
    /// `None` where the document states neither of the two.
    pub(crate) sex: Option<Sex>,
    pub(crate) birth_date: Date,
    pub(crate) nationality: Country,
}

/// In which scripts there is a name. What it is, nobody can say without a register.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names {
    pub(crate) chinese: bool,
    pub(crate) latin: bool,
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verification {
    pub(crate) outcome: Outcome,
    /// What was reached; `None` where something does not agree.
    pub(crate) reached: Option<Strength>,
    pub(crate) checks: Vec<Check>,
}

/// The verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Verified,
    Mismatch,
    CannotVerify,
}

/// One thing that was looked at, or was not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) subject: Subject,
    pub(crate) finding: Finding,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The number by itself.
    Number,
    Name,
    BirthDate,
    Sex,
    Nationality,
    /// Whether the authority knows number and name.
    Register,
    /// Whether whoever applies is that person.
    Person,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finding {
    Agrees,
    Disagrees,
    /// The number says nothing about it, or nobody was asked.
    NotLookedAt,
}

/// Compares `claim` with itself, and says whether that is as much as is `wanted`.
pub(crate) fn verify(claim: &Claim, wanted: Strength) -> Verification {
    let checks = checks(claim);
    let disagrees = checks.iter().any(|check| check.finding == Finding::Disagrees);
    let (outcome, reached) = match wanted {
        _ if disagrees => (Outcome::Mismatch, None),
        Strength::Formal => (Outcome::Verified, Some(Strength::Formal)),
        Strength::RealName | Strength::RealPerson => (Outcome::CannotVerify, Some(Strength::Formal)),
    };
    Verification { outcome, reached, checks }
}

fn checks(claim: &Claim) -> Vec<Check> {
    let Claim { document, names, sex, birth_date, nationality } = claim;
    let has_name = if document.document_type().shows_chinese_name() { names.chinese } else { names.latin };
    let agrees = |agrees| if agrees { Finding::Agrees } else { Finding::Disagrees };
    // What a number does not encode it cannot contradict.
    let encoded = |encodes: bool, allows| if encodes { agrees(allows) } else { Finding::NotLookedAt };
    let birth_date = encoded(document.birth_date().is_some(), document.allows_birth_date(*birth_date));
    let found = [
        (Subject::Number, Finding::Agrees),
        (Subject::Name, agrees(has_name)),
        (Subject::BirthDate, birth_date),
        (Subject::Sex, encoded(document.sex().is_some(), document.allows_sex(*sex))),
        (Subject::Nationality, agrees(document.allows_nationality(*nationality))),
        (Subject::Register, Finding::NotLookedAt),
        (Subject::Person, Finding::NotLookedAt),
    ];
    found.into_iter().map(|(subject, finding)| Check { subject, finding }).collect()
}

impl Subject {
    /// For machines.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Number => "NUMBER",
            Self::Name => "NAME_AGAINST_TYPE",
            Self::BirthDate => "BIRTH_DATE_AGAINST_NUMBER",
            Self::Sex => "SEX_AGAINST_NUMBER",
            Self::Nationality => "NATIONALITY_AGAINST_TYPE",
            Self::Register => "REGISTER",
            Self::Person => "PERSON",
        }
    }
}

impl Check {
    /// For people. Names no value.
    pub(crate) fn text(&self) -> Text {
        let (zh_cn, en) = match self.subject {
            Subject::Number => (
                "证件号码符合该类证件的编号规则（有校验码的，校验码正确）。",
                "The number keeps the rules of its type, a check character included where there is one.",
            ),
            Subject::Name => self.name_text(),
            Subject::BirthDate => self.birth_date_text(),
            Subject::Sex => self.sex_text(),
            Subject::Nationality => self.nationality_text(),
            Subject::Register => (
                "未向任何登记机构查询：不能确认证件号码与姓名是否真实、一致。",
                "No register was asked: nobody knows whether number and name are real, or belong together.",
            ),
            Subject::Person => (
                "未核验申请人本人：不能确认申请人就是证件持有人。",
                "Nobody looked at the applicant: it is not known whether they are the holder.",
            ),
        };
        Text::new(zh_cn, en)
    }

    fn name_text(&self) -> (&'static str, &'static str) {
        match self.finding {
            Finding::Disagrees => {
                ("缺少该类证件应载明的姓名。", "The name that this type of document shows is missing.")
            }
            Finding::Agrees | Finding::NotLookedAt => (
                "已填写该类证件应载明的姓名；未向任何机构核实。",
                "The name that this type of document shows is given; nobody was asked whether it is right.",
            ),
        }
    }

    fn birth_date_text(&self) -> (&'static str, &'static str) {
        match self.finding {
            Finding::Agrees => {
                ("出生日期与证件号码一致。", "The birth date is the one that the number encodes.")
            }
            Finding::Disagrees => {
                ("出生日期与证件号码不一致。", "The birth date is not the one that the number encodes.")
            }
            Finding::NotLookedAt => {
                ("该类证件号码不含出生日期，无法比对。", "Numbers of this type encode no birth date.")
            }
        }
    }

    fn sex_text(&self) -> (&'static str, &'static str) {
        match self.finding {
            Finding::Agrees => ("性别与证件号码一致。", "The sex is the one that the number encodes."),
            Finding::Disagrees => {
                ("性别与证件号码不一致。", "The sex is not the one that the number encodes.")
            }
            Finding::NotLookedAt => {
                ("该类证件号码不含性别，无法比对。", "Numbers of this type encode no sex.")
            }
        }
    }

    fn nationality_text(&self) -> (&'static str, &'static str) {
        match self.finding {
            Finding::Disagrees => (
                "国籍（地区）与该证件不符。",
                "A document of this type and number is not issued to this nationality.",
            ),
            Finding::Agrees | Finding::NotLookedAt => {
                ("国籍（地区）与该证件相符。", "The nationality fits the document.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use entrypass_document::{Country, Document, DocumentInput, DocumentType, Rules, Sex};
    use entrypass_rule::Language;
    use time::macros::date;

    use super::{Claim, Finding, Names, Outcome, Strength, Subject, verify};

    fn document(document_type: DocumentType, number: &str, issuing_state: &str) -> Document {
        let rules = Rules { today: date!(2026 - 11 - 23), accept_specimens: false };
        Document::parse(&DocumentInput { document_type, number, issuing_state }, rules).expect("a number")
    }

    /// 王小明 as his number has him.
    fn wang() -> Claim {
        Claim {
            document: document(DocumentType::ResidentIdCard, "440699198501010016", ""),
            names: Names { chinese: true, latin: false },
            sex: Some(Sex::Male),
            birth_date: date!(1985 - 01 - 01),
            nationality: Country::CHN,
        }
    }

    fn smith() -> Claim {
        Claim {
            document: document(DocumentType::Passport, "X0000001", "GBR"),
            names: Names { chinese: false, latin: true },
            sex: None,
            nationality: Country::parse("GBR", false).expect("a country"),
            ..wang()
        }
    }

    fn finding(claim: &Claim, subject: Subject) -> Finding {
        let checks = verify(claim, Strength::Formal).checks;
        checks.iter().find(|check| check.subject == subject).expect("looked at").finding
    }

    #[test]
    fn what_agrees_is_verified_as_far_as_form_goes_and_no_further() {
        for claim in [wang(), smith()] {
            let formal = verify(&claim, Strength::Formal);
            assert_eq!((formal.outcome, formal.reached), (Outcome::Verified, Some(Strength::Formal)));
            for wanted in [Strength::RealName, Strength::RealPerson] {
                let more = verify(&claim, wanted);
                assert_eq!((more.outcome, more.reached), (Outcome::CannotVerify, Some(Strength::Formal)));
                assert_eq!(more.checks, formal.checks);
            }
        }
    }

    #[test]
    fn whatever_contradicts_the_document_is_a_mismatch_at_every_strength() {
        let cases = [
            (Subject::BirthDate, Claim { birth_date: date!(1985 - 01 - 02), ..wang() }),
            (Subject::Sex, Claim { sex: Some(Sex::Female), ..wang() }),
            (Subject::Sex, Claim { sex: None, ..wang() }),
            (Subject::Nationality, Claim { nationality: Country::HKG, ..wang() }),
            (Subject::Name, Claim { names: Names { chinese: false, latin: true }, ..wang() }),
            (Subject::Name, Claim { names: Names { chinese: true, latin: false }, ..smith() }),
        ];
        for (subject, claim) in cases {
            for wanted in [Strength::Formal, Strength::RealName, Strength::RealPerson] {
                let found = verify(&claim, wanted);
                assert_eq!((found.outcome, found.reached), (Outcome::Mismatch, None), "{subject:?}");
                let wrong = found.checks.iter().filter(|check| check.finding == Finding::Disagrees);
                assert_eq!(wrong.map(|check| check.subject).collect::<Vec<_>>(), [subject]);
            }
        }
    }

    #[test]
    fn what_a_number_does_not_encode_is_not_compared() {
        assert_eq!(finding(&wang(), Subject::BirthDate), Finding::Agrees);
        assert_eq!(finding(&wang(), Subject::Sex), Finding::Agrees);
        assert_eq!(finding(&smith(), Subject::BirthDate), Finding::NotLookedAt);
        assert_eq!(finding(&smith(), Subject::Sex), Finding::NotLookedAt);
    }

    #[test]
    fn it_says_that_nobody_was_asked() {
        let checks = verify(&wang(), Strength::Formal).checks;
        let unasked: Vec<_> = checks.iter().filter(|check| check.finding == Finding::NotLookedAt).collect();
        let subjects: Vec<_> = unasked.iter().map(|check| check.subject).collect();
        assert_eq!(subjects, [Subject::Register, Subject::Person]);
        assert!(unasked[0].text().in_language(Language::En).starts_with("No register was asked"));
        assert!(unasked[0].text().in_language(Language::ZhCn).starts_with("未向任何登记机构查询"));
    }
}
