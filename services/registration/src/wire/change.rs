//! The change feed's messages.

use entrypass_feed::Cursor;
use entrypass_proto::registration::v1::{self as pb, registration_change::Kind};
use entrypass_rpc::{resource_name, timestamp};
use uuid::Uuid;

use super::{collection, render};
use crate::change::{Change, ChangeKind};

/// Renders a change.
pub(crate) fn change(of: &Change, at: Cursor) -> pb::RegistrationChange {
    pb::RegistrationChange {
        registration: named(of.registration),
        traveller: render::traveller_name(of.traveller),
        kind: kind(of.kind).into(),
        revision: i32::from(of.revision),
        state: render::state(of.state).into(),
        expire_time: Some(timestamp(of.expire_time)),
        companion: of.companion.map(|id| resource_name(collection::COMPANIONS, id)).unwrap_or_default(),
        change_time: Some(timestamp(of.create_time)),
        cursor: at.to_string(),
    }
}

fn named(registration: Uuid) -> String {
    if registration.is_nil() { String::new() } else { render::registration_name(registration) }
}

fn kind(of: ChangeKind) -> Kind {
    match of {
        ChangeKind::Registered => Kind::Registered,
        ChangeKind::Amended => Kind::Amended,
        ChangeKind::DocumentReplaced => Kind::DocumentReplaced,
        ChangeKind::Cancelled => Kind::Cancelled,
        ChangeKind::Expired => Kind::Expired,
        ChangeKind::CompanionBound => Kind::CompanionBound,
        ChangeKind::CompanionConfirmed => Kind::CompanionConfirmed,
        ChangeKind::CompanionUnbound => Kind::CompanionUnbound,
        ChangeKind::TravellerErased => Kind::TravellerErased,
    }
}
