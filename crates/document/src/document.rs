//! The document: its one constructor, what it tells about its holder, and how it may be shown.

use crate::normalise::{normalise, without_issuer};
use crate::{BrokenRule, Country, DocumentType, Sex, citizen_number, foreign_resident, mismatch, spelling};
use std::fmt;
use std::hash::{Hash, Hasher};
use time::Date;

/// A document as the traveller gave it, before any judgement.
#[derive(Clone, Copy)]
pub struct DocumentInput<'a> {
    /// The type that the traveller chose.
    pub document_type: DocumentType,
    /// The number in any spelling: letter case, width, blanks, hyphens and fillers do not matter.
    pub number: &'a str,
    /// A code for [`Country::parse`]; empty or blank means "not given".
    pub issuing_state: &'a str,
}

impl fmt::Debug for DocumentInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentInput").field("document_type", &self.document_type).finish_non_exhaustive()
    }
}

/// What judging depends on besides the input.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The current date at the entry point (UTC+08:00), against which birth dates are judged.
    pub today: Date,
    /// Whether the specimen state `UTO` of ICAO Doc 9303 is a state. For tests and demonstrations only.
    pub accept_specimens: bool,
}

/// A document whose number keeps every rule of its type.
///
/// Equality and hash follow [`Document::key`]: two values are equal when they name the same document.
#[derive(Clone)]
#[expect(clippy::struct_field_names, reason = "`type` alone is a keyword")]
pub struct Document {
    document_type: DocumentType,
    number: String,
    issuing_state: Option<Country>,
    decoded: Decoded,
}

/// What a number says about its holder.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Decoded {
    pub(crate) birth_date: Option<Date>,
    pub(crate) sex: Option<Sex>,
    /// The nationality or, on a residence permit, the region that the number names.
    pub(crate) home: Option<Country>,
}

impl Document {
    /// Normalises and judges `input`, or names every rule it breaks, in the order of reading.
    ///
    /// [`BrokenRule::TypeMismatch`] comes alone, since every other rule depends on the type. So do the rules about
    /// raw length, absence and first-generation cards, as far as the number is concerned.
    pub fn parse(input: &DocumentInput<'_>, rules: Rules) -> Result<Self, Vec<BrokenRule>> {
        let number = normalise(input.number).ok_or(BrokenRule::InputTooLong);
        if let Ok(number) = &number
            && let Some(owner) = mismatch::belongs_to(number, input.document_type, rules.today)
        {
            return Err(vec![BrokenRule::TypeMismatch(owner)]);
        }
        let read = number.map_err(|rule| vec![rule]).and_then(|number| {
            let decoded = read(&number, input.document_type, rules.today)?;
            Ok((canonical(&number, input.document_type), decoded))
        });
        match (read, issuing_state(input, rules)) {
            (Ok((number, decoded)), Ok(issuing_state)) => {
                Ok(Self { document_type: input.document_type, number, issuing_state, decoded })
            }
            (read, state) => Err(read.err().into_iter().flatten().chain(state.err()).collect()),
        }
    }

    /// The type.
    #[must_use]
    pub fn document_type(&self) -> DocumentType {
        self.document_type
    }

    /// The canonical number, in ASCII digits and capitals. Personal data: never log it.
    ///
    /// Without the counts of renewal or issue that permits for Hong Kong, Macao and Taiwan residents add, because
    /// these change while the person's number stays. Parsing it again gives an equal document.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The issuing state of a passport; `None` for every other type, since China issues all of those.
    ///
    /// `CHN` for the passports of Hong Kong and Macao, which print that code, whichever code was given.
    #[must_use]
    pub fn issuing_state(&self) -> Option<Country> {
        self.issuing_state
    }

    /// The key that decides whether two inputs name the same document, stable for storage.
    ///
    /// `TYPE:NUMBER`, or `PASSPORT:STATE:NUMBER`, with the canonical number. Personal data: never log it.
    #[must_use]
    pub fn key(&self) -> String {
        match self.issuing_state {
            Some(state) => format!("{}:{state}:{}", self.document_type.as_str(), self.number),
            None => format!("{}:{}", self.document_type.as_str(), self.number),
        }
    }

