//! The two check-digit schemes that document numbers use.
//!
//! Both functions answer `None` when a character is not one that the scheme gives a value to.

/// The check character of ISO/IEC 7064 MOD 11-2 over ASCII digits: `0`..`9` or `X`.
///
/// The recursive form of the standard; GB 11643-1999 prints the same thing as a table of weights, which the
/// tests use as the second opinion.
pub(crate) fn mod_11_2(digits: &[u8]) -> Option<u8> {
    let sum = digits.iter().try_fold(0, |sum, &byte| Some((sum + digit(byte)?) * 2 % 11))?;
    Some(match (12 - sum) % 11 {
        10 => b'X',
        value => b'0' + value,
    })
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

/// The check digit of ICAO Doc 9303-3, section 4.9 (weights 7, 3, 1) over `0-9`, `A-Z` and the filler `<`.
pub(crate) fn icao_7_3_1(characters: &[u8]) -> Option<u8> {
    let weights = [7, 3, 1].into_iter().cycle();
    let sum = characters.iter().zip(weights).try_fold(0, |sum, (&byte, weight)| {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'<' => 0,
            _ => return None,
        };
        Some((sum + u32::from(value) * weight) % 10)
    })?;
    u8::try_from(sum).ok().map(|sum| b'0' + sum)
}

#[cfg(test)]
mod tests {
    use super::{icao_7_3_1, mod_11_2};
    use proptest::prelude::*;

    /// GB 11643-1999, table of weights and of check characters.
    fn by_the_table_of_weights(digits: &[u8]) -> u8 {
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u32 =
            digits.iter().zip(weights).map(|(&byte, weight)| u32::from(byte - b'0') * weight).sum();
        b"10X98765432"[(sum % 11) as usize]
    }

    #[test]
    fn the_specimens_of_the_citizen_number_standard_keep_their_check_character() {
        for specimen in [b"11010519491231002X", b"440524188001010014"] {
            assert_eq!(mod_11_2(&specimen[..17]), Some(specimen[17]));
        }
    }

    #[test]
    fn the_specimens_of_the_passport_standard_keep_their_check_digits() {
        let table: [(&[u8], u8); 7] = [
            (b"L898902C3", b'6'),
            (b"740812", b'2'),
            (b"120415", b'9'),
            (b"ZE184226B<<<<<", b'1'),
            (b"L898902C3674081221204159ZE184226B<<<<<1", b'0'),
            (b"E00000000", b'8'),
            (b"G00000000", b'2'),
        ];
        for (characters, expected) in table {
            assert_eq!(icao_7_3_1(characters), Some(expected), "{}", characters.escape_ascii());
        }
    }

    #[test]
    fn a_character_without_a_value_has_no_check_digit() {
        assert_eq!(mod_11_2(b"1234567890123456X"), None);
        assert_eq!(icao_7_3_1(b"L898902c3"), None);
        assert_eq!(icao_7_3_1("护照".as_bytes()), None);
    }

    proptest! {
        #[test]
        fn the_recursive_form_agrees_with_the_table_of_weights(digits in "[0-9]{17}") {
            prop_assert_eq!(mod_11_2(digits.as_bytes()), Some(by_the_table_of_weights(digits.as_bytes())));
        }
    }
}
