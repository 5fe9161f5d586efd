//! References that are safe to quote: on the phone, in a letter, in a public complaint.
//!
//! Owns: their form, and that of codes that people hand to each other. People who can quote nothing else post their document numbers to get help; a reference opens nothing
//! and says nothing about its person.
//! Does not own: where references are kept, and that each is used once (a unique column does that).

mod code;

use entrypass_ambient::Random;

pub use code::{draw_code, read_code};

/// Crockford's Base32: no I, L, O or U, which are misread or misheard.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// ISO 7064 MOD 37,36 counts in this order.
const CHECK_ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Draws a reference such as `FS-7K3M-Q9TX-4HZD-C`: `prefix`, 12 random characters (60 bits, so that a collision among a
/// hundred million is below one in two hundred) and the ISO 7064 MOD 37,36 check character of those 12.
#[must_use]
pub fn draw(prefix: &str, random: &dyn Random) -> String {
    let mut bytes = [0; 12];
    random.fill(&mut bytes);
    let body = readable(bytes.map(|byte| ALPHABET[usize::from(byte % 32)]));
    let mut reference = prefix.to_owned();
    for (position, character) in body.iter().enumerate() {
        if position % 4 == 0 {
            reference.push('-');
        }
        reference.push(char::from(*character));
    }
    reference.push('-');
    reference.push(char::from(check_character(&body)));
    reference
}

/// `body`, or the next one whose check character is of the alphabet too: the standard's has I, L, O and U. The last character goes
/// through all 32, and no two of them have the same check character.
fn readable(mut body: [u8; 12]) -> [u8; 12] {
    for _ in ALPHABET {
        if ALPHABET.contains(&check_character(&body)) {
            break;
        }
        let last = ALPHABET.iter().position(|character| *character == body[11]).unwrap_or_default();
        body[11] = ALPHABET[(last + 1) % 32];
    }
    body
}

/// Whether `reference` has the form that [`draw`] gives, with its check character: all single errors and nearly all
/// transpositions are caught before anybody searches for it.
#[must_use]
pub fn is_well_formed(prefix: &str, reference: &str) -> bool {
    let Some(rest) = reference.strip_prefix(prefix) else { return false };
    let groups: Vec<&str> = rest.split('-').collect();
    let ["", first, second, third, check] = groups.as_slice() else { return false };
    let body = [*first, *second, *third].concat().into_bytes();
    let in_groups = [first, second, third].iter().all(|group| group.len() == 4);
    in_groups
        && body.iter().all(|character| ALPHABET.contains(character))
        && check.as_bytes() == [check_character(&body)]
}

/// ISO 7064:2003, hybrid system MOD 37,36.
fn check_character(body: &[u8]) -> u8 {
    let value = |character: u8| CHECK_ALPHABET.iter().position(|c| *c == character).unwrap_or(0);
    let product = body.iter().fold(36, |product, character| {
        let sum = (product + value(*character)) % 36;
        (if sum == 0 { 36 } else { sum }) * 2 % 37
    });
    CHECK_ALPHABET[(37 - product) % 36]
}

#[cfg(test)]
mod tests {
    use entrypass_ambient::SeededRandom;

    use super::{ALPHABET, CHECK_ALPHABET, check_character, draw, is_well_formed};

    #[test]
    fn the_check_character_is_that_of_the_standard() {
        // Published sample of the system: the Global Release Identifier A1-2425G-ABC1234002-M.
        assert_eq!(check_character(b"A12425GABC1234002"), b'M');
    }

    #[test]
    fn a_drawn_reference_is_well_formed_and_every_wrong_character_is_caught() {
        let random = SeededRandom::new(1);
        let reference = draw("FS", &random);
        assert!(is_well_formed("FS", &reference), "{reference}");
        for position in 3..reference.len() {
            for other in ALPHABET.iter().chain(CHECK_ALPHABET) {
                let mut wrong = reference.clone().into_bytes();
                if wrong[position] == b'-' || wrong[position] == *other {
                    continue;
                }
                wrong[position] = *other;
                let wrong = String::from_utf8(wrong).expect("ASCII");
                assert!(!is_well_formed("FS", &wrong), "{wrong} for {reference}");
            }
        }
    }

    #[test]
    fn every_character_can_be_read_aloud() {
        let random = SeededRandom::new(2);
        for _ in 0..1000 {
            let reference = draw("FS", &random);
            let body = reference.strip_prefix("FS-").expect("a prefix");
            assert!(body.bytes().all(|c| c == b'-' || ALPHABET.contains(&c)), "{reference}");
        }
    }

    #[test]
    fn anything_else_is_not_well_formed() {
        for other in ["", "FS", "FS-", "FS-7K3M-Q9TX", "EP-7K3M-Q9TX-4HZD-C", "FS-七K3M-Q9TX-4HZD-C"] {
            assert!(!is_well_formed("FS", other), "{other}");
        }
    }
}
