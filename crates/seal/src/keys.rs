//! The keys of one service's ring, as its text has them, and how the ring changes.

use std::fmt::{self, Write as _};

use entrypass_ambient::Random;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    hex,
    key::{Key, KeyId, Purpose},
};

/// The first lines of a ring that this crate writes.
const HEADING: &str = "# Keys of one service of Entry Pass. The first of each purpose is in use; the others only open what was sealed under them.\n\
                       # Change it with `entrypass keys`. Without these keys the data is lost: keep a copy away from the database's.\n";

/// All keys of one service.
///
/// Of each purpose there is at least one. The first is in use; the others only open, look up and verify.
pub struct Keys {
    encryption: Chain,
    index: Chain,
    audit: Chain,
}

/// The keys of one purpose.
pub(crate) struct Chain {
    first: Key,
    others: Vec<Key>,
}

/// A key as lists show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedKey {
    /// What it is for.
    pub purpose: Purpose,
    /// Its id.
    pub id: KeyId,
    /// Whether it is the one that seals, or makes new indexes and checksums.
    pub in_use: bool,
}

/// What is wrong with a key ring, or with a change of it. No key is repeated in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeysError {
    /// A line is not a key.
    #[error("line {line} is not a purpose (encryption, index or audit) and 64 hexadecimal digits")]
    Line {
        /// Which, counted from 1.
        line: usize,
    },
    /// One key twice, which would make one key serve two purposes, or its place ambiguous.
    #[error("the key of line {line} stands in the ring already")]
    Repeated {
        /// Which, counted from 1.
        line: usize,
    },
    /// A purpose has no key.
    #[error("there is no key for {0}: `entrypass keys new` makes a whole ring")]
    Missing(Purpose),
    /// The key to be retired is in use.
    #[error("the key {0} is in use: have another take its place first")]
    InUse(KeyId),
    /// There is no such key.
    #[error("there is no key {0} of this purpose")]
    Unknown(KeyId),
}

