//! What holds of any list.

use entrypass_access::{Peer, Refusal};
use proptest::prelude::*;

use crate::{caller, callers, rpcs};

/// Rules that are about something.
fn rule() -> impl Strategy<Value = String> {
    let patterns = [
        "a.v1.Pass/*",
        "a.v1.Pass/Get*",
        "a.v1.Pass/GetPass",
        "a.v1.Pass/Watch",
        "b.v1.Codes/*",
        "b.v1.Codes/Get",
    ];
    ("!?", prop::sample::select(patterns.to_vec())).prop_map(|(mark, pattern)| format!("{mark}{pattern}"))
}

/// What the first rule about `rpc` says, by the words of the contract and without the code under test.
fn expected(rules: &[String], rpc: &str) -> bool {
    let about = |rule: &&String| {
        let rule = rule.trim_start_matches('!');
        rule.strip_suffix('*').map_or(rule == rpc, |begin| rpc.starts_with(begin))
    };
    rules.iter().find(about).is_some_and(|rule| !rule.starts_with('!'))
}

proptest! {
    #[test]
    fn only_the_first_rule_about_an_rpc_counts(rules in prop::collection::vec(rule(), 0..6)) {
        let list = callers(&caller("kiosk", &format!("rpcs = {rules:?}")));
        for rpc in rpcs() {
            let allowed = list.decide(list.named("kiosk"), &rpc).verdict.is_ok();
            prop_assert_eq!(allowed, expected(&rules, &rpc), "{:?} {}", rules, rpc);
        }
    }

    #[test]
    fn what_is_added_behind_takes_nothing_away(
        rules in prop::collection::vec(rule(), 0..5),
        last in rule(),
    ) {
        let before = callers(&caller("kiosk", &format!("rpcs = {rules:?}")));
        let after = callers(&caller("kiosk", &format!("rpcs = {:?}", [rules.as_slice(), &[last]].concat())));
        for rpc in rpcs() {
            let allowed = |list: &entrypass_access::Callers| list.decide(list.named("kiosk"), &rpc).verdict.is_ok();
            prop_assert!(!allowed(&before) || allowed(&after), "{}", rpc);
        }
    }

    #[test]
    fn nobody_who_is_not_listed_gets_anything(
        rules in prop::collection::vec(rule(), 0..5),
        identities in prop::collection::vec("(spiffe://city\\.example/)?[a-z]{1,6}", 0..4),
        rpc in "[a-c.]{0,6}(v1\\.Pass)?/?[A-Za-z]{0,8}",
    ) {
        let list = callers(&caller("kiosk", &format!("rpcs = {rules:?}")));
        let others = identities.iter().filter(|identity| *identity != "spiffe://city.example/kiosk");
        let peer = Peer { identities: others.map(|identity| identity.parse().expect("an identity")).collect() };
        prop_assert!(list.proven(&peer).is_none());
        prop_assert_eq!(list.decide(None, &rpc).verdict, Err(Refusal::UnknownCaller));
    }

    #[test]
    fn what_is_explained_is_what_is_decided(rules in prop::collection::vec(rule(), 0..5)) {
        let list = callers(&caller("kiosk", &format!("rpcs = {rules:?}")));
        for rpc in rpcs() {
            for who in ["kiosk", "spiffe://city.example/kiosk", "nobody"] {
                let known = if who == "nobody" { None } else { list.named("kiosk") };
                let explained = list.explain(who, &rpc).expect("an RPC");
                prop_assert_eq!(explained.is_allowed(), list.decide(known, &rpc).verdict.is_ok());
            }
        }
    }
}
