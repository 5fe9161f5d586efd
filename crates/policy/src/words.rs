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
        /// The person has none, or one in a state that this program does not know.
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
        /// Begun and not submitted.
        Draft = "DRAFT",
        /// The applicant's identity is to be verified.
        Submitted = "SUBMITTED",
        /// The applicant's identity is being verified.
        IdentityVerifying = "IDENTITY_VERIFYING",
        /// The applicant's identity could not be confirmed; can be submitted again.
        VerificationFailed = "VERIFICATION_FAILED",
        /// Waits for a decision.
        UnderReview = "UNDER_REVIEW",
        /// Can be submitted again.
        ReturnedForCorrection = "RETURNED_FOR_CORRECTION",
        /// A reviewer agreed, and the pass follows at once.
        Approved = "APPROVED",
        /// A pass was issued with it.
        Issued = "ISSUED",
        /// Refused.
        Rejected = "REJECTED",
        /// Over, because the traveller withdrew it or cancelled the registration.
        Withdrawn = "WITHDRAWN",
        /// Over with its registration, or because nobody touched it for too long.
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
        /// What number, name, sex and birth date say of each other agrees; nobody was asked.
        Formal = "FORMAL",
        /// Real-name (实名): number and name agree in the authority's register.
        RealName = "REAL_NAME",
        /// Real-person (实人): besides, the person in front of the screen is the holder.
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