impl Keys {
    /// Reads a ring: one key a line, `PURPOSE 64HEX`; what follows `#` is a comment.
    ///
    /// # Errors
    /// When a line is none, a key stands there twice, or a purpose has no key.
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        let mut found: Vec<(Purpose, Key)> = Vec::new();
        for (line, content) in (1..).zip(text.lines()) {
            let content = content.split('#').next().unwrap_or_default();
            let mut words = content.split_whitespace();
            let Some(purpose) = words.next() else { continue };
            let key = purpose.parse().ok().zip(words.next()).filter(|_| words.next().is_none());
            let key = key.and_then(|(purpose, digits)| Some((purpose, Key::parse(purpose, digits)?)));
            let (purpose, key) = key.ok_or(KeysError::Line { line })?;
            if found.iter().any(|(_, known)| known.bytes() == key.bytes()) {
                return Err(KeysError::Repeated { line });
            }
            found.push((purpose, key));
        }
        let mut chain = |purpose| Chain::of(purpose, &mut found).ok_or(KeysError::Missing(purpose));
        let (encryption, index) = (chain(Purpose::Encryption)?, chain(Purpose::Index)?);
        Ok(Self { encryption, index, audit: chain(Purpose::Audit)? })
    }

    /// A ring with one new key for each purpose.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        let chain = |purpose| Chain { first: Key::generate(purpose, random), others: Vec::new() };
        Self {
            encryption: chain(Purpose::Encryption),
            index: chain(Purpose::Index),
            audit: chain(Purpose::Audit),
        }
    }

    /// The text that [`Keys::parse`] reads.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        // Long enough from the beginning: a text that grows leaves its former place, with keys in it, to whoever gets it next.
        let mut text = String::with_capacity(HEADING.len() + self.list().count() * 80);
        text.push_str(HEADING);
        for purpose in Purpose::ALL {
            for key in self.of(purpose).all() {
                // Writing to a text does not fail.
                let _ = write!(text, "{purpose} ")
                    .and_then(|()| hex::write(&mut text, key.bytes()))
                    .and_then(|()| text.write_char('\n'));
            }
        }
        Zeroizing::new(text)
    }

    /// Every key, by purpose, the one in use first.
    pub fn list(&self) -> impl Iterator<Item = ListedKey> {
        Purpose::ALL.into_iter().flat_map(|purpose| {
            let in_use = self.in_use(purpose);
            self.of(purpose).all().map(move |key| ListedKey {
                purpose,
                id: key.id(),
                in_use: key.id() == in_use,
            })
        })
    }

    /// The key of `purpose` that is in use.
    #[must_use]
    pub fn in_use(&self, purpose: Purpose) -> KeyId {
        self.of(purpose).first.id()
    }

    /// Whether the ring has the key `id` for `purpose`.
    #[must_use]
    pub fn has(&self, purpose: Purpose, id: KeyId) -> bool {
        self.of(purpose).find(id).is_some()
    }

    /// These keys and a new one of `purpose`, not in use yet; and its id.
    #[must_use]
    pub fn with_new(&self, purpose: Purpose, random: &dyn Random) -> (Self, KeyId) {
        let mut keys = self.copy();
        let key = Key::generate(purpose, random);
        let id = key.id();
        keys.of_mut(purpose).others.push(key);
        (keys, id)
    }

    /// These keys with the newest of `purpose` in use.
    #[must_use]
    pub fn with_newest_in_use(&self, purpose: Purpose) -> Self {
        let mut keys = self.copy();
        let chain = keys.of_mut(purpose);
        if let Some(newest) = chain.others.pop() {
            chain.others.insert(0, std::mem::replace(&mut chain.first, newest));
        }
        keys
    }

    /// These keys without `id`.
    ///
    /// # Errors
    /// When it is in use, or not there.
    pub fn without(&self, purpose: Purpose, id: KeyId) -> Result<Self, KeysError> {
        if self.in_use(purpose) == id {
            return Err(KeysError::InUse(id));
        }
        if !self.has(purpose, id) {
            return Err(KeysError::Unknown(id));
        }
        let mut keys = self.copy();
        keys.of_mut(purpose).others.retain(|key| key.id() != id);
        Ok(keys)
    }

    pub(crate) fn of(&self, purpose: Purpose) -> &Chain {
        match purpose {
            Purpose::Encryption => &self.encryption,
            Purpose::Index => &self.index,
            Purpose::Audit => &self.audit,
        }
    }

    fn of_mut(&mut self, purpose: Purpose) -> &mut Chain {
        match purpose {
            Purpose::Encryption => &mut self.encryption,
            Purpose::Index => &mut self.index,
            Purpose::Audit => &mut self.audit,
        }
    }

    fn copy(&self) -> Self {
        let [encryption, index, audit] = Purpose::ALL.map(|purpose| self.of(purpose).copy());
        Self { encryption, index, audit }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list()).finish()
    }
}

impl Chain {
    fn of(purpose: Purpose, found: &mut Vec<(Purpose, Key)>) -> Option<Self> {
        let mut keys = found.extract_if(.., |(of, _)| *of == purpose).map(|(_, key)| key);
        Some(Self { first: keys.next()?, others: keys.collect() })
    }

    pub(crate) fn first(&self) -> &Key {
        &self.first
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub(crate) fn find(&self, id: KeyId) -> Option<&Key> {
        self.all().find(|key| key.id() == id)
    }

    fn copy(&self) -> Self {
        Self { first: self.first.copy(), others: self.others.iter().map(Key::copy).collect() }
    }
}

#[cfg(test)]
mod tests {
    use entrypass_ambient::SeededRandom;

    use super::{Keys, KeysError, Purpose};

    fn line(purpose: &str, digit: char) -> String {
        format!("{purpose} {}\n", digit.to_string().repeat(64))
    }

    fn ring() -> String {
        [line("encryption", '1'), line("index", '2'), line("audit", '3')].concat()
    }