    /// The birth date that the number encodes, if its type encodes one.
    ///
    /// A guess of the century for the 15-character card of foreign permanent residents: compare a date that the
    /// traveller gave with [`Document::allows_birth_date`] instead.
    #[must_use]
    pub fn birth_date(&self) -> Option<Date> {
        self.decoded.birth_date
    }

    /// The sex that the number encodes, if its type encodes one.
    #[must_use]
    pub fn sex(&self) -> Option<Sex> {
        self.decoded.sex
    }

    /// The nationality that the number encodes, which only that of a foreign permanent resident does.
    #[must_use]
    pub fn nationality(&self) -> Option<Country> {
        self.decoded.home.filter(|_| self.document_type == DocumentType::ForeignPermanentResidentId)
    }

    /// The first four digits of a resident identity card's number: the province and prefecture (GB/T 2260) in which its holder was
    /// registered first, which is not where they are registered now. `None` for any other type.
    #[must_use]
    pub fn home_division(&self) -> Option<&str> {
        self.number.get(..4).filter(|_| self.document_type == DocumentType::ResidentIdCard)
    }

    /// Whether somebody born on `date` can hold this document, as far as its number tells.
    ///
    /// The 15-character card of foreign permanent residents encodes no century, so any will do.
    #[must_use]
    pub fn allows_birth_date(&self, date: Date) -> bool {
        let short_year =
            self.document_type == DocumentType::ForeignPermanentResidentId && self.number.len() == 15;
        let comparable = |date: Date| {
            let year = if short_year { date.year().rem_euclid(100) } else { date.year() };
            (year, date.month(), date.day())
        };
        self.decoded.birth_date.is_none_or(|encoded| comparable(encoded) == comparable(date))
    }

    /// Whether somebody whose documents state `sex` can hold this document, as far as its number tells; `None` for what states neither of the two,
    /// which contradicts a number that encodes one.
    #[must_use]
    pub fn allows_sex(&self, sex: Option<Sex>) -> bool {
        self.decoded.sex.is_none_or(|encoded| sex == Some(encoded))
    }

    /// Whether somebody of `nationality` can hold this document.
    ///
    /// | type | who holds it | source |
    /// |---|---|---|
    /// | Resident Identity Card | `CHN` | Resident Identity Card Law, article 2 |
    /// | permit of Hong Kong and Macao residents | `CHN`, `HKG`, `MAC` | its name; travellers write the region |
    /// | the same for non-Chinese citizens | anybody else | National Immigration Administration, 2024-07 |
    /// | permit of Taiwan residents | `CHN`, `TWN` | its name |
    /// | residence permit | `CHN` and the region in its number | 国办发〔2018〕81号 |
    /// | foreign permanent resident | the nationality in its number, never China | GA 2102-2023 |
    /// | travel document | `CHN`, `HKG`, `MAC`, `TWN` | Passport Law, issued to Chinese citizens abroad |
    /// | passport of China | `CHN`, `HKG`, `MAC`, `TWN` | Passport Law, article 2: for Chinese citizens |
    /// | any other passport | anybody | ICAO Doc 9303-4: state and nationality are two fields |
    #[must_use]
    pub fn allows_nationality(&self, nationality: Country) -> bool {
        match self.document_type {
            DocumentType::ResidentIdCard => nationality == Country::CHN,
            DocumentType::HkMacaoTravelPermit => {
                [Country::CHN, Country::HKG, Country::MAC].contains(&nationality)
            }
            DocumentType::HkMacaoTravelPermitNonChinese => !nationality.is_china_or_region(),
            DocumentType::TaiwanTravelPermit => [Country::CHN, Country::TWN].contains(&nationality),
            DocumentType::HkMacaoTaiwanResidencePermit => {
                nationality == Country::CHN || self.decoded.home == Some(nationality)
            }
            DocumentType::ForeignPermanentResidentId => self.decoded.home == Some(nationality),
            DocumentType::TravelDocument => nationality.is_china_or_region(),
            DocumentType::Passport => {
                self.issuing_state != Some(Country::CHN) || nationality.is_china_or_region()
            }
        }
    }

