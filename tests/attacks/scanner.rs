//! Finds values in bytes, in whatever form software has put them there.
//!
//! Owns: the forms, and the search. Letter case is not looked at, which finds more than there is in base64, and misses nothing.

use std::collections::HashMap;

use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding as _};

/// Below this many bytes a form is found by chance.
const SHORTEST: usize = 6;

/// What is looked for.
pub struct Scanner {
    forms: Vec<Form>,
    /// The forms by their first three bytes.
    by_front: HashMap<[u8; 3], Vec<usize>>,
    /// Whether any form begins with these two bytes: nearly all places are passed over by this alone.
    fronts: Vec<bool>,
}

struct Form {
    value: String,
    name: &'static str,
    bytes: Vec<u8>,
}

/// A value that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    pub value: String,
    pub form: &'static str,
    pub at: usize,
}

impl Scanner {
    /// Looks for `values` in all forms.
    pub fn new(values: &[&str]) -> Self {
        let mut scanner = Self { forms: Vec::new(), by_front: HashMap::new(), fronts: vec![false; 1 << 16] };
        for value in values {
            for (name, bytes) in forms(value) {
                let bytes = bytes.to_ascii_lowercase();
                assert!(bytes.len() >= SHORTEST, "{value} as {name} would be found by chance");
                let front = *bytes.first_chunk().expect("long enough");
                scanner.fronts[place([front[0], front[1]])] = true;
                scanner.by_front.entry(front).or_default().push(scanner.forms.len());
                scanner.forms.push(Form { value: (*value).to_owned(), name, bytes });
            }
        }
        scanner
    }

    /// The values in `data`, and in what `data` has as hexadecimal digits, as dumps of databases do.
    pub fn scan(&self, data: &[u8]) -> Vec<Found> {
        let mut found = self.scan_raw(data);
        for run in data.split(|byte| !byte.is_ascii_hexdigit()).filter(|run| run.len() >= 2 * SHORTEST) {
            // What is before may be a digit too many.
            found.extend(self.scan_raw(&unhex(run)));
            found.extend(self.scan_raw(&unhex(&run[1..])));
        }
        found
    }

    /// The values in `data` as it is.
    pub fn scan_raw(&self, data: &[u8]) -> Vec<Found> {
        let data = data.to_ascii_lowercase();
        let mut found = Vec::new();
        for (at, front) in data.windows(3).enumerate() {
            if !self.fronts[place([front[0], front[1]])] {
                continue;
            }
            let forms = self.by_front.get(front).into_iter().flatten().map(|form| &self.forms[*form]);
            let here = forms.filter(|form| data[at..].starts_with(&form.bytes));
            found.extend(here.map(|form| Found { value: form.value.clone(), form: form.name, at }));
        }
        found
    }
}

fn place(front: [u8; 2]) -> usize {
    usize::from(u16::from_le_bytes(front))
}

/// All forms of `value`, each with its name.
fn forms(value: &str) -> Vec<(&'static str, Vec<u8>)> {
    let plain = value.as_bytes();
    let backwards: String = value.chars().rev().collect();
    let little: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = value.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let reversed = |bytes: &[u8]| bytes.iter().rev().copied().collect::<Vec<u8>>();
    let list = plain.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    let mut forms = vec![
        ("plain", plain.to_vec()),
        ("hex", hex(plain)),
        ("hex of reversed bytes", hex(&reversed(plain))),
        ("hex of UTF-16LE", hex(&little)),
        ("hex of UTF-16BE", hex(&big)),
        ("reversed bytes", reversed(plain)),
        ("reversed characters", backwards.into_bytes()),
        ("list of bytes", list.into_bytes()),
        // An ASCII text in UTF-16BE is one in UTF-16LE, shifted by a byte: the zeros at the ends are left out.
        ("UTF-16LE", trimmed(&little)),
        ("UTF-16BE", trimmed(&big)),
        ("UTF-16, reversed bytes", trimmed(&reversed(&little))),
        ("percent-encoded", plain.iter().flat_map(|byte| format!("%{byte:02x}").into_bytes()).collect()),
    ];
    for shift in 0..3 {
        for of in [plain, &little, &big] {
            forms.push(("base64", base64(of, shift, Base64Unpadded::encode_string)));
            forms.push(("base64url", base64(of, shift, Base64UrlUnpadded::encode_string)));
        }
    }
    if !value.is_ascii() {
        let escape = |unit: u16| format!("\\u{unit:04x}");
        forms.push(("JSON escapes", value.encode_utf16().map(escape).collect::<String>().into_bytes()));
        let escaped = value.chars().map(|c| c.escape_unicode().to_string()).collect::<String>();
        forms.push(("Rust escapes", escaped.into_bytes()));
        let octets = |of: fn(&u8) -> String| plain.iter().map(of).collect::<String>().into_bytes();
        forms.push(("escaped bytes", octets(|byte| format!("\\x{byte:02x}"))));
        forms.push(("octal escapes", octets(|byte| format!("\\{byte:03o}"))));
    }
    forms.retain(|(_, bytes)| !bytes.is_empty());
    forms
}

