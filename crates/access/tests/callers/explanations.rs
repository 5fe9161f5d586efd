//! What an operator is told.

use crate::{caller, callers};

#[test]
fn the_rule_that_decides_is_told_and_what_the_caller_is_shown() {
    let list = callers(
        &[
            "[access]\nhealth = ['kiosk']\n".to_owned(),
            caller("kiosk", "rpcs = ['!a.v1.Pass/Watch', 'a.v1.Pass/*']\npurposes = ['REVIEW', 'SUPPORT']"),
            caller("gateway", "rpcs = ['b.v1.Codes/*']\nspeaks_for_others = true\npersonal_data = 'full'"),
        ]
        .concat(),
    );
    let explained = list.explain("kiosk", "a.v1.Pass/GetPass").expect("an RPC");
    assert!(explained.is_allowed());
    assert_eq!(
        explained.to_string(),
        "caller:        kiosk (spiffe://city.example/kiosk)\n\
         rpc:           a.v1.Pass/GetPass\n\
         decision:      allowed, by rule 2 of the caller, \"a.v1.Pass/*\"\n\
         personal data: masked\n\
         holder proof:  required\n\
         purpose:       must be one of REVIEW, SUPPORT\n\
         limits:        10 requests a second (20 at once), 30 calls in flight, 4 streams\n"
    );
    let table = [
        (
            "kiosk",
            "a.v1.Pass/Watch",
            false,
            "decision:      refused, by rule 1 of the caller, \"!a.v1.Pass/Watch\"\n",
        ),
        (
            "kiosk",
            "b.v1.Codes/Get",
            false,
            "refused, by none of the caller's rules: what no rule matches is refused\n",
        ),
        ("desk", "a.v1.Pass/Watch", false, "caller:        not in the list\n"),
        (
            "desk",
            "a.v1.Pass/Watch",
            false,
            "refused, by the list of callers: who is not in it may call nothing\n",
        ),
        ("spiffe://city.example/gateway", "b.v1.Codes/Get", true, "speaks for:    others; all of this"),
        ("spiffe://city.example/gateway", "b.v1.Codes/Get", true, "purpose:       none may be stated\n"),
        ("kiosk", "grpc.health.v1.Health/Watch", true, "allowed, by access.health = [\"kiosk\"]\n"),
        ("gateway", "grpc.health.v1.Health/Watch", false, "refused, by access.health = [\"kiosk\"]\n"),
        (
            "desk",
            "grpc.reflection.v1.ServerReflection/X",
            true,
            "allowed, by access.reflection = \"anyone\"\n",
        ),
    ];
    for (who, rpc, allowed, expected) in table {
        let explained = list.explain(who, rpc).expect("an RPC");
        assert_eq!(explained.is_allowed(), allowed, "{explained}");
        assert!(explained.to_string().contains(expected), "{explained}");
        assert_eq!(explained.to_string().contains("personal data:"), allowed && rpc.starts_with(['a', 'b']));
    }
    assert!(list.explain("kiosk", "a.v1.Pass/Unheard").is_none());
}
