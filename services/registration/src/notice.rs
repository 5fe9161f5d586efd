//! The notice that is read and acknowledged before the form (登记须知): a versioned text in both languages, in a file.

use entrypass_rule::Language;
use serde::Deserialize;
use thiserror::Error;

/// The notice that is in force until configuration names another file.
const BUILT_IN: &str = include_str!("../notice/notice.toml");

/// A notice in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// What an acknowledgement must name. Any change of the text needs a new version.
    version: String,
    #[serde(rename = "zh-CN")]
    zh_cn: NoticeText,
    en: NoticeText,
}

/// A notice in one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticeText {
    pub(crate) title: String,
    pub(crate) paragraphs: Vec<String>,
}

/// Why a file is no notice.
#[derive(Debug, Error)]
pub enum NoticeError {
    /// Not the TOML that `services/registration/notice/notice.toml` shows.
    #[error("the notice is not well-formed")]
    Format(#[from] toml::de::Error),
    /// An empty version, title or paragraph list: nothing that a person could acknowledge.
    #[error("the notice lacks a version, a title or a paragraph")]
    Empty,
}

impl Notice {
    /// Reads a notice from the TOML text of its file.
    ///
    /// # Errors
    /// When the text is not a complete notice in both languages.
    pub fn parse(toml: &str) -> Result<Self, NoticeError> {
        let notice: Self = toml::from_str(toml)?;
        let complete = |text: &NoticeText| !text.title.is_empty() && !text.paragraphs.is_empty();
        if notice.version.is_empty() || !complete(&notice.zh_cn) || !complete(&notice.en) {
            return Err(NoticeError::Empty);
        }
        Ok(notice)
    }

    /// The notice that comes with the program.
    ///
    /// # Errors
    /// Never in a released program: a test reads it.
    pub fn built_in() -> Result<Self, NoticeError> {
        Self::parse(BUILT_IN)
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn text(&self, language: Language) -> &NoticeText {
        match language {
            Language::ZhCn => &self.zh_cn,
            Language::En => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Notice;

    #[test]
    fn the_built_in_notice_is_complete() {
        let notice = Notice::built_in().expect("a notice");
        assert_eq!(notice.zh_cn.paragraphs.len(), notice.en.paragraphs.len());
    }

    #[test]
    fn a_notice_without_one_language_or_without_content_is_refused() {
        let whole = "version = '1'\n[zh-CN]\ntitle = '须知'\nparagraphs = ['一']\n[en]\ntitle = 'Notice'\nparagraphs = ['One']\n";
        assert!(Notice::parse(whole).is_ok());
        for (part, with) in [
            ("version = '1'", ""),
            ("version = '1'", "version = ''"),
            ("title = 'Notice'", "title = ''"),
            ("['One']", "[]"),
            ("[en]", "[fr]"),
            ("['一']", "['一']\nfootnote = 'x'"),
        ] {
            assert!(Notice::parse(&whole.replace(part, with)).is_err(), "{part} -> {with}");
        }
    }
}
