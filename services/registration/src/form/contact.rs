//! How the traveller, and others on their behalf, can be reached.
//!
//! Owns: phones, e-mail addresses, contacts, and the test that a contact is somebody else than the traveller.
//! Does not own: whether a phone answers. Nothing here sends anything.

use serde::{Deserialize, Serialize};

use crate::form::rule::{self, Checked};
use crate::form::text::{checked_text, code, free_text};
use crate::name::PersonName;
use entrypass_rule::Rule;

/// The longest address that can be given to a mail server (RFC 5321, section 4.5.3.1.3, less the brackets).
const MAX_EMAIL: usize = 254;

checked_text! {
    /// A phone number in E.164: `+`, country code, number; at most 15 digits.
    Phone, e164
}

checked_text! {
    /// An e-mail address of at most 254 characters, local part and domain not looked into.
    Email, email
}

checked_text! {
    /// The name of a contact, 1 to 80 characters in any script.
    ContactName, |raw| free_text(raw, 1, 80)
}

impl Phone {
    /// Reads a phone that can get a text message: a number of the mainland must be a mobile one.
    ///
    /// Other countries' numbers do not tell, so they are taken as they are.
    pub(crate) fn parse_mobile(raw: &str) -> Checked<Self> {
        let phone = Self::parse(raw)?;
        match phone.mainland_number() {
            Some(number) if !is_mobile(number) => Err(vec![mainland_mobile()]),
            _ => Ok(phone),
        }
    }

    fn mainland_number(&self) -> Option<&str> {
        self.0.strip_prefix("+86")
    }
}

/// Somebody who can be reached about the traveller.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contact {
    pub(crate) name: ContactName,
    pub(crate) phone: Phone,
}

/// What of the traveller a contact must not share, as far as the form tells.
#[derive(Clone, Copy)]
pub(crate) struct TravellersOwn<'a> {
    pub(crate) name: Option<&'a PersonName>,
    pub(crate) phones: [Option<&'a Phone>; 2],
}

impl TravellersOwn<'_> {
    /// Whether the contact's name is the traveller's, in either order of surname and given names.
    pub(crate) fn has_name(&self, contact: &ContactName) -> bool {
        self.name.is_some_and(|name| name.is_called(contact.as_str()))
    }

    /// Whether the contact's phone is one of the traveller's.
    pub(crate) fn has_phone(&self, contact: &Phone) -> bool {
        self.phones.contains(&Some(contact))
    }
}

