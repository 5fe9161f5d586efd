//! The closed sets of words that facts and outcomes are said in.
//!
//! Each word is the published enum's value without its prefix.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// An enum whose values are words, in the order in which they stand.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$of_word:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$of_word])* $variant,)+
        }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
            /// The word of every value.
            pub const WORDS: &[&str] = &[$($word),+];

            /// Its word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = String::deserialize(deserializer)?;
                let found = Self::ALL.iter().copied().find(|value| value.as_str() == word);
                found.ok_or_else(|| D::Error::unknown_variant(&word, Self::WORDS))
            }
        }
    };
}

words! {
    /// Where a person's registration stands.
    RegistrationState {
        /// The person has none.
        None = "NONE",
        /// It counts.
        Active = "ACTIVE",
        /// Its time ended.
        Expired = "EXPIRED",
        /// It was cancelled.
        Cancelled = "CANCELLED",
    }
}

words! {
    /// Where a person's last application stands.
    ApplicationState {
        /// There is none.
        None = "NONE",
        /// Waits for a decision.
        UnderReview = "UNDER_REVIEW",
        /// Can be submitted again.
        ReturnedForCorrection = "RETURNED_FOR_CORRECTION",
        /// A pass was issued with it.
        Approved = "APPROVED",
        /// Refused.
        Rejected = "REJECTED",
        /// Over with its registration, which was cancelled.
        Withdrawn = "WITHDRAWN",
        /// Over with its registration, whose time ended.
        Expired = "EXPIRED",
    }
}

words! {
    /// Where a pass was issued.
    PassOrigin {
        /// Here, on approval of an application.
        Application = "APPLICATION",
        /// By another channel, and recorded here.
        External = "EXTERNAL",
    }
}

words! {
    /// How well it is known that an applicant is who the document says, weakest first.
    IdentityStrength {
        /// Nothing was done.
        None = "NONE",
        /// Somebody, or the document's own check, found document and form in agreement; no authority was asked.
        Checked = "CHECKED",
        /// Real-name (实名): an authority confirmed that number and name belong together.
        RealName = "REAL_NAME",
        /// Real-person (实人): besides, the holder was there, as by face recognition.
        RealPerson = "REAL_PERSON",
    }
}

words! {
    /// The level (级别) of a person's electronic pass.
    Level {
        /// There is no pass.
        None = "NONE",
        /// Allowed, of the city (green).
        AllowLocal = "ALLOW_LOCAL",
        /// Allowed, from elsewhere (blue).
        AllowVisitor = "ALLOW_VISITOR",
        /// Allowed for now (yellow): the community follows up.
        Temporary = "TEMPORARY",
        /// Denied (red).
        Deny = "DENY",
    }
}
