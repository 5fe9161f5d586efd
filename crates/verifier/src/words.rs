//! The words of a decision. Each is stable: records, contracts and test vectors have them.

/// An enum of words, each with its one spelling for machines, `UPPER_SNAKE_CASE`.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $word,)+ }

        impl $name {
            /// Every word there is, in its order.
            pub const ALL: &[Self] = &[$(Self::$word),+];

            /// The stable `UPPER_SNAKE_CASE` word for machines.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$word => $text,)+ }
            }

            /// The one with this word, if there is one.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word() == word)
            }
        }
    };
}

words! {
    /// What an inspector is told of a code. Only one of them is good.
    Verdict {
        /// Nothing speaks against the code.
        Valid = "VALID",
        /// The displayed content or the registration has come to its end. Content can be had afresh.
        Expired = "EXPIRED",
        /// The content says that it was issued in the future: one of the clocks is wrong.
        NotYetValid = "NOT_YET_VALID",
        /// The registration was amended since: a later code stands in this one's place.
        Superseded = "SUPERSEDED",
        /// The code was withdrawn for good, or its registration cancelled.
        Revoked = "REVOKED",
        /// The code does not count for a while.
        Suspended = "SUSPENDED",
        /// No trusted key may have signed this.
        UnknownKey = "UNKNOWN_KEY",
        /// The key that is named did not sign this.
        BadSignature = "BAD_SIGNATURE",
        /// This is not a code of this system.
        Malformed = "MALFORMED",
        /// Signed by us, yet no code or registration is recorded.
        NotFound = "NOT_FOUND",
        /// What would be needed for a decision is too old or cannot be asked for.
        CannotDecide = "CANNOT_DECIDE",
    }
}

words! {
    /// What is looked at, in this order.
    Check {
        /// The text is a token of the one accepted form.
        Format = "FORMAT",
        /// The key that it names is trusted, and may have signed it.
        Key = "KEY",
        /// The signature is that key's.
        Signature = "SIGNATURE",
        /// The content holds at this hour.
        Time = "TIME",
        /// The code was not withdrawn.
        Code = "CODE",
        /// The registration is active, and the code stands for its present revision.
        Registration = "REGISTRATION",
        /// What is known of keys and codes is new enough to be relied on.
        DataAge = "DATA_AGE",
    }
}

words! {
    /// Why a check failed or was not made.
    ///
    /// The order is that of gravity: where several things are wrong, the first of these makes the verdict. It is the one
    /// that will not mend itself: a revoked code that has also expired is revoked, and asking for fresh content would
    /// not help. Below what is known to be wrong stands what is not known; and a key that is missing in old data may only be
    /// too new for it, so that this stands lower still.
    Reason {
        /// FORMAT: the text is not a token of the one accepted form.
        MalformedText = "MALFORMED_TEXT",
        /// KEY: the key was revoked; nothing that it signed counts.
        KeyRevoked = "KEY_REVOKED",
        /// SIGNATURE: the key that is named did not sign this.
        WrongSignature = "WRONG_SIGNATURE",
        /// CODE: nothing is recorded of the code.
        CodeNotRecorded = "CODE_NOT_RECORDED",
        /// REGISTRATION: there is none.
        RegistrationMissing = "REGISTRATION_MISSING",
        /// CODE: withdrawn for good.
        CodeRevoked = "CODE_REVOKED",
        /// REGISTRATION: cancelled.
        RegistrationCancelled = "REGISTRATION_CANCELLED",
        /// CODE: a later one stands in its place.
        CodeSuperseded = "CODE_SUPERSEDED",
        /// REGISTRATION: it has a later revision than the code.
        RegistrationAmended = "REGISTRATION_AMENDED",
        /// REGISTRATION: its time has ended.
        RegistrationExpired = "REGISTRATION_EXPIRED",
        /// CODE: it does not count for a while.
        CodeSuspended = "CODE_SUSPENDED",
        /// TIME: the content has expired; fresh content can be had.
        ContentExpired = "CONTENT_EXPIRED",
        /// TIME: the content was issued in the future.
        NotYetIssued = "NOT_YET_ISSUED",
        /// `DATA_AGE`: there is no bundle yet.
        NoData = "NO_DATA",
        /// `DATA_AGE`: what is known may be out of date.
        DataTooOld = "DATA_TOO_OLD",
        /// `DATA_AGE`: what is known is newer than the clock of the verifier says it can be.
        ClockBehind = "CLOCK_BEHIND",
        /// The service that knows could not be asked.
        NeighbourUnavailable = "NEIGHBOUR_UNAVAILABLE",
        /// KEY: no key of this id is trusted.
        KeyUnknown = "KEY_UNKNOWN",
        /// KEY: the key is not the one of the issuer that the content names.
        IssuerUnknown = "ISSUER_UNKNOWN",
        /// KEY: the content is of an hour at which the key did not sign.
        KeyNotSigningThen = "KEY_NOT_SIGNING_THEN",
        /// KEY: the content claims to hold for longer than the key verifies anything.
        ContentOutlivesKey = "CONTENT_OUTLIVES_KEY",
        /// Not made, because an earlier check failed.
        EarlierCheckFailed = "EARLIER_CHECK_FAILED",
        /// Not made, because this verifier has no network. Nothing is held against the code for that.
        Offline = "OFFLINE",
    }
}

impl Reason {
    /// The verdict that this reason makes, unless a graver one is there too; none for a check that is merely left out.
    #[must_use]
    pub const fn verdict(self) -> Option<Verdict> {
        Some(match self {
            Self::MalformedText => Verdict::Malformed,
            Self::KeyRevoked
            | Self::KeyUnknown
            | Self::IssuerUnknown
            | Self::KeyNotSigningThen
            | Self::ContentOutlivesKey => Verdict::UnknownKey,
            Self::WrongSignature => Verdict::BadSignature,
            Self::CodeNotRecorded | Self::RegistrationMissing => Verdict::NotFound,
            Self::CodeRevoked | Self::RegistrationCancelled => Verdict::Revoked,
            Self::CodeSuperseded | Self::RegistrationAmended => Verdict::Superseded,
            Self::CodeSuspended => Verdict::Suspended,
            Self::RegistrationExpired | Self::ContentExpired => Verdict::Expired,
            Self::NotYetIssued => Verdict::NotYetValid,
            Self::NoData | Self::DataTooOld | Self::ClockBehind | Self::NeighbourUnavailable => {
                Verdict::CannotDecide
            }
            Self::EarlierCheckFailed | Self::Offline => return None,
        })
    }
}
