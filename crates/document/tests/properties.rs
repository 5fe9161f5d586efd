//! What holds for every number, not only for the vectors. The fuzz target drives the same entry point.

use entrypass_document::{BrokenRule, Document, DocumentInput, DocumentType, Rules};
use entrypass_rule::Language;
use proptest::prelude::*;
use proptest::sample::select;
use time::macros::date;

const RULES: Rules = Rules { today: date!(2026 - 11 - 23), accept_specimens: true };

fn parse(
    document_type: DocumentType,
    number: &str,
    issuing_state: &str,
) -> Result<Document, Vec<BrokenRule>> {
    Document::parse(&DocumentInput { document_type, number, issuing_state }, RULES)
}

/// GB 11643-1999 by its table of weights, a second opinion on the crate's recursive form.
fn with_check_character(digits: &str) -> String {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.bytes().zip(weights).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    format!("{digits}{}", char::from(b"10X98765432"[(sum % 11) as usize]))
}

/// A valid number of each type that ends in a MOD 11-2 check character.
fn mod_11_2_number() -> impl Strategy<Value = (DocumentType, String)> {
    let head = prop_oneof![
        "(11|31|44|54|65|71)[0-9]{4}".prop_map(|head| (DocumentType::ResidentIdCard, head)),
        "8[123]0000".prop_map(|head| (DocumentType::HkMacaoTaiwanResidencePermit, head)),
        "9(11|44|65)(840|398|392|826)".prop_map(|head| (DocumentType::ForeignPermanentResidentId, head)),
    ];
    (head, 1900..2026, 1..=12, 1..=28, 0..1000).prop_map(|((of, head), year, month, day, sequence)| {
        (of, with_check_character(&format!("{head}{year}{month:02}{day:02}{sequence:03}")))
    })
}

/// A valid number of any type, with the issuing state it needs.
fn valid_input() -> impl Strategy<Value = (DocumentType, String, &'static str)> {
    let permit = prop_oneof![
        "[HM][0-9]{8}([0-9]{2})?".prop_map(|number| (DocumentType::HkMacaoTravelPermit, number)),
        "[HM]A[0-9]{7}".prop_map(|number| (DocumentType::HkMacaoTravelPermitNonChinese, number)),
        "[0-9]{8}([0-9]{2})?(\\([A-Z]\\))?".prop_map(|number| (DocumentType::TaiwanTravelPermit, number)),
        "[A-Z0-9]{5,14}".prop_map(|number| (DocumentType::TravelDocument, number)),
    ];
    let passport = ("[A-Z0-9]{5,14}", select(vec!["GBR", "CHN", "D", "UTO", "UNO", "HKG"]));
    prop_oneof![
        mod_11_2_number().prop_map(|(of, number)| (of, number, "")),
        permit.prop_map(|(of, number)| (of, number, "CHN")),
        passport.prop_map(|(number, state)| (DocumentType::Passport, number, state)),
    ]
}

fn any_type() -> impl Strategy<Value = DocumentType> {
    select(DocumentType::ALL.to_vec())
}

/// Sprinkles what copying and typing add: blanks, hyphens, invisible characters, full width, lower case.
fn sprinkled(number: &str, seeds: &[u8]) -> String {
    let noise = ["", " ", "-", "\u{200B}", "\u{3000}", "\u{2013}", "\u{FEFF}"];
    let dressed = number.chars().zip(seeds.iter().cycle()).map(|(c, seed)| {
        let full_width = char::from_u32(u32::from(c) + 0xFEE0).filter(|_| seed % 2 == 0);
        let c = full_width.unwrap_or_else(|| c.to_ascii_lowercase());
        format!("{c}{}", noise[usize::from(*seed) % noise.len()])
    });
    dressed.collect()
}

proptest! {
    #[test]
    fn a_mod_11_2_number_with_its_check_character_is_accepted((of, number) in mod_11_2_number()) {
        let document = parse(of, &number, "").unwrap();
        prop_assert_eq!(document.number(), number);
    }

    #[test]
    fn every_single_wrong_character_of_a_mod_11_2_number_is_caught((of, number) in mod_11_2_number()) {
        for (place, right) in number.char_indices() {
            for wrong in "0123456789X".chars().filter(|wrong| *wrong != right) {
                let mut typed = number.clone();
                typed.replace_range(place..=place, &wrong.to_string());
                let broken = parse(of, &typed, "").unwrap_err();
                let named =
                    if wrong == 'X' && place < 17 { BrokenRule::NumberForm(of) } else { BrokenRule::CheckCharacter };
                prop_assert!(broken.contains(&named), "{} at {}: {:?}", wrong, place, broken);
            }
        }
    }

    #[test]
    fn every_transposition_of_neighbours_in_a_mod_11_2_number_is_caught((of, number) in mod_11_2_number()) {
        for place in 1..number.len() {
            let mut typed = number.clone().into_bytes();
            typed.swap(place - 1, place);
            let typed = String::from_utf8(typed).unwrap();
            if typed != number {
                prop_assert!(parse(of, &typed, "").is_err(), "at {}", place);
            }
        }
    }

    #[test]
    fn a_canonical_number_parses_to_the_same_document((of, number, state) in valid_input()) {
        let document = parse(of, &number, state).unwrap();
        let state = document.issuing_state().map_or("", |state| state.as_str());
        let again = parse(of, document.number(), state).unwrap();
        prop_assert_eq!(again.number(), document.number());
        prop_assert_eq!(again.key(), document.key());
        prop_assert_eq!(again, document);
    }

    #[test]
    fn how_a_number_is_typed_does_not_matter(
        (of, number, state) in valid_input(),
        seeds in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        prop_assert_eq!(parse(of, &sprinkled(&number, &seeds), &sprinkled(state, &seeds)), parse(of, &number, state));
    }

    #[test]
    fn what_is_printed_hides_the_number((of, number, state) in valid_input()) {
        let document = parse(of, &number, state).unwrap();
        let printed = format!("{document:?}");
        prop_assert!(!printed.contains(document.number()));
        prop_assert_eq!(document.masked_number().len(), document.number().len());
        let shown = document.masked_number().bytes().filter(|byte| *byte != b'*').count();
        prop_assert!(shown * 2 <= document.number().len());
    }

    #[test]
    fn nothing_panics_and_no_refusal_is_empty_or_repeats_itself(
        of in any_type(),
        number in prop_oneof![any::<String>(), "\\PC{0,30}", "[HMhAX0-9<() -]{0,22}", "[0-9]{14,19}.?"],
        state in prop_oneof![any::<String>(), "[A-Za-z<]{0,4}"],
    ) {
        if let Err(broken) = parse(of, &number, &state) {
            let mut reasons: Vec<_> = broken.iter().map(|rule| rule.reason()).collect();
            prop_assert!(!reasons.is_empty());
            reasons.sort_unstable();
            reasons.dedup();
            prop_assert_eq!(reasons.len(), broken.len());
        }
    }

    #[test]
    fn no_text_repeats_the_value(of in any_type(), number in "[A-Z0-9]{5,8}[0-9]{0,12}.?") {
        for rule in parse(of, &number, "ZZZ").err().unwrap_or_default() {
            for language in [Language::ZhCn, Language::En] {
                let text = rule.text();
                prop_assert!(!text.in_language(language).contains(&number), "{:?}", rule);
                prop_assert!(!text.in_language(language).contains("ZZZ"), "{:?}", rule);
            }
        }
    }
}
