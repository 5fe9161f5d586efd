//! How each rule is told to people, in Simplified Chinese and English.
//!
//! A text names the rule and its limits. It never holds any part of the number, so it may be logged.

use crate::birth_date::MAX_AGE;
use crate::normalise::MAX_RAW_CHARS;
use crate::{BrokenRule, DocumentType};
use entrypass_rule::Text;

impl BrokenRule {
    /// The rule for people.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::NumberRequired => Text::new("请填写证件号码。", "Enter the document number."),
            Self::InputTooLong => Text::new(
                format!("证件号码连同空格和连字符最多 {MAX_RAW_CHARS} 个字符。"),
                format!(
                    "A document number has at most {MAX_RAW_CHARS} characters, blanks and hyphens included."
                ),
            ),
            Self::NumberLength(of) => length(of),
            Self::NumberCharacter(of) => characters(of),
            Self::NumberForm(of) => form(of),
            Self::FirstGeneration => Text::new(
                "15 位号码属于已停用的第一代居民身份证，请填写第二代居民身份证的 18 位号码。",
                "A number of 15 digits is that of a first-generation Resident Identity Card, which is no longer \
                 valid. Enter the 18 characters of the second-generation card.",
            ),
            Self::NumberProvince(of) => province(of),
            Self::Nationality => Text::new(
                "号码中的国籍代码应为中国以外的国家（ISO 3166-1）。",
                "The nationality code in the number must be that of a country other than China (ISO 3166-1).",
            ),
            Self::BirthDate => Text::new(
                "号码中的出生日期不存在，请核对年、月、日。",
                "The birth date in the number does not exist. Compare year, month and day with the document.",
            ),
            Self::BirthInFuture => {
                Text::new("号码中的出生日期晚于今天。", "The birth date in the number lies in the future.")
            }
            Self::BirthTooEarly => Text::new(
                format!("号码中的出生日期表示年龄超过 {MAX_AGE} 岁。"),
                format!("By the birth date in the number the holder would be older than {MAX_AGE} years."),
            ),
            Self::CheckCharacter => Text::new(
                "号码的最后一位校验码不正确，请逐位核对证件上的号码。",
                "The last character is a check character and does not fit the others. Compare every character \
                 with the document.",
            ),
            Self::TypeMismatch(owner) => mismatch(owner),
            Self::IssuingStateRequired => {
                Text::new("请填写护照的签发国。", "Enter the state that issued the passport.")
            }
            Self::IssuingStateUnknown => Text::new(
                "签发国应为国际民航组织 9303 号文件中的三字代码，如 GBR。",
                "The issuing state must be a three-letter code of ICAO Doc 9303, such as GBR.",
            ),
            Self::IssuingStateNotAllowed(of) => state_not_allowed(of),
        }
    }
}

fn length(of: DocumentType) -> Text {
    let (zh_cn, en) = match of {
        DocumentType::ResidentIdCard | DocumentType::HkMacaoTaiwanResidencePermit => {
            ("18 位", "18 characters")
        }
        DocumentType::HkMacaoTravelPermit => {
            ("9 位，连同换证次数为 11 位", "9 characters, or 11 with the renewal count")
        }
        DocumentType::HkMacaoTravelPermitNonChinese => ("9 位", "9 characters"),
        DocumentType::TaiwanTravelPermit => {
            ("8 位，连同签发次数为 10 位", "8 digits, or 10 with the issue count")
        }
        DocumentType::ForeignPermanentResidentId => {
            ("18 位，2017 版为 15 位", "18 characters, or 15 on the card of 2017")
        }
        DocumentType::Passport | DocumentType::TravelDocument => ("5 至 20 位", "5 to 20 characters"),
    };
    sentence(of, &format!("应为 {zh_cn}"), &format!("has {en}"))
}

fn characters(of: DocumentType) -> Text {
    let (zh_cn, en) = match of {
        DocumentType::ResidentIdCard | DocumentType::HkMacaoTaiwanResidencePermit => {
            ("数字和字母 X", "digits and the letter X")
        }
        DocumentType::TaiwanTravelPermit => ("数字", "digits"),
        _ => ("数字和英文字母 A-Z", "digits and the letters A to Z"),
    };
    sentence(
        of,
        &format!("只能包含{zh_cn}；其他文字中外形相似的字母无效"),
        &format!("holds only {en}; letters of other scripts that look alike do not count"),
    )
}

fn form(of: DocumentType) -> Text {
    match of {
        DocumentType::ResidentIdCard | DocumentType::HkMacaoTaiwanResidencePermit => sentence(
            of,
            "前 17 位应为数字，最后一位应为数字或 X",
            "consists of 17 digits and then a digit or X",
        ),
        DocumentType::HkMacaoTravelPermit => {
            two_way_permit(of, "应为 H 或 M 加 8 位数字", "is H or M and 8 digits")
        }
        DocumentType::HkMacaoTravelPermitNonChinese => {
            two_way_permit(of, "应为 HA 或 MA 加 7 位数字", "is HA or MA and 7 digits")
        }
        DocumentType::ForeignPermanentResidentId => sentence(
            of,
            "应为 9 加 16 位数字，最后一位为数字或 X；2017 版应为 3 个字母加 12 位数字",
            "is 9, 16 digits and then a digit or X; on the card of 2017 it is 3 letters and 12 digits",
        ),
        DocumentType::TaiwanTravelPermit => sentence(of, "应全部为数字", "consists of digits"),
        DocumentType::Passport | DocumentType::TravelDocument => {
            sentence(of, "应由数字和英文字母组成", "consists of digits and letters")
        }
    }
}

