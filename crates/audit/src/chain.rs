//! The order of records: each has a position, and a link that hangs on all records before it. Pure.

use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::record::Mac;

/// Stands in front of the bytes of every link, so that no MAC of a link is one of anything else.
const LABEL: &[u8] = b"entrypass audit link 1";

/// What the chain was up to one record: a MAC over the record's MAC, its position and the link before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link(pub [u8; 32]);

/// The end of a chain, or any place in it. As text `POSITION:LINK`, the link in 64 hexadecimal digits: to be noted where whoever
/// changes the database cannot change it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// How many records there are up to here. Signed as the column is, where anything may stand.
    pub position: i64,
    /// What they were.
    pub link: Link,
}

/// A text is not the head of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not POSITION:LINK, a number and 64 hexadecimal digits, as `entrypass audit head` prints them")]
pub struct NotAHead;

impl Head {
    /// The end of a chain without records.
    pub const EMPTY: Self = Self { position: 0, link: Link([0; 32]) };

    /// What the link of the next place is a MAC of, when the record with the MAC `record` takes it.
    #[must_use]
    pub fn next_bytes(&self, record: &Mac) -> Vec<u8> {
        let position = self.position.wrapping_add(1).to_be_bytes();
        [LABEL, &self.link.0, &position, &record.key, &record.code].concat()
    }

    /// The next place, taken by the record with the MAC `record`, and the MAC that `mac` made for it.
    #[must_use]
    pub fn next(&self, record: &Mac, mac: impl FnOnce(&[u8]) -> Mac) -> (Self, Mac) {
        let link = mac(&self.next_bytes(record));
        (Self { position: self.position.wrapping_add(1), link: Link(link.code) }, link)
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.position)?;
        self.link.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Head {
    type Err = NotAHead;

    fn from_str(text: &str) -> Result<Self, NotAHead> {
        let (position, digits) = text.split_once(':').ok_or(NotAHead)?;
        let position = position.parse().ok().filter(|position| *position >= 0).ok_or(NotAHead)?;
        if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(NotAHead);
        }
        let mut link = [0; 32];
        for (index, byte) in link.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).map_err(|_| NotAHead)?;
        }
        Ok(Self { position, link: Link(link) })
    }
}

#[cfg(test)]
mod tests {
    use super::{Head, Link, NotAHead};

    #[test]
    fn a_head_is_read_as_it_is_printed() {
        let mut link = [0xab; 32];
        link[0] = 0x01;
        let head = Head { position: 12, link: Link(link) };
        assert_eq!(head.to_string(), format!("12:01{}", "ab".repeat(31)));
        assert_eq!(head.to_string().parse(), Ok(head));
        assert_eq!(Head::EMPTY.to_string().parse(), Ok(Head::EMPTY));
    }

    #[test]
    fn nothing_else_is_a_head() {
        let link = "ab".repeat(32);
        let bad = [
            String::new(),
            "12".to_owned(),
            link.clone(),
            format!(":{link}"),
            format!("-1:{link}"),
            format!("x:{link}"),
            format!("1:{link}0"),
            format!("1:{}", &link[1..]),
            format!("1:{}é", &link[2..]),
            format!("1:+1{}", &link[2..]),
            format!("9223372036854775808:{link}"),
        ];
        for text in bad {
            assert_eq!(text.parse::<Head>(), Err(NotAHead), "{text:?}");
        }
    }
}
