//! Which rule decides.

use entrypass_access::{CallerLimits, HolderProof, Identity, Peer, PersonalData, Refusal, Rule};

use crate::{caller, callers};

const HEALTH: &str = "grpc.health.v1.Health/Check";
const REFLECTION: &str = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const OLD_REFLECTION: &str = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

fn peer(identities: &[&str]) -> Peer {
    Peer { identities: identities.iter().map(|name| name.parse().expect("an identity")).collect() }
}

/// The rules, the RPC, the number of the rule that decides, and what it comes to.
type Row = (&'static str, &'static str, Option<usize>, Result<(), Refusal>);

#[test]
fn the_first_rule_that_matches_decides_and_without_one_it_is_refused() {
    const NOT_ALLOWED: Result<(), Refusal> = Err(Refusal::RpcNotAllowed);
    let table: [Row; 10] = [
        ("['a.v1.Pass/GetPass']", "a.v1.Pass/GetPass", Some(1), Ok(())),
        ("['a.v1.Pass/GetPass']", "a.v1.Pass/GetOffer", None, NOT_ALLOWED),
        ("['a.v1.Pass/Get*']", "a.v1.Pass/GetOffer", Some(1), Ok(())),
        ("['a.v1.Pass/*']", "b.v1.Codes/Get", None, NOT_ALLOWED),
        ("['!a.v1.Pass/Watch', 'a.v1.Pass/*']", "a.v1.Pass/Watch", Some(1), NOT_ALLOWED),
        ("['!a.v1.Pass/Watch', 'a.v1.Pass/*']", "a.v1.Pass/Submit", Some(2), Ok(())),
        ("['a.v1.Pass/*', '!a.v1.Pass/Watch']", "a.v1.Pass/Watch", Some(1), Ok(())),
        ("['!a.v1.Pass/*']", "b.v1.Codes/Get", None, NOT_ALLOWED),
        ("[]", "a.v1.Pass/GetPass", None, NOT_ALLOWED),
        ("['a.v1.Pass/*']", "a.v1.Pass/Unheard", Some(1), Ok(())),
    ];
    for (rules, rpc, number, expected) in table {
        let list = callers(&caller("kiosk", &format!("rpcs = {rules}")));
        let decision = list.decide(list.named("kiosk"), rpc);
        let decided = match decision.rule {
            Rule::Listed { number, .. } => Some(number),
            Rule::NoneMatches => None,
            other => panic!("{rules} {rpc}: {other}"),
        };
        assert_eq!((decided, decision.verdict), (number, expected), "{rules} {rpc}");
        let stranger = list.decide(None, rpc);
        assert_eq!((stranger.rule, stranger.verdict), (Rule::Unlisted, Err(Refusal::UnknownCaller)));
    }
}

#[test]
fn health_and_reflection_have_rules_of_their_own() {
    let kiosk_and_probe = [caller("kiosk", "rpcs = ['a.v1.Pass/*']"), caller("probe", "rpcs = []")].concat();
    let open = callers(&kiosk_and_probe);
    let closed = callers(&format!("[access]\nhealth = ['probe']\nreflection = []\n{kiosk_and_probe}"));
    for method in [HEALTH, REFLECTION, OLD_REFLECTION] {
        for name in ["kiosk", "probe", "nobody"] {
            assert_eq!(open.decide(open.named(name), method).verdict, Ok(()), "{name} {method}");
        }
    }
    let table = [
        ("probe", HEALTH, Ok(())),
        ("kiosk", HEALTH, Err(Refusal::RpcNotAllowed)),
        ("nobody", HEALTH, Err(Refusal::UnknownCaller)),
        ("probe", REFLECTION, Err(Refusal::RpcNotAllowed)),
        ("probe", OLD_REFLECTION, Err(Refusal::RpcNotAllowed)),
        ("nobody", REFLECTION, Err(Refusal::UnknownCaller)),
    ];
    for (name, method, expected) in table {
        let decision = closed.decide(closed.named(name), method);
        assert_eq!(decision.verdict, expected, "{name} {method}");
        assert!(decision.rule.is_operational());
    }
    // What only looks like it is an RPC like any other.
    for method in ["grpc.health.v1.Healthy/Check", "x.grpc.health.v1.Health/Check", "grpc.health.v1.Health"] {
        assert_eq!(open.decide(None, method).verdict, Err(Refusal::UnknownCaller), "{method}");
    }
}

