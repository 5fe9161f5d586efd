//! What operators do about policies.

use entrypass_policy::{DEFAULT, Digest};
use entrypass_proto::epass::v1 as pb;
use entrypass_rpc::timestamp;
use entrypass_testkit::Refusal;
use time::OffsetDateTime;

use super::App;

/// The default policy as version `version`, with each of `edits` made wherever it fits.
pub fn edited(version: u32, edits: &[(&str, &str)]) -> String {
    let mut text = DEFAULT.replacen("version = 1", &format!("version = {version}"), 1);
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

/// Passports are as good as cards.
pub const PASSPORTS: [(&str, &str); 2] = [
    (
        "state = \"EXPIRED\", document.type = \"PASSPORT\"",
        "state = \"EXPIRED\", document.type = \"TRAVEL_DOCUMENT\"",
    ),
    ("document.type == 'RESIDENT_ID_CARD'", "document.type in ['RESIDENT_ID_CARD', 'PASSPORT']"),
];

/// A decision is promised within three days.
pub const PROMISE: (&str, &str) = ("lapse_days = 30", "lapse_days = 30\npromised_days = 3");

impl App {
    /// Adds the policy `text`, and gives its digest.
    pub async fn add_policy(&self, request_id: &str, text: &str) -> Result<pb::Policy, Refusal> {
        let request = pb::AddPolicyRequest { request_id: request_id.to_owned(), text: text.to_owned() };
        Ok(self.client().add_policy(request).await?.into_inner().policy.expect("a policy"))
    }

    /// Makes the policy with this digest apply, where `expected_ordinal` is the last one.
    pub async fn activate(
        &self,
        request_id: &str,
        digest: &str,
        from: Option<OffsetDateTime>,
        expected_ordinal: i64,
    ) -> Result<pb::PolicyActivation, Refusal> {
        let request = pb::ActivatePolicyRequest {
            request_id: request_id.to_owned(),
            policy: Some(pb::PolicySelector { digest: digest.to_owned(), ..pb::PolicySelector::default() }),
            applies_from_time: from.map(timestamp),
            reason: "疫情风险等级调整".to_owned(),
            expected_ordinal,
        };
        Ok(self.client().activate_policy(request).await?.into_inner().activation.expect("an activation"))
    }

    /// Undoes the activation `expected_ordinal`, where that is the last one.
    pub async fn roll_back(
        &self,
        request_id: &str,
        expected_ordinal: i64,
    ) -> Result<pb::PolicyActivation, Refusal> {
        Ok(self.undo(request_id, expected_ordinal).await?.activation.expect("an activation"))
    }

    /// As [`Self::roll_back`], with all that is told.
    pub async fn undo(
        &self,
        request_id: &str,
        expected_ordinal: i64,
    ) -> Result<pb::RollBackPolicyResponse, Refusal> {
        let request = pb::RollBackPolicyRequest {
            request_id: request_id.to_owned(),
            reason: "误操作".to_owned(),
            expected_ordinal,
        };
        Ok(self.client().roll_back_policy(request).await?.into_inner())
    }

    /// Puts a document of another release into the database, as version `version`, and gives its digest: this release knows a key less.
    pub async fn for_another_release(&self, version: u32) -> String {
        let text = edited(version, &[("lapse_days = 30", "lapse_days = 30\nlapse_hours = 7")]);
        let digest = Digest::of(&text).to_string();
        let text = text.replace('\'', "''");
        self.meddle(&format!(
            "INSERT INTO policies (digest, name, version, text, effective_from, created_by) \
             VALUES ('{digest}', 'foshan-2020', {version}, '{text}', 0, 'release-after')"
        ))
        .await;
        digest
    }

    /// Every activation, the last one first.
    pub async fn activations(&self) -> Vec<pb::PolicyActivation> {
        let request = pb::ListPolicyActivationsRequest { page_size: 100, ..Default::default() };
        self.client().list_policy_activations(request).await.expect("a list").into_inner().activations
    }

    /// From now on the first policy that is not the default one applies: it has `edits`.
    pub async fn decides_by(&self, edits: &[(&str, &str)]) {
        let policy = self.add_policy("add-2", &edited(2, edits)).await.expect("a policy");
        self.activate("activate-2", &policy.digest, None, 1).await.expect("it applies");
    }
}
