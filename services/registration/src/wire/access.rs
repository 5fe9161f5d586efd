//! Records of the audit.

use entrypass_audit::Record;
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::{resource_id, timestamp};
use entrypass_rule::Rule;
use uuid::Uuid;

use super::collection;
use crate::error::Error;

pub(crate) fn traveller_id(name: &str) -> Result<Uuid, [Rule; 1]> {
    resource_id(collection::TRAVELLERS, name)
}

pub(crate) fn access_record(of: Record) -> Result<pb::AccessRecord, Error> {
    let Record { id: _, time, caller, peer, rpc, purpose, resource, subject: _, outcome, trace_id } = of;
    Ok(pb::AccessRecord {
        time: Some(timestamp(entrypass_db::instant(time)?)),
        caller,
        peer,
        rpc,
        purpose: purpose.unwrap_or_default(),
        resource: resource.unwrap_or_default(),
        outcome,
        trace_id: trace_id.simple().to_string(),
    })
}