    #[test]
    fn a_ring_is_read_in_any_order_with_comments_and_blank_lines() {
        let text = format!(
            "# city\n\n{}{} {}",
            line("audit", '3'),
            line("index", '2').trim_end(),
            format_args!("# since May\n  {}{}", line("encryption", '1'), line("encryption", 'A'))
        );
        let keys = Keys::parse(&text).expect("a ring");
        let listed: Vec<_> = keys.list().map(|key| (key.purpose, key.in_use)).collect();
        let (e, i, a) = (Purpose::Encryption, Purpose::Index, Purpose::Audit);
        assert_eq!(listed, [(e, true), (e, false), (i, true), (a, true)]);
    }

    #[test]
    fn what_is_no_ring_is_told_by_its_line_and_not_repeated() {
        let (good, digits) = (ring(), "5ec7e7".repeat(10));
        let table = [
            (format!("{good}signing {digits}5ec7"), KeysError::Line { line: 4 }),
            (format!("{good}index {digits}"), KeysError::Line { line: 4 }),
            (format!("{good}index {digits}5ec7 more"), KeysError::Line { line: 4 }),
            (format!("{good}{digits}5ec7"), KeysError::Line { line: 4 }),
            (format!("{good}index +{digits}5ec"), KeysError::Line { line: 4 }),
            (format!("{good}{}", line("index", '2')), KeysError::Repeated { line: 4 }),
            (format!("{good}{}", line("audit", '1')), KeysError::Repeated { line: 4 }),
            (String::new(), KeysError::Missing(Purpose::Encryption)),
            (line("encryption", '1'), KeysError::Missing(Purpose::Index)),
            (good.replace("audit", "index"), KeysError::Missing(Purpose::Audit)),
        ];
        for (text, expected) in table {
            let error = Keys::parse(&text).expect_err("no ring");
            assert_eq!(error, expected);
            assert!(!format!("{error} {error:?}").contains("5ec7"), "{error}");
        }
    }

    #[test]
    fn a_ring_is_written_as_it_is_read() {
        let keys = Keys::generate(&SeededRandom::new(1));
        let (keys, _) = keys.with_new(Purpose::Index, &SeededRandom::new(2));
        let text = keys.to_text();
        let again = Keys::parse(&text).expect("a ring");
        assert_eq!(*again.to_text(), *text);
        assert_eq!(again.list().collect::<Vec<_>>(), keys.list().collect::<Vec<_>>());
        let enough = super::HEADING.len() + keys.list().count() * 80;
        assert!(text.len() <= enough, "it was written at one place");
    }

    #[test]
    fn a_key_comes_behind_takes_the_place_and_goes() {
        let keys = Keys::parse(&ring()).expect("a ring");
        let old = keys.in_use(Purpose::Encryption);
        let (keys, new) = keys.with_new(Purpose::Encryption, &SeededRandom::new(1));
        assert_eq!((keys.in_use(Purpose::Encryption), keys.has(Purpose::Encryption, new)), (old, true));
        assert_eq!(keys.without(Purpose::Encryption, old).expect_err("in use"), KeysError::InUse(old));
        assert_eq!(keys.without(Purpose::Index, new).expect_err("not there"), KeysError::Unknown(new));
        let keys = keys.with_newest_in_use(Purpose::Encryption);
        assert_eq!((keys.in_use(Purpose::Encryption), keys.has(Purpose::Encryption, old)), (new, true));
        let keys = keys.without(Purpose::Encryption, old).expect("it is not in use");
        assert!(!keys.has(Purpose::Encryption, old));
        assert_eq!(keys.with_newest_in_use(Purpose::Encryption).in_use(Purpose::Encryption), new);
    }

    #[test]
    fn one_key_has_another_id_for_another_purpose() {
        let keys = Keys::parse(&ring()).expect("a ring");
        let swapped = [line("encryption", '2'), line("index", '1'), line("audit", '3')].concat();
        let swapped = Keys::parse(&swapped).expect("a ring");
        assert_ne!(keys.in_use(Purpose::Encryption), swapped.in_use(Purpose::Index));
        let id = keys.in_use(Purpose::Index);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().len(), 16);
    }

    #[test]
    fn nothing_of_a_key_is_printed() {
        let printed = format!("{:?}", Keys::parse(&ring()).expect("a ring"));
        for digit in ['1', '2', '3'] {
            assert!(!printed.contains(&digit.to_string().repeat(8)), "{printed}");
        }
    }
}
