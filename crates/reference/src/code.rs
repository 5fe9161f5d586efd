//! Codes that one person hands to another, who types them once: on paper, on the phone, from a screen.

use entrypass_ambient::Random;

use crate::ALPHABET;

/// Characters of a code: 40 random bits. Whoever takes codes must bound the tries.
const LENGTH: usize = 8;

/// Draws a code such as `7K3M-Q9TX`.
#[must_use]
pub fn draw_code(random: &dyn Random) -> String {
    let mut bytes = [0; LENGTH];
    random.fill(&mut bytes);
    let character = |byte: &u8| char::from(ALPHABET[usize::from(byte % 32)]);
    let (front, back) = bytes.split_at(LENGTH / 2);
    front.iter().map(character).chain(['-']).chain(back.iter().map(character)).collect()
}

/// Reads a code as people type it, in the spelling of [`draw_code`]: case, blanks and hyphens do not matter, O is read as 0, I and L as 1
/// (Crockford). `None` when it is no code.
#[must_use]
pub fn read_code(typed: &str) -> Option<String> {
    let mut code = String::new();
    for typed in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let character = match typed.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let known = u8::try_from(character).is_ok_and(|byte| ALPHABET.contains(&byte));
        if !known || code.len() > LENGTH {
            return None;
        }
        if code.len() == LENGTH / 2 {
            code.push('-');
        }
        code.push(character);
    }
    (code.len() == LENGTH + 1).then_some(code)
}

#[cfg(test)]
mod tests {
    use entrypass_ambient::SeededRandom;

    use super::{draw_code, read_code};

    #[test]
    fn a_drawn_code_is_read_however_it_is_typed() {
        let random = SeededRandom::new(1);
        for _ in 0..1000 {
            let code = draw_code(&random);
            assert_eq!(code.len(), 9, "{code}");
            assert_eq!(code.find('-'), Some(4), "{code}");
            let careless = format!(" {} ", code.to_lowercase().replace('-', " ").replace('0', "o"));
            let misread = code.replace('1', "I").replace('0', "O");
            for typed in [&code, &careless, &misread, &code.replace('1', "l").replace('-', "")] {
                assert_eq!(read_code(typed).as_ref(), Some(&code), "{typed}");
            }
        }
    }

    #[test]
    fn codes_differ() {
        let random = SeededRandom::new(2);
        let codes: std::collections::BTreeSet<_> = (0..1000).map(|_| draw_code(&random)).collect();
        assert_eq!(codes.len(), 1000);
    }

    #[test]
    fn what_is_no_code_is_not_read() {
        for typed in
            ["", "7K3M", "7K3M-Q9T", "7K3M-Q9TXX", "7K3M-Q9TU", "7K3M-Q9T七", "７K3M-Q9TX", "7K3M_Q9TX"]
        {
            assert_eq!(read_code(typed), None, "{typed}");
        }
    }
}
