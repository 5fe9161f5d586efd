//! What happened to applications, passes and levels, as other systems learn of it: the change feed's own words. Pure.
//!
//! Owns what a change is. How changes get their order, and how they reach a follower, is `entrypass-feed`'s.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    application::{self, Application},
    level::Level,
    pass::{self, Pass},
};

/// One change, of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    /// The person.
    pub(crate) traveller: Uuid,
    /// What happened.
    pub(crate) what: What,
    /// When.
    pub(crate) create_time: OffsetDateTime,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// An application is new, or came to another state.
    Application {
        /// The application.
        id: Uuid,
        /// Its state after it.
        state: application::State,
    },
    /// A pass was issued here or by another channel.
    Issued {
        /// The pass.
        id: Uuid,
        /// Its state.
        state: pass::State,
    },
    /// A pass came to another state, or lasts longer.
    Pass {
        /// The pass.
        id: Uuid,
        /// Its state after it.
        state: pass::State,
    },
    /// The level is another one, or ends at another time.
    Level {
        /// The registration by which it was decided, if there was one.
        registration: Option<Uuid>,
        /// The level after it.
        level: Level,
        /// When it changes by itself.
        until: Option<OffsetDateTime>,
    },
    /// The person was erased.
    Erased,
}

impl Change {
    /// That `application` came to be as it is.
    pub(crate) fn of_application(application: &Application) -> Self {
        let Application { id, traveller, state, update_time, .. } = *application;
        Self { traveller, what: What::Application { id, state }, create_time: update_time }
    }

    /// That `pass` became known at `now`.
    pub(crate) fn issued(pass: &Pass, now: OffsetDateTime) -> Self {
        let what = What::Issued { id: pass.id, state: pass.state(now) };
        Self { traveller: pass.traveller, what, create_time: now }
    }

    /// That `pass` came to be as it is, which was learnt at `now`.
    pub(crate) fn of_pass(pass: &Pass, now: OffsetDateTime) -> Self {
        let what = What::Pass { id: pass.id, state: pass.stored_state };
        Self { traveller: pass.traveller, what, create_time: now }
    }
}
