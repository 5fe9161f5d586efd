//! Between messages and domain values: the only place that names both.

mod parse;
mod render;

pub(crate) use parse::{
    ListRequest, RecordRequest, ReviewRequest, parse_applicant, parse_apply, parse_levels, parse_list,
    parse_person, parse_record, parse_registration, parse_review, parse_traveller,
};
pub(crate) use render::{
    obstacle_words, render_application, render_level, render_offer, render_pass, render_registration_name,
};

/// Collections of resource names: `{collection}/{uuid}`.
mod collection {
    pub(super) const APPLICATIONS: &str = "applications";
    pub(super) const ELECTRONIC_PASSES: &str = "electronicPasses";
    pub(super) const REGISTRATIONS: &str = "registrations";
    pub(super) const TRAVELLERS: &str = "travellers";
}
