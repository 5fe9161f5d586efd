//! What the audit is told of a call, and what it tells of a person.

use entrypass_audit::{About, Access};
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::{PageRequest, PageToken};
use entrypass_rule::{Rule, Text, Violations};

use super::Registrations;
use crate::{
    error::Error,
    registration::{Latest, Registration},
    wire,
};

/// The collection of registrations, as their resource names begin.
pub(super) const REGISTRATIONS: &str = "registrations";

/// Notes that the call named a registration, whether there is one or not.
pub(super) fn named(access: &Access, registration: &str) {
    if let Ok(id) = wire::registration_id(registration) {
        access.touch(REGISTRATIONS, id, None);
    }
}

/// Notes that the call was about these registrations, and their persons.
pub(super) fn touched<'r>(access: &Access, registrations: impl IntoIterator<Item = &'r Registration>) {
    for registration in registrations {
        access.touch(REGISTRATIONS, registration.id, Some(registration.traveller));
    }
}

/// As [`touched`], of a registration whose content was not read.
pub(super) fn seen(access: &Access, latest: &Latest) {
    access.touch(REGISTRATIONS, latest.id, Some(latest.traveller));
}

impl Registrations {
    pub(super) async fn list_access(
        &self,
        access: &Access,
        message: pb::ListAccessRequest,
    ) -> Result<pb::ListAccessResponse, Error> {
        let (about, page) = parse(message)?;
        match &about {
            About::Subject(traveller) => access.touch_person(*traveller),
            About::Resource(registration) => named(access, registration),
        }
        let before = page.after.map(|PageToken(last)| last);
        let size = usize::try_from(page.size).unwrap_or(usize::MAX);
        let mut records = self.audit.about(&about, before, page.size + 1).await?;
        let more = records.len() > size;
        records.truncate(size);
        let next = records.last().filter(|_| more).map(|last| PageToken(last.id).encode());
        Ok(pb::ListAccessResponse {
            records: records.into_iter().map(wire::access_record).collect::<Result<_, _>>()?,
            next_page_token: next.unwrap_or_default(),
        })
    }
}

fn parse(message: pb::ListAccessRequest) -> Result<(About, PageRequest), Violations> {
    let pb::ListAccessRequest { traveller, registration, page_size, page_token } = message;
    let mut violations = Violations::default();
    let page = violations.collect(PageRequest::parse(page_size, &page_token));
    let about = if registration.is_empty() {
        violations.take("traveller", wire::traveller_id(&traveller)).map(About::Subject)
    } else {
        if !traveller.is_empty() {
            let text = Text::new("人员与登记不能同时提供", "give a person or a registration, not both");
            violations.add("traveller", Rule::new("EXCLUDED", text));
        }
        let id = violations.take("registration", wire::registration_id(&registration));
        id.map(|_| About::Resource(registration))
    };
    violations.finish(|| Some((about?, page?)))
}
