//! Between messages and domain values: the only place that names both.

mod identity;
mod parse;
pub(crate) mod place;
mod render;

pub(crate) use identity::{parse_finding, render_verification};
pub(crate) use parse::{
    Act, ApplyRequest, ClaimRequest, ListRequest, PersonName, RecordRequest, ReviewRequest, parse_applicant,
    parse_application, parse_apply, parse_cancel, parse_claim, parse_create, parse_end_quarantine,
    parse_follow_up, parse_levels, parse_list, parse_person, parse_person_name, parse_quarantine,
    parse_record, parse_record_many, parse_registration, parse_reinstate, parse_release, parse_review,
    parse_revoke, parse_suspend, parse_traveller, parse_withdraw,
};
pub(crate) use render::{
    name_application, obstacle_words, render_application, render_changes, render_follow_up, render_level,
    render_meaning, render_offer, render_pass, render_quarantine, render_queued, render_record,
    render_registration_name, render_result, render_standing, render_traveller_name,
};

/// Collections of resource names: `{collection}/{uuid}`.
mod collection {
    pub(super) const APPLICATIONS: &str = "applications";
    pub(super) const ELECTRONIC_PASSES: &str = "electronicPasses";
    pub(super) const FOLLOW_UPS: &str = "followUps";
    pub(super) const QUARANTINES: &str = "quarantines";
    pub(super) const REGISTRATIONS: &str = "registrations";
    pub(super) const TRAVELLERS: &str = "travellers";
}
