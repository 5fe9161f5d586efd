//! What the audit is told of a call, and what it tells of a person.

use entrypass_audit::{About, Access};
use entrypass_proto::registration::v1 as pb;
use entrypass_rpc::{PageRequest, PageToken};
use entrypass_rule::{Rule, Text, Violations};
use entrypass_seal::Sealer;
use uuid::Uuid;

use super::Registrations;
use crate::{
    error::Error,
    registration::{Latest, Registration},
    wire,
};

/// The collection of registrations, as their resource names begin.
pub(super) const REGISTRATIONS: &str = "registrations";

/// Keeps the seals of page tokens apart from whatever else the index keys make.
const PAGE_TOKEN: &str = "registration page token of ListAccess";

/// Whose list of records, and of whom: a page token is good for one of these alone.
struct List<'c> {
    sealer: &'c Sealer,
    caller: &'c str,
    about: About,
}

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
        let (list, page) = parse(message, self.database.sealer(), access.caller().as_str())?;
        match &list.about {
            About::Subject(traveller) => access.touch_person(*traveller),
            About::Resource(registration) => named(access, registration),
        }
        let before = page.after.map(|PageToken(last)| last);
        let mut records = self.audit.about(&list.about, before, page.rows_to_read()).await?;
        let next = page.cut(&mut records, |last| last.id).and_then(|end| list.token(end));
        Ok(pb::ListAccessResponse {
            records: records.into_iter().map(wire::access_record).collect::<Result<_, _>>()?,
            next_page_token: next.unwrap_or_default(),
        })
    }
}

impl List<'_> {
    /// The text of a token, which is of use for this list alone.
    fn token(&self, token: PageToken) -> Option<String> {
        self.seals(token).next().map(|seal| token.encode_bound(seal))
    }

    /// What makes `token` one of this list, under each index key: the one in use first.
    fn seals(&self, token: PageToken) -> impl Iterator<Item = Uuid> + use<> {
        let about = match &self.about {
            About::Subject(traveller) => wire::traveller_name(*traveller),
            About::Resource(registration) => registration.clone(),
        };
        // Neither id nor name has a space, so that nothing of the caller passes for a part of them.
        let bound = [token.0.as_bytes(), about.as_bytes(), b" ", self.caller.as_bytes()].concat();
        let digests = self.sealer.blind_indexes(PAGE_TOKEN, &bound).into_iter();
        digests.filter_map(|(_, digest)| digest.first_chunk().map(|half| Uuid::from_bytes(*half)))
    }
}

fn parse<'c>(
    message: pb::ListAccessRequest,
    sealer: &'c Sealer,
    caller: &'c str,
) -> Result<(List<'c>, PageRequest), Violations> {
    let pb::ListAccessRequest { traveller, registration, page_size, page_token } = message;
    let mut violations = Violations::default();
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
    let list = about.map(|about| List { sealer, caller, about });
    // Where it is not known what was asked for, the token cannot be wrong for it.
    let is_bound = |token, seal| list.as_ref().is_none_or(|list| list.seals(token).any(|own| own == seal));
    let page = violations.collect(PageRequest::parse_bound(page_size, &page_token, is_bound));
    violations.finish(|| Some((list?, page?)))
}
