//! What is told of passes.

use entrypass_proto::epass::v1::{ElectronicPass, PassLevel, electronic_pass};
use entrypass_rpc::{resource_name, timestamp};

use crate::{
    level::Level,
    pass::{Origin, Pass},
    wire::collection,
};

/// Renders a pass.
pub(crate) fn render_pass(pass: &Pass) -> ElectronicPass {
    let (origin, issuer) = match &pass.origin {
        Origin::Application => (electronic_pass::Origin::Application, ""),
        Origin::External { issuer } => (electronic_pass::Origin::External, issuer.as_str()),
    };
    ElectronicPass {
        name: resource_name(collection::ELECTRONIC_PASSES, pass.id),
        traveller: resource_name(collection::TRAVELLERS, pass.traveller),
        pass_number: pass.number.clone(),
        origin: origin.into(),
        issuer: issuer.to_owned(),
        issue_time: Some(timestamp(pass.issue_time)),
    }
}

/// Renders a level.
pub(crate) fn render_level(level: Level) -> PassLevel {
    match level {
        Level::None => PassLevel::None,
        Level::AllowLocal => PassLevel::AllowLocal,
        Level::AllowVisitor => PassLevel::AllowVisitor,
        Level::Temporary => PassLevel::Temporary,
    }
}
