//! Between messages and domain values: the only place that names both.

mod parse;
pub(crate) mod place;
mod render;

pub(crate) use parse::{
    ApplyRequest, ClaimRequest, ListRequest, RecordRequest, ReviewRequest, parse_applicant,
    parse_application, parse_apply, parse_claim, parse_create, parse_levels, parse_list, parse_person,
    parse_record, parse_registration, parse_release, parse_review, parse_traveller, parse_withdraw,
};
pub(crate) use render::{
    name_application, obstacle_words, render_application, render_level, render_offer, render_pass,
    render_queued, render_registration_name,
};

/// Collections of resource names: `{collection}/{uuid}`.
mod collection {
    pub(super) const APPLICATIONS: &str = "applications";
    pub(super) const ELECTRONIC_PASSES: &str = "electronicPasses";
    pub(super) const REGISTRATIONS: &str = "registrations";
    pub(super) const TRAVELLERS: &str = "travellers";
}
