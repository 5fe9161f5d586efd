//! What was verified.

use entrypass_audit::Access;
use entrypass_proto::qr::v1 as pb;
use entrypass_rpc::PageToken;

use super::{Codes, touched};
use crate::{error::Error, store::MOST_COUNTS, wire};

impl Codes {
    pub(super) async fn list_records(
        &self,
        message: pb::ListVerificationsRequest,
    ) -> Result<pb::ListVerificationsResponse, Error> {
        let (filter, page) = wire::list(message)?;
        let (records, next) = self.store.verifications(&filter, page).await?;
        Ok(pb::ListVerificationsResponse {
            verifications: records.into_iter().map(wire::verification).collect(),
            next_page_token: next.map(PageToken::encode).unwrap_or_default(),
        })
    }

    pub(super) async fn export(
        &self,
        access: Access,
        message: pb::ExportQrCodesRequest,
    ) -> Result<pb::ExportQrCodesResponse, Error> {
        let pb::ExportQrCodesRequest { registrations } = message;
        let registrations = wire::registrations("registrations", &registrations)?;
        touched(&access, registrations.iter().copied());
        let codes = self.store.exported(&registrations).await?;
        Ok(pb::ExportQrCodesResponse { codes: codes.into_iter().map(wire::exported).collect() })
    }

    pub(super) async fn count_records(
        &self,
        message: pb::CountVerificationsRequest,
    ) -> Result<pb::CountVerificationsResponse, Error> {
        let (filter, grouping) = wire::count_request(message)?;
        let counts = self.store.count_verifications(&filter, grouping).await?;
        let truncated = counts.len() > MOST_COUNTS;
        let counts = counts.into_iter().take(MOST_COUNTS).map(wire::count).collect();
        Ok(pb::CountVerificationsResponse { counts, truncated })
    }
}
