//! Between messages and domain values: the only place that names both.

mod identity;
mod parse;
pub(crate) mod place;
pub(crate) mod policy_page;
mod render;

pub(crate) use identity::{parse_finding, render_verification};
pub(crate) use parse::{
    Act, ActivateRequest, ApplyRequest, ClaimRequest, Draft, ListRequest, PersonName, RecordRequest,
    ReviewRequest, SimulateRequest, judge_quarantine, parse_activate, parse_activations, parse_add,
    parse_applicant, parse_application, parse_apply, parse_cancel, parse_claim, parse_create,
    parse_end_quarantine, parse_explain, parse_follow_up, parse_levels, parse_list, parse_person,
    parse_person_name, parse_policies, parse_quarantine, parse_record, parse_record_many, parse_registration,
    parse_reinstate, parse_release, parse_review, parse_revoke, parse_roll_back, parse_selector,
    parse_simulate, parse_suspend, parse_traveller, parse_withdraw, policy_mistakes,
};
pub(crate) use render::{
    name_application, obstacle_words, render_activation, render_application, render_changes,
    render_explanation, render_follow_up, render_level, render_offer, render_outcome, render_pass,
    render_policy, render_quarantine, render_queued, render_record, render_registration_name, render_result,
    render_said, render_simulation, render_standing, render_traveller_name,
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
