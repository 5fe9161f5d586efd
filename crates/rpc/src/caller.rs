//! Who calls, by name.
//!
//! What a name is worth is the edge layer's to know: with TLS it is that of a caller in the list, whose certificate was proven; without, it is
//! what a caller on this machine says of itself, which keeps the `request_id`s of callers apart and is no proof of anything.

use std::sync::Arc;

/// The metadata key in which a caller says who it is, and in which each hop hands it on.
pub(crate) const HEADER: &str = "entrypass-caller";

/// The metadata key in which a service of ours says who it is while it speaks for others, where no certificate does.
pub(crate) const RELAY_HEADER: &str = "entrypass-relay";

/// What a caller is called that says nothing usable of itself.
const ANONYMOUS: &str = "anonymous";
/// Most characters of a caller's name.
const LONGEST: usize = 128;

/// The name of a caller: 1 to 128 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Caller(Arc<str>);

impl Caller {
    /// Reads the header. Absent or malformed, the caller is "anonymous".
    pub(crate) fn read(header: Option<&str>) -> Self {
        let usable =
            |name: &&str| (1..=LONGEST).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic());
        Self(header.filter(usable).unwrap_or(ANONYMOUS).into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Caller;

    #[test]
    fn a_caller_is_who_it_says_or_nobody() {
        let longest = "x".repeat(128);
        for good in ["kiosk-7", "!", "~", longest.as_str()] {
            assert_eq!(Caller::read(Some(good)).as_str(), good);
        }
        let too_long = "x".repeat(129);
        for bad in ["", " ", "kiosk 7", "kiosk\t7", "窗口", "\u{7f}", too_long.as_str()] {
            assert_eq!(Caller::read(Some(bad)).as_str(), "anonymous", "{bad:?}");
        }
        assert_eq!(Caller::read(None).as_str(), "anonymous");
    }
}
