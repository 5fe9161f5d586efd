//! Which RPCs a rule is about.

use std::fmt;

/// One rule of a caller: an RPC by its full name (`entrypass.qr.v1.QrService/VerifyQrCode`), all of a service
/// (`entrypass.qr.v1.QrService/*`), or those of a service that begin alike (`entrypass.qr.v1.QrService/Get*`). With a `!` in front it refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    refuses: bool,
    begins: String,
    open: bool,
}

impl Pattern {
    /// Reads a rule. `None` when it has not the form of one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (refuses, rest) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let (begins, open) = rest.strip_suffix('*').map_or((rest, false), |begins| (begins, true));
        let (service, method) = begins.split_once('/')?;
        let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._".contains(&b));
        let complete = !service.is_empty() && (open || !method.is_empty());
        (complete && is_name(service) && is_name(method)).then(|| Self {
            refuses,
            begins: begins.to_owned(),
            open,
        })
    }

    /// Whether the rule is about `rpc`, which is given by its full name.
    #[must_use]
    pub fn matches(&self, rpc: &str) -> bool {
        if self.open { rpc.starts_with(&self.begins) } else { rpc == self.begins }
    }

    /// Whether it allows what it matches.
    #[must_use]
    pub fn allows(&self) -> bool {
        !self.refuses
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { refuses, begins, open } = self;
        write!(formatter, "{}{begins}{}", if *refuses { "!" } else { "" }, if *open { "*" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Pattern;

    #[test]
    fn a_rule_is_about_one_rpc_all_of_a_service_or_a_beginning() {
        let table = [
            ("a.v1.S/Get", "a.v1.S/Get", true),
            ("a.v1.S/Get", "a.v1.S/GetAll", false),
            ("a.v1.S/Get", "a.v1.s/Get", false),
            ("a.v1.S/Get*", "a.v1.S/Get", true),
            ("a.v1.S/Get*", "a.v1.S/GetAll", true),
            ("a.v1.S/Get*", "a.v1.S/List", false),
            ("a.v1.S/*", "a.v1.S/List", true),
            ("a.v1.S/*", "a.v1.SS/List", false),
            ("a.v1.S/*", "a.v1.S", false),
            ("!a.v1.S/*", "a.v1.S/List", true),
        ];
        for (rule, rpc, expected) in table {
            let pattern = Pattern::parse(rule).expect(rule);
            assert_eq!(pattern.matches(rpc), expected, "{rule} {rpc}");
            assert_eq!(pattern.allows(), !rule.starts_with('!'));
            assert_eq!(pattern.to_string(), rule);
        }
    }

    #[test]
    fn what_could_be_taken_for_more_than_it_says_is_no_rule() {
        for bad in [
            "",
            "*",
            "!",
            "/",
            "/*",
            "a.v1.S",
            "a.v1.S/",
            "a.v1.*/Get",
            "a.v1.S/*All",
            "a.v1.S/**",
            "!!a/b",
            "a/b/c",
            "a/b ",
            " a/b",
        ] {
            assert_eq!(Pattern::parse(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_as_the_same(text in "!?[a-c.]{0,4}/?[a-c]{0,3}\\*?") {
            if let Some(pattern) = Pattern::parse(&text) {
                prop_assert_eq!(pattern.to_string(), text);
            }
        }
    }
}
