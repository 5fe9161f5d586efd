//! What is told of a person's quarantines and follow-ups.

use entrypass_proto::epass::v1 as pb;
use entrypass_rpc::{resource_name, timestamp};

use crate::{
    circumstances::{FollowUp, FollowUpOutcome, Quarantine},
    wire::collection,
};

/// Renders a quarantine.
pub(crate) fn render_quarantine(of: &Quarantine) -> pb::Quarantine {
    pb::Quarantine {
        name: resource_name(collection::QUARANTINES, of.id),
        traveller: resource_name(collection::TRAVELLERS, of.traveller),
        from_time: Some(timestamp(of.from)),
        until_time: Some(timestamp(of.until)),
        end_time: of.end.map(timestamp),
        create_time: Some(timestamp(of.create_time)),
    }
}

/// Renders a follow-up.
pub(crate) fn render_follow_up(of: &FollowUp) -> pb::FollowUp {
    let outcome = match of.outcome {
        FollowUpOutcome::Cleared => pb::FollowUpOutcome::Cleared,
        FollowUpOutcome::SeeAgain => pb::FollowUpOutcome::SeeAgain,
    };
    pb::FollowUp {
        name: resource_name(collection::FOLLOW_UPS, of.id),
        traveller: resource_name(collection::TRAVELLERS, of.traveller),
        outcome: outcome.into(),
        create_time: Some(timestamp(of.time)),
    }
}