    /// The number as it may be shown: the first two and last two characters with `*` for each one between.
    ///
    /// A number of fewer than eight characters is masked throughout: four visible ones would be more than half.
    #[must_use]
    pub fn masked_number(&self) -> String {
        mask_number(&self.number)
    }

    fn identity(&self) -> (DocumentType, Option<Country>, &str) {
        (self.document_type, self.issuing_state, &self.number)
    }
}

/// As [`Document::masked_number`], for a canonical number that comes without its document.
#[must_use]
pub fn mask_number(number: &str) -> String {
    let length = number.chars().count();
    let visible = |place: usize| length >= 8 && (place < 2 || place >= length - 2);
    number.chars().enumerate().map(|(place, c)| if visible(place) { c } else { '*' }).collect()
}

// Not derived: the century that a short year decodes to depends on the day of parsing, the identity must not.
impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Document {}

impl Hash for Document {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("document_type", &self.document_type)
            .field("number", &format_args!("{}", self.masked_number()))
            .finish_non_exhaustive()
    }
}

/// Judges a number in normal form as one of `document_type`.
pub(crate) fn read(
    number: &str,
    document_type: DocumentType,
    today: Date,
) -> Result<Decoded, Vec<BrokenRule>> {
    let number = match document_type {
        DocumentType::TaiwanTravelPermit => without_issuer(number),
        _ => number,
    };
    let places = spelling::places(number);
    if places.is_empty() {
        return Err(vec![BrokenRule::NumberRequired]);
    }
    if document_type == DocumentType::ResidentIdCard && citizen_number::is_first_generation(&places) {
        return Err(vec![BrokenRule::FirstGeneration]);
    }
    let mut broken = spelling::broken_rules(&places, document_type);
    let decoded = match document_type {
        DocumentType::ResidentIdCard => citizen_number::resident_id_card(&places, today, &mut broken),
        DocumentType::HkMacaoTaiwanResidencePermit => {
            citizen_number::residence_permit(&places, today, &mut broken)
        }
        DocumentType::ForeignPermanentResidentId => {
            foreign_resident::permanent_resident_id(&places, today, &mut broken)
        }
        _ => Decoded::default(),
    };
    if broken.is_empty() { Ok(decoded) } else { Err(broken) }
}

/// Cuts what follows the number for life: the counts of renewal or issue, and the issuer's mark.
fn canonical(number: &str, document_type: DocumentType) -> String {
    let for_life = match document_type {
        DocumentType::HkMacaoTravelPermit => 9,
        DocumentType::TaiwanTravelPermit => 8,
        _ => number.len(),
    };
    number.chars().take(for_life).collect()
}

fn issuing_state(input: &DocumentInput<'_>, rules: Rules) -> Result<Option<Country>, BrokenRule> {
    let needed = input.document_type.needs_issuing_state();
    if normalise(input.issuing_state).is_some_and(|code| code.is_empty()) {
        return if needed { Err(BrokenRule::IssuingStateRequired) } else { Ok(None) };
    }
    let state =
        Country::parse(input.issuing_state, rules.accept_specimens).ok_or(BrokenRule::IssuingStateUnknown)?;
    match state {
        Country::CHN if !needed => Ok(None),
        _ if !needed || !state.can_issue() => Err(BrokenRule::IssuingStateNotAllowed(input.document_type)),
        // Both regions' passports carry CHN in the machine-readable zone; a form's list of countries has both.
        Country::HKG | Country::MAC => Ok(Some(Country::CHN)),
        _ => Ok(Some(state)),
    }
}
