//! The document types that the system accepts: their wire names, codes and names for people.

use entrypass_rule::Text;

/// A type of identity or travel document.
///
/// The two-way permit of Mainland residents (往来港澳通行证, GA/T 513) is left out on purpose: nobody enters the
/// Mainland as a visitor on it, and people pick it by mistake for the home-return permit (GA/T 516).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentType {
    /// 居民身份证, second generation: the 18-character citizen number of GB 11643-1999.
    ResidentIdCard,
    /// 港澳居民来往内地通行证, held by Chinese citizens of Hong Kong and Macao.
    HkMacaoTravelPermit,
    /// 港澳居民来往内地通行证（非中国籍）, issued since 2024-07-10 to permanent residents of other nationalities.
    HkMacaoTravelPermitNonChinese,
    /// 台湾居民来往大陆通行证, the multiple-use permit.
    TaiwanTravelPermit,
    /// 护照, of any state.
    Passport,
    /// 港澳台居民居住证, whose number is a citizen number with the region 810000, 820000 or 830000.
    HkMacaoTaiwanResidencePermit,
    /// 外国人永久居留身份证, the 15-character card of 2017 and the 18-character card of 2023.
    ForeignPermanentResidentId,
    /// 旅行证, which Chinese missions abroad issue in place of a passport.
    TravelDocument,
}

impl DocumentType {
    /// Every type, in the order in which a form should offer them.
    pub const ALL: [Self; 8] = [
        Self::ResidentIdCard,
        Self::HkMacaoTravelPermit,
        Self::HkMacaoTravelPermitNonChinese,
        Self::TaiwanTravelPermit,
        Self::Passport,
        Self::HkMacaoTaiwanResidencePermit,
        Self::ForeignPermanentResidentId,
        Self::TravelDocument,
    ];

    /// The stable name, as it stands in storage, in document keys and (with a prefix) in the contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResidentIdCard => "RESIDENT_ID_CARD",
            Self::HkMacaoTravelPermit => "HK_MACAO_TRAVEL_PERMIT",
            Self::HkMacaoTravelPermitNonChinese => "HK_MACAO_TRAVEL_PERMIT_NON_CHINESE",
            Self::TaiwanTravelPermit => "TAIWAN_TRAVEL_PERMIT",
            Self::Passport => "PASSPORT",
            Self::HkMacaoTaiwanResidencePermit => "HK_MACAO_TAIWAN_RESIDENCE_PERMIT",
            Self::ForeignPermanentResidentId => "FOREIGN_PERMANENT_RESIDENT_ID",
            Self::TravelDocument => "TRAVEL_DOCUMENT",
        }
    }

    /// The type with exactly this stable name, or `None`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    /// The three-digit code of GA/T 2000.156-2016 (常用证件代码), for records that leave the system.
    ///
    /// The list has no own value for two types: the permit for non-Chinese citizens shares 516, and the
    /// residence permit is filed under 154, the generic 居住证.
    #[must_use]
    pub const fn gat_code(self) -> &'static str {
        match self {
            Self::ResidentIdCard => "111",
            Self::HkMacaoTravelPermit | Self::HkMacaoTravelPermitNonChinese => "516",
            Self::TaiwanTravelPermit => "511",
            Self::Passport => "414",
            Self::HkMacaoTaiwanResidencePermit => "154",
            Self::ForeignPermanentResidentId => "553",
            Self::TravelDocument => "415",
        }
    }

    /// The official name, in both languages.
    #[must_use]
    pub fn name(self) -> Text {
        let (zh_cn, en) = self.names();
        Text::new(zh_cn, en)
    }

    pub(crate) const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::ResidentIdCard => ("居民身份证", "Resident Identity Card"),
            Self::HkMacaoTravelPermit => {
                ("港澳居民来往内地通行证", "Mainland Travel Permit for Hong Kong and Macao Residents")
            }
            Self::HkMacaoTravelPermitNonChinese => (
                "港澳居民来往内地通行证（非中国籍）",
                "Mainland Travel Permit for Hong Kong and Macao Residents (non-Chinese Citizens)",
            ),
            Self::TaiwanTravelPermit => {
                ("台湾居民来往大陆通行证", "Mainland Travel Permit for Taiwan Residents")
            }
            Self::Passport => ("护照", "Passport"),
            Self::HkMacaoTaiwanResidencePermit => {
                ("港澳台居民居住证", "Residence Permit for Hong Kong, Macao and Taiwan Residents")
            }
            Self::ForeignPermanentResidentId => {
                ("外国人永久居留身份证", "Foreign Permanent Resident ID Card")
            }
            Self::TravelDocument => {
                ("中华人民共和国旅行证", "Travel Document of the People's Republic of China")
            }
        }
    }

    /// Whether the number alone does not identify the document, so that the issuing state must be given.
    ///
    /// True for passports only: every other type is issued by China.
    #[must_use]
    pub const fn needs_issuing_state(self) -> bool {
        matches!(self, Self::Passport)
    }

    /// Whether the name that counts on this document is in Chinese characters; the Latin one does on every other.
    ///
    /// A Chinese passport shows both, and its machine-readable zone the Latin one.
    #[must_use]
    pub const fn shows_chinese_name(self) -> bool {
        match self {
            Self::ResidentIdCard
            | Self::HkMacaoTravelPermit
            | Self::TaiwanTravelPermit
            | Self::HkMacaoTaiwanResidencePermit
            | Self::TravelDocument => true,
            Self::Passport | Self::ForeignPermanentResidentId | Self::HkMacaoTravelPermitNonChinese => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DocumentType;
    use entrypass_rule::Language;

    #[test]
    fn the_stable_name_leads_back_to_the_type() {
        for document_type in DocumentType::ALL {
            assert_eq!(DocumentType::parse(document_type.as_str()), Some(document_type));
        }
        for unknown in ["", "passport", "PASSPORT ", "DOCUMENT_TYPE_PASSPORT", "EXIT_ENTRY_PERMIT"] {
            assert_eq!(DocumentType::parse(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn the_codes_are_those_of_the_ministry_standard() {
        let codes = DocumentType::ALL.map(DocumentType::gat_code);
        assert_eq!(codes, ["111", "516", "516", "511", "414", "154", "553", "415"]);
    }

    #[test]
    fn no_two_types_share_a_name_in_either_language() {
        for language in [Language::ZhCn, Language::En] {
            let mut names: Vec<_> = DocumentType::ALL.map(DocumentType::name).into();
            names.sort_by(|a, b| a.in_language(language).cmp(b.in_language(language)));
            names.dedup_by(|a, b| a.in_language(language) == b.in_language(language));
            assert_eq!(names.len(), DocumentType::ALL.len(), "{language:?}");
        }
    }

    #[test]
    fn only_a_passport_needs_its_issuing_state() {
        let needing: Vec<_> = DocumentType::ALL.into_iter().filter(|t| t.needs_issuing_state()).collect();
        assert_eq!(needing, [DocumentType::Passport]);
    }
}
