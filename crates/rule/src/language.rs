//! The two languages in which the system speaks to people.

use std::borrow::Cow;

/// A language that a caller can ask for with the `accept-language` metadata key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Simplified Chinese, `zh-CN`.
    ZhCn,
    /// English, `en`; also the answer to a language that is not offered.
    #[default]
    En,
}

impl Language {
    /// The BCP 47 tag, as it stands in `google.rpc.LocalizedMessage.locale`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }

    /// Picks the best offered language from an `Accept-Language` value (RFC 9110, section 12.5.4).
    ///
    /// Every Chinese tag gets `zh-CN` and every other range English: a caller that asks for what we do not
    /// have is answered, not refused. A malformed range is skipped and a malformed weight counts as 0.
    #[must_use]
    pub fn negotiate(accept_language: &str) -> Self {
        let mut best = (0, Self::default());
        for range in accept_language.split(',') {
            let mut parts = range.split(';');
            let offered = Self::offered_for(parts.next().unwrap_or_default().trim());
            let weight = parts.next().map_or(1000, weight_in_thousandths);
            if let Some(language) = offered
                && weight > best.0
            {
                best = (weight, language);
            }
        }
        best.1
    }

    fn offered_for(range: &str) -> Option<Self> {
        let primary = range.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::ZhCn)
        } else if primary.eq_ignore_ascii_case("en") || primary == "*" {
            Some(Self::En)
        } else {
            None
        }
    }
}

fn weight_in_thousandths(parameter: &str) -> u32 {
    let value = parameter.trim().strip_prefix("q=").unwrap_or("0");
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    match (whole, digits.parse::<u32>()) {
        ("1", _) => 1000,
        ("0", Ok(thousandths)) => thousandths,
        _ => 0,
    }
}

/// One text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    zh_cn: Cow<'static, str>,
    en: Cow<'static, str>,
}

impl Text {
    /// Pairs the Simplified Chinese wording with the English one.
    pub fn new(zh_cn: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self { zh_cn: zh_cn.into(), en: en.into() }
    }

    /// The wording in `language`.
    #[must_use]
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::ZhCn => &self.zh_cn,
            Language::En => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn the_heaviest_offered_language_wins_and_english_answers_for_the_rest() {
        let table = [
            ("zh-CN", Language::ZhCn),
            ("zh", Language::ZhCn),
            ("zh-Hant-HK", Language::ZhCn),
            ("ZH_cn", Language::ZhCn),
            ("en", Language::En),
            ("fr", Language::En),
            ("fr, zh;q=0.3", Language::ZhCn),
            ("en;q=0.8, zh-CN;q=0.9", Language::ZhCn),
            ("en;q=0.81, zh-CN;q=0.8", Language::En),
            ("zh;q=0", Language::En),
            ("zh;q=nonsense, en;q=0.1", Language::En),
            ("", Language::En),
            (";;,,;q=", Language::En),
        ];
        for (header, expected) in table {
            assert_eq!(Language::negotiate(header), expected, "{header:?}");
        }
    }
}