fn e164(raw: &str) -> Checked<String> {
    let number = code(raw);
    if number.is_empty() {
        return Err(vec![Rule::required()]);
    }
    let digits = number.strip_prefix('+').unwrap_or_default();
    let well_formed = (2..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if !well_formed {
        return Err(vec![rule::format(
            "须为 E.164 格式：“+”、国家(地区)代码和号码，共2至15位数字",
            "must be E.164: \"+\", country code and number, 2 to 15 digits",
        )]);
    }
    // A mobile number that lost a digit would pass as a landline.
    match digits.strip_prefix("86") {
        Some(mainland) if begins_as_mobile(mainland) && !is_mobile(mainland) => Err(vec![mainland_mobile()]),
        _ => Ok(number),
    }
}

fn begins_as_mobile(mainland: &str) -> bool {
    matches!(mainland.as_bytes(), [b'1', b'3'..=b'9', ..])
}

fn is_mobile(mainland: &str) -> bool {
    begins_as_mobile(mainland) && mainland.len() == 11
}

fn mainland_mobile() -> entrypass_rule::Rule {
    rule::format(
        "内地手机号(+86)须为1、3至9中的一位及另外9位数字，共11位",
        "a mainland mobile number (+86) is 1, 3 to 9, and nine digits",
    )
}

fn email(raw: &str) -> Checked<String> {
    let address = free_text(raw, 1, MAX_EMAIL)?;
    let parts = address.rsplit_once('@');
    let well_formed = parts.is_some_and(|(local, domain)| {
        !local.is_empty()
            && !address.contains(char::is_whitespace)
            && domain.contains('.')
            && domain.split('.').all(|label| !label.is_empty())
    });
    if well_formed {
        Ok(address)
    } else {
        Err(vec![rule::format("须为电子邮箱地址，如 name@example.com", "must be like name@example.com")])
    }
}

#[cfg(test)]
mod tests {
    use super::{ContactName, Email, Phone, TravellersOwn};
    use crate::form::rule::Checked;
    use crate::name::{ChineseName, LatinName, LatinPart, PersonName};

    fn reasons<T>(result: Checked<T>) -> Vec<&'static str> {
        result.err().into_iter().flatten().map(|rule| rule.reason).collect()
    }

    #[test]
    fn a_phone_is_folded_to_e164() {
        let table = [
            ("+8613800138000", "+8613800138000"),
            (" +86 138-0013-8000 ", "+8613800138000"),
            ("＋８６１３８００１３８０００", "+8613800138000"),
            ("+852 0000 0000", "+85200000000"),
            ("+12", "+12"),
            ("+999999999999999", "+999999999999999"),
        ];
        for (raw, expected) in table {
            for parse in [Phone::parse, Phone::parse_mobile] {
                assert_eq!(parse(raw).as_ref().map(Phone::as_str), Ok(expected), "{raw:?}");
            }
        }
    }

    #[test]
    fn what_is_not_e164_is_no_phone() {
        let wrong = [
            "13800138000",
            "008613800138000",
            "+",
            "+1",
            "+0123456",
            "+1234567890123456",
            "+86(138)00000000",
            "+86138000000O0",
            "++8613800138000",
            "+861380000000",
            "+86138001380000",
        ];
        for raw in wrong {
            assert_eq!(reasons(Phone::parse(raw)), ["FORMAT"], "{raw:?}");
        }
        assert_eq!(reasons(Phone::parse(" - ")), ["REQUIRED"]);
    }

    #[test]
    fn a_landline_of_the_mainland_reaches_a_contact_and_gets_no_message() {
        for raw in ["+86 757 8000 0000", "+86 10 8000 0000", "+8612000000000"] {
            assert!(Phone::parse(raw).is_ok(), "{raw:?}");
            assert_eq!(reasons(Phone::parse_mobile(raw)), ["FORMAT"], "{raw:?}");
        }
    }

    #[test]
    fn an_e_mail_address_has_two_parts_and_no_blank() {
        for raw in ["a@example.com", " wang.xiaoming+entry@mail.example.cn ", "王@例子.中国"] {
            assert_eq!(Email::parse(raw).as_ref().map(Email::as_str), Ok(raw.trim()), "{raw:?}");
        }
        for raw in ["a", "@example.com", "a@", "a@example", "a@.com", "a@example..com", "a b@example.com"] {
            assert_eq!(reasons(Email::parse(raw)), ["FORMAT"], "{raw:?}");
        }
        let longest = format!("{}@example.com", "a".repeat(242));
        assert!(Email::parse(&longest).is_ok());
        assert_eq!(reasons(Email::parse(&format!("a{longest}"))), ["LENGTH"]);
    }

    #[test]
    fn a_contact_shares_neither_name_nor_phone_with_the_traveller() {
        let latin = LatinName {
            surname: LatinPart::parse("WANG").expect("letters"),
            given: LatinPart::parse("XIAOMING").ok(),
        };
        let name = PersonName::new(ChineseName::parse("王小明").ok(), Some(latin));
        let mobile = Phone::parse("+8613800138000").ok();
        let own = TravellersOwn { name: name.as_ref(), phones: [mobile.as_ref(), None] };
        for same in ["王小明", "王 小 明", "Wang Xiaoming", "Xiaoming Wang", "WANG, XIAO-MING"] {
            assert!(own.has_name(&ContactName::parse(same).expect(same)), "{same:?}");
        }
        for other in ["王大明", "王小明的母亲", "Wang", "Li Xiaoming"] {
            assert!(!own.has_name(&ContactName::parse(other).expect(other)), "{other:?}");
        }
        assert!(own.has_phone(&Phone::parse("+86 138 0013 8000").expect("E.164")));
        assert!(!own.has_phone(&Phone::parse("+86 138 0075 7500").expect("E.164")));
    }
}