/// The form of a permit and the usual reason for breaking it: its name is nearly that of GA/T 513.
fn two_way_permit(of: DocumentType, zh_cn: &str, en: &str) -> Text {
    sentence(
        of,
        &format!("{zh_cn}；以 C 或 W 开头的是内地居民前往港澳所用的往来港澳通行证，不是本证件"),
        &format!(
            "{en}; a number that begins with C or W is that of the permit on which Mainland residents travel to \
             Hong Kong and Macao (往来港澳通行证), which is another document"
        ),
    )
}

fn province(of: DocumentType) -> Text {
    match of {
        DocumentType::HkMacaoTaiwanResidencePermit => sentence(
            of,
            "应以 810000（香港）、820000（澳门）或 830000（台湾）开头",
            "begins with 810000 (Hong Kong), 820000 (Macao) or 830000 (Taiwan)",
        ),
        DocumentType::ForeignPermanentResidentId => sentence(
            of,
            "中的省级代码应为国家标准 GB/T 2260 所列",
            "names its province by a two-digit code of GB/T 2260",
        ),
        _ => sentence(
            of,
            "应以国家标准 GB/T 2260 所列的省级代码开头",
            "begins with the two-digit code of a province in GB/T 2260",
        ),
    }
}

fn mismatch(owner: DocumentType) -> Text {
    let (zh_cn, en) = owner.names();
    Text::new(
        format!("该号码属于另一种证件：{zh_cn}。请选择该证件类型。"),
        format!("This number belongs to another document type: {en}. Choose that type."),
    )
}

fn state_not_allowed(of: DocumentType) -> Text {
    if of.needs_issuing_state() {
        return Text::new(
            "该代码表示无国籍或国籍不明的人员，不是签发国；请填写证件上的签发国代码。",
            "This code stands for persons without a nationality and issues nothing. Enter the issuing state \
             printed on the document.",
        );
    }
    let (zh_cn, en) = of.names();
    Text::new(
        format!("{zh_cn}由中国签发，签发国应为 CHN 或留空。"),
        format!("China issues this document type ({en}): leave the issuing state empty or enter CHN."),
    )
}

fn sentence(of: DocumentType, zh_cn: &str, en: &str) -> Text {
    let (zh_cn_name, en_name) = of.names();
    Text::new(
        format!("{zh_cn_name}号码{zh_cn}。"),
        format!("The number of this document type ({en_name}) {en}."),
    )
}

#[cfg(test)]
mod tests {
    use crate::{BrokenRule, DocumentType};
    use entrypass_rule::{Language, Rule};

    #[test]
    fn a_mismatch_names_the_right_type_in_both_languages() {
        let text = BrokenRule::TypeMismatch(DocumentType::HkMacaoTaiwanResidencePermit).text();
        assert!(text.in_language(Language::ZhCn).contains("港澳台居民居住证"));
        assert!(
            text.in_language(Language::En)
                .contains("Residence Permit for Hong Kong, Macao and Taiwan Residents")
        );
    }

    #[test]
    fn the_form_of_a_home_return_permit_warns_of_its_near_namesake() {
        let text = BrokenRule::NumberForm(DocumentType::HkMacaoTravelPermit).text();
        for language in [Language::ZhCn, Language::En] {
            assert!(text.in_language(language).contains("往来港澳通行证"), "{language:?}");
        }
    }

    #[test]
    fn each_type_states_its_own_length() {
        let lengths = [
            (DocumentType::ResidentIdCard, "18 characters."),
            (DocumentType::HkMacaoTravelPermit, "9 characters, or 11 with"),
            (DocumentType::HkMacaoTravelPermitNonChinese, "9 characters."),
            (DocumentType::TaiwanTravelPermit, "8 digits, or 10 with"),
            (DocumentType::Passport, "5 to 20 characters."),
            (DocumentType::HkMacaoTaiwanResidencePermit, "18 characters."),
            (DocumentType::ForeignPermanentResidentId, "18 characters, or 15 on"),
            (DocumentType::TravelDocument, "5 to 20 characters."),
        ];
        for (document_type, length) in lengths {
            let rule = Rule::from(BrokenRule::NumberLength(document_type));
            assert_eq!(rule.reason, "DOCUMENT_NUMBER_LENGTH");
            assert!(rule.text.in_language(Language::En).contains(length), "{document_type:?}");
        }
    }

    #[test]
    fn each_type_states_its_own_alphabet_and_head() {
        let english = |rule: BrokenRule| rule.text().in_language(Language::En).to_owned();
        let alphabets = [
            (DocumentType::ResidentIdCard, "only digits and the letter X;"),
            (DocumentType::HkMacaoTaiwanResidencePermit, "only digits and the letter X;"),
            (DocumentType::TaiwanTravelPermit, "only digits;"),
            (DocumentType::HkMacaoTravelPermit, "only digits and the letters A to Z;"),
        ];
        for (document_type, alphabet) in alphabets {
            assert!(
                english(BrokenRule::NumberCharacter(document_type)).contains(alphabet),
                "{document_type:?}"
            );
        }
        let heads = [
            (DocumentType::ResidentIdCard, "begins with the two-digit code"),
            (DocumentType::HkMacaoTaiwanResidencePermit, "830000 (Taiwan)"),
            (DocumentType::ForeignPermanentResidentId, "names its province"),
        ];
        for (document_type, head) in heads {
            assert!(english(BrokenRule::NumberProvince(document_type)).contains(head), "{document_type:?}");
        }
    }

    #[test]
    fn only_a_passport_is_told_about_persons_without_nationality() {
        let of = |document_type| BrokenRule::IssuingStateNotAllowed(document_type).text();
        assert!(of(DocumentType::Passport).in_language(Language::En).contains("without a nationality"));
        assert!(of(DocumentType::TravelDocument).in_language(Language::En).contains("CHN"));
    }
}
