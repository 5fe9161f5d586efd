//! A panic is one caller's failed call, and nobody else's.

use entrypass_proto::qr::v1::{ListVerificationKeysRequest, VerifyQrCodeRequest};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::{
    both_ways,
    probe::{Reached, Way},
};

both_ways!(a_panic_is_internal_and_the_next_call_works);

async fn a_panic_is_internal_and_the_next_call_works(way: Way) {
    let mut reached = Reached::by(way, 7).await;
    for _ in 0..2 {
        let request = VerifyQrCodeRequest { content: "440699198501010016".to_owned(), ..Default::default() };
        let status = reached.client.verify_qr_code(request).await.expect_err("it panics");
        let info = status.get_details_error_info().expect("an ErrorInfo");
        assert_eq!((status.code(), info.reason.as_str()), (Code::Internal, "INTERNAL"));
        assert_eq!(info.metadata["trace_id"], format!("{:032x}", 7));
        let whole = format!("{status:?}{}", String::from_utf8_lossy(status.details()));
        assert!(!whole.contains("440699198501010016"), "{whole}");
        reached
            .client
            .list_verification_keys(ListVerificationKeysRequest {})
            .await
            .expect("it still answers");
    }
}
