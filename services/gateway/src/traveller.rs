//! A person as a whole: erased, or given out.

use entrypass_proto::{
    epass::v1::{ExportElectronicPassRequest, ExportElectronicPassResponse},
    gateway::v1 as pb,
    qr::v1::{ExportQrCodesRequest, ExportQrCodesResponse, ExportedQrCode},
    registration::v1 as registration,
};
use entrypass_rpc::{Call, Problem};

use crate::service::Gateway;

/// Registrations whose codes are asked for at once, as the contract of the QR service limits it.
const AT_ONCE: usize = 100;

impl Gateway {
    pub(crate) async fn erase(
        &self,
        call: Call,
        message: pb::EraseTravellerRequest,
    ) -> Result<pb::EraseTravellerResponse, Problem> {
        let request = same!(message, pb::EraseTravellerRequest => registration::EraseTravellerRequest {
            request_id, traveller, registration
        });
        let answer = ask!(self, call, registration.erase_traveller(request))?;
        Ok(same!(answer, registration::EraseTravellerResponse => pb::EraseTravellerResponse {
            traveller, registrations
        }))
    }

    /// Whoever asks what is kept must not be given a part of it for the whole: without any of the services there is no answer.
    pub(crate) async fn export(
        &self,
        call: Call,
        message: pb::ExportTravellerRequest,
    ) -> Result<pb::ExportTravellerResponse, Problem> {
        let request = same!(message, pb::ExportTravellerRequest => registration::ExportTravellerRequest {
            traveller, registration
        });
        let registration::ExportTravellerResponse { traveller, create_time, documents, registrations } =
            ask!(self, call, registration.export_traveller(request))?;
        let names = registrations.iter().filter_map(|one| Some(one.registration.as_ref()?.name.clone()));
        let (codes, pass) = tokio::try_join!(
            self.exported_codes(&call, names.collect()),
            self.exported_pass(&call, traveller.clone())
        )?;
        let ExportElectronicPassResponse { applications, electronic_pass, passes, quarantines, follow_ups } =
            pass;
        Ok(pb::ExportTravellerResponse {
            traveller,
            create_time,
            documents,
            registrations,
            codes,
            applications,
            electronic_pass,
            passes,
            quarantines,
            follow_ups,
        })
    }

    async fn exported_codes(&self, call: &Call, names: Vec<String>) -> Result<Vec<ExportedQrCode>, Problem> {
        let mut all = Vec::new();
        for some in names.chunks(AT_ONCE) {
            let request = ExportQrCodesRequest { registrations: some.to_vec() };
            let ExportQrCodesResponse { codes } = ask!(self, call, qr.export_qr_codes(request))?;
            all.extend(codes);
        }
        Ok(all)
    }

    async fn exported_pass(
        &self,
        call: &Call,
        traveller: String,
    ) -> Result<ExportElectronicPassResponse, Problem> {
        let request = ExportElectronicPassRequest { traveller };
        ask!(self, call, epass.export_electronic_pass(request))
    }
}