#[test]
fn a_purpose_is_stated_where_it_must_and_only_one_that_may_be() {
    use Refusal::{PurposeNotAllowed, PurposeRequired};
    // What the caller's settings say, what it states, and what comes of it.
    let table = [
        ("", None, Ok(())),
        ("", Some("REVIEW"), Err(PurposeNotAllowed)),
        ("purposes = ['REVIEW']", None, Err(PurposeRequired)),
        ("purposes = ['REVIEW']", Some("REVIEW"), Ok(())),
        ("purposes = ['REVIEW']", Some("SUPPORT"), Err(PurposeNotAllowed)),
        ("purposes = ['REVIEW']", Some("review"), Err(PurposeNotAllowed)),
        ("purposes = ['REVIEW']", Some(""), Err(PurposeNotAllowed)),
        ("purposes = ['REVIEW', 'SUPPORT']", Some("SUPPORT"), Ok(())),
        ("purposes = ['REVIEW']\nmust_state_purpose = false", None, Ok(())),
        ("purposes = ['REVIEW']\nmust_state_purpose = false", Some("SUPPORT"), Err(PurposeNotAllowed)),
    ];
    for (settings, stated, expected) in table {
        let list = callers(&caller("desk", &format!("rpcs = []\n{settings}")));
        let desk = list.named("desk").expect("listed");
        assert_eq!(desk.may_state(stated), expected, "{settings} {stated:?}");
    }
}

#[test]
fn a_certificate_names_one_caller_whatever_the_order_of_its_names() {
    let list = callers(
        "[[callers]]\nname = 'host'\nidentity = 'Kiosk.City.Example'\nrpcs = []
         [[callers]]\nname = 'workload'\nidentity = 'spiffe://city.example/kiosk'\nrpcs = []",
    );
    let table: [(&[&str], Option<&str>); 6] = [
        (&["kiosk.city.example"], Some("host")),
        (&["other.city.example", "KIOSK.city.example"], Some("host")),
        (&["kiosk.city.example", "spiffe://city.example/kiosk"], Some("workload")),
        (&["spiffe://city.example/kiosk", "kiosk.city.example"], Some("workload")),
        (&["spiffe://city.example/kiosk2", "city.example"], None),
        (&[], None),
    ];
    for (identities, expected) in table {
        let known = list.proven(&peer(identities)).map(entrypass_access::KnownCaller::name);
        assert_eq!(known, expected, "{identities:?}");
    }
}

#[test]
fn a_caller_is_shown_the_least_unless_more_is_said() {
    let list = callers(
        &[
            caller("least", "rpcs = []"),
            caller("most", "rpcs = []\npersonal_data = 'full'\nholder_proof = 'waived'\nin_flight = 7\nrequests_per_second = 3"),
            caller("ours", "rpcs = []\nspeaks_for_others = true\nstreams = 5"),
        ]
        .concat(),
    );
    let [least, most, ours] = ["least", "most", "ours"].map(|name| list.named(name).expect("listed"));
    assert_eq!((least.personal_data(), least.holder_proof()), (PersonalData::Masked, HolderProof::Required));
    assert_eq!((most.personal_data(), most.holder_proof()), (PersonalData::Full, HolderProof::Waived));
    assert_eq!((least.speaks_for_others(), ours.speaks_for_others()), (false, true));
    assert_eq!(least.limits(), crate::USUAL);
    let own = CallerLimits { requests_per_second: 3, burst: 3, in_flight: 7, streams: 4 };
    assert_eq!(most.limits(), own, "the burst follows the rate");
    let CallerLimits { requests_per_second, burst, in_flight, streams } = ours.limits();
    assert_eq!((requests_per_second, burst, in_flight, streams), (1_000_000, 1_000_000, 1_000_000, 5));
    assert_eq!(least.identity(), &"spiffe://city.example/least".parse::<Identity>().expect("an identity"));
}
