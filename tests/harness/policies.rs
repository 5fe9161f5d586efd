//! What an operator does about the city's policy, in few words.

use entrypass_policy::DEFAULT;
use entrypass_proto::epass::v1::{ActivatePolicyRequest, AddPolicyRequest, PolicySelector};

use crate::System;

impl System {
    /// From now on the default policy applies with these `edits`; it was the only one so far.
    pub async fn decides_by(&self, edits: &[(&str, &str)]) {
        let mut text = DEFAULT.replacen("version = 1", "version = 2", 1);
        for (from, to) in edits {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        let add = AddPolicyRequest { request_id: "add-policy".to_owned(), text };
        let policy = self.epass.clone().add_policy(add).await.expect("added").into_inner().policy;
        let digest = policy.expect("a policy").digest;
        let activate = ActivatePolicyRequest {
            request_id: "activate-policy".to_owned(),
            policy: Some(PolicySelector { digest, ..PolicySelector::default() }),
            applies_from_time: None,
            reason: "by the test".to_owned(),
            expected_ordinal: 1,
        };
        self.epass.clone().activate_policy(activate).await.expect("it applies");
    }
}
