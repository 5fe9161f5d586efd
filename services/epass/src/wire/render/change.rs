//! The change feed's messages.

use entrypass_feed::{Answer, Cursor};
use entrypass_proto::epass::v1::{self as pb, electronic_pass_change::Kind};
use entrypass_rpc::{resource_name, timestamp};

use super::{
    applications::render_state as application_state, passes::render_state as pass_state, render_level,
};
use crate::{
    change::{Change, What},
    wire::collection,
};

/// Renders what a follower is told at once.
pub(crate) fn render_changes(answer: Answer<Change>) -> pb::WatchElectronicPassesResponse {
    let Answer { changes, cursor, as_of } = answer;
    pb::WatchElectronicPassesResponse {
        changes: changes.iter().map(|(place, change)| render_change(change, *place)).collect(),
        cursor: cursor.to_string(),
        as_of_time: as_of.map(timestamp),
    }
}

fn render_change(of: &Change, at: Cursor) -> pb::ElectronicPassChange {
    let told = match of.what {
        What::Application { id, state } => pb::ElectronicPassChange {
            kind: Kind::ApplicationChanged.into(),
            application: resource_name(collection::APPLICATIONS, id),
            application_state: application_state(state).into(),
            ..Default::default()
        },
        What::Issued { id, state } => pb::ElectronicPassChange {
            kind: Kind::PassIssued.into(),
            electronic_pass: resource_name(collection::ELECTRONIC_PASSES, id),
            pass_state: pass_state(state).into(),
            ..Default::default()
        },
        What::Pass { id, state } => pb::ElectronicPassChange {
            kind: Kind::PassChanged.into(),
            electronic_pass: resource_name(collection::ELECTRONIC_PASSES, id),
            pass_state: pass_state(state).into(),
            ..Default::default()
        },
        What::Level { registration, level, until } => pb::ElectronicPassChange {
            kind: Kind::LevelChanged.into(),
            registration: registration
                .map(|id| resource_name(collection::REGISTRATIONS, id))
                .unwrap_or_default(),
            level: render_level(level).into(),
            level_until_time: until.map(timestamp),
            ..Default::default()
        },
        What::Erased => pb::ElectronicPassChange { kind: Kind::TravellerErased.into(), ..Default::default() },
    };
    pb::ElectronicPassChange {
        traveller: resource_name(collection::TRAVELLERS, of.traveller),
        change_time: Some(timestamp(of.create_time)),
        cursor: at.to_string(),
        ..told
    }
}
