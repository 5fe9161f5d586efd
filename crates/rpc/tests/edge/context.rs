//! What a call carries reaches the next hop: caller, deadline, language, trace id.

use std::time::Duration;

use entrypass_proto::qr::v1::{ListVerificationKeysRequest, RevokeQrCodesRequest};
use entrypass_rpc::Call;
use entrypass_rule::Language;
use tonic::Request;
use uuid::Uuid;

use crate::{
    both_ways,
    probe::{Reached, Way},
};

both_ways!(
    caller_deadline_language_and_trace_reach_the_next_hop,
    a_trace_begins_at_the_first_hop_and_stays_one,
    the_best_offered_language_is_chosen,
);

/// Calls through two probes and gives the context that each of them saw.
async fn through_two(way: Way, request: Request<RevokeQrCodesRequest>) -> [Call; 2] {
    let second = Reached::by(way, 2).await;
    let mut first = Reached::before(&second, way, 1).await;
    first.client.revoke_qr_codes(request).await.expect("an answer");
    [first, second].map(|hop| match hop.probe.calls().as_slice() {
        [(_, call)] => call.clone(),
        calls => panic!("one call, not {calls:?}"),
    })
}

async fn caller_deadline_language_and_trace_reach_the_next_hop(way: Way) {
    let trace = Uuid::from_u128(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
    let mut request = Request::new(RevokeQrCodesRequest::default());
    request.set_timeout(Duration::from_secs(10));
    let parent = format!("00-{}-00f067aa0ba902b7-01", trace.simple());
    request.metadata_mut().insert("traceparent", parent.parse().expect("a trace"));
    request.metadata_mut().insert("accept-language", "zh-CN".parse().expect("a language"));
    request.metadata_mut().insert("entrypass-caller", "kiosk-7".parse().expect("a name"));
    let [first, second] = through_two(way, request).await;
    for call in [&first, &second] {
        let carried = (call.caller().as_str(), call.language(), call.trace_id());
        assert_eq!(carried, ("kiosk-7", Language::ZhCn, trace));
    }
    // The caller's, and no default of the second hop's own.
    let (earlier, later) = (first.deadline().min(second.deadline()), first.deadline().max(second.deadline()));
    assert!(later - earlier < Duration::from_secs(1), "{:?} apart", later - earlier);
}

async fn a_trace_begins_at_the_first_hop_and_stays_one(way: Way) {
    let calls = through_two(way, Request::new(RevokeQrCodesRequest::default())).await;
    assert_eq!(calls.map(|call| call.trace_id()), [Uuid::from_u128(1); 2]);
}

async fn the_best_offered_language_is_chosen(way: Way) {
    let mut reached = Reached::by(way, 1).await;
    for (asked, given) in
        [(None, Language::En), (Some("fr, zh;q=0.3"), Language::ZhCn), (Some("de"), Language::En)]
    {
        let mut request = Request::new(ListVerificationKeysRequest {});
        if let Some(asked) = asked {
            request.metadata_mut().insert("accept-language", asked.parse().expect("a language"));
        }
        reached.client.list_verification_keys(request).await.expect("an answer");
        let (_, call) = reached.probe.calls().pop().expect("a call");
        assert_eq!(call.language(), given, "{asked:?}");
    }
}