/// What `encode` makes of `bytes` wherever they stand behind `shift` other bytes: without the characters that those share.
fn base64(bytes: &[u8], shift: usize, encode: fn(&[u8]) -> String) -> Vec<u8> {
    let shifted = [vec![0; shift], bytes.to_vec()].concat();
    let encoded = encode(&shifted);
    let own = [0, 2, 3][shift];
    // A character holds six bits: the last ones may be shared with what comes behind.
    let whole = shifted.len() * 8 / 6;
    encoded.as_bytes()[own..whole].to_vec()
}

fn trimmed(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let begin = bytes.iter().position(|byte| *byte != 0).unwrap_or(end);
    bytes[begin..end].to_vec()
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

fn unhex(digits: &[u8]) -> Vec<u8> {
    let value =
        |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()).unwrap_or(0);
    digits.chunks_exact(2).map(|pair| value(pair[0]) << 4 | value(pair[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::{Scanner, base64, hex};
    use base64ct::{Base64, Base64Url, Encoding as _};

    const VALUES: [&str; 3] = ["440699198501010016", "欧阳样本", "+447700900873"];

    /// Whether each of the values is found when `put` has put it somewhere.
    fn found_after(put: impl Fn(&str) -> Vec<u8>) {
        let scanner = Scanner::new(&VALUES);
        for value in VALUES {
            let data = put(value);
            let found = scanner.scan(&data);
            assert!(
                found.iter().any(|found| found.value == value),
                "{value} in {:?}",
                String::from_utf8_lossy(&data)
            );
        }
    }

    #[test]
    fn a_value_is_found_in_every_form_wherever_it_stands() {
        found_after(|value| format!("name={value};").into_bytes());
        found_after(|value| hex(format!("name={value};").as_bytes()));
        found_after(|value| hex(value.as_bytes()).to_ascii_uppercase());
        found_after(|value| {
            format!("0{}0", String::from_utf8(hex(value.as_bytes())).expect("digits")).into_bytes()
        });
        found_after(|value| format!("{:?}", value.as_bytes()).into_bytes());
        found_after(|value| format!("<{value}>").bytes().rev().collect());
        found_after(|value| value.chars().rev().collect::<String>().into_bytes());
        found_after(|value| format!("<{value}>").encode_utf16().flat_map(u16::to_le_bytes).collect());
        found_after(|value| format!("<{value}>").encode_utf16().flat_map(u16::to_be_bytes).collect());
        found_after(|value| {
            format!("<{value}>")
                .chars()
                .rev()
                .collect::<String>()
                .encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect()
        });
        for before in ["", "a", "ab", "abc"] {
            for behind in ["", "z", "yz"] {
                found_after(|value| {
                    Base64::encode_string(format!("{before}{value}{behind}").as_bytes()).into_bytes()
                });
                found_after(|value| {
                    Base64Url::encode_string(format!("{before}{value}{behind}").as_bytes()).into_bytes()
                });
                found_after(|value| {
                    hex(Base64::encode_string(format!("{before}{value}{behind}").as_bytes()).as_bytes())
                });
            }
        }
    }

    #[test]
    fn a_name_is_found_as_escapes_and_in_another_case() {
        let scanner = Scanner::new(&["欧阳样本", "Quillon Zzyzxova"]);
        for text in [
            r"\u6b27\u9633\u6837\u672c",
            r"\u{6b27}\u{9633}\u{6837}\u{672c}",
            "QUILLON ZZYZXOVA",
            "quillon zzyzxova",
        ] {
            assert!(!scanner.scan(text.as_bytes()).is_empty(), "{text}");
        }
        let octal = r"\346\254\247\351\230\263\346\240\267\346\234\254";
        assert!(!scanner.scan(octal.as_bytes()).is_empty());
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        let scanner = Scanner::new(&VALUES);
        let noise: Vec<u8> =
            (0..200_000_u32).map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
        assert_eq!(scanner.scan(&noise), []);
        assert_eq!(scanner.scan(b"44069919850101001 +44770090087 \xe6\xac\xa7\xe9\x98\xb3"), []);
        assert_eq!(base64(b"abc", 0, Base64::encode_string), b"YWJj");
    }
}
