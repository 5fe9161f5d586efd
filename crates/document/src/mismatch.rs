//! Numbers given under the wrong type: which type they belong to, where that is beyond doubt.

use crate::document::read;
use crate::{DocumentType, citizen_number};
use time::Date;

/// Types whose numbers carry a date, a place and a check character: chance does not produce one of them.
const SELF_CHECKING: [DocumentType; 3] = [
    DocumentType::ResidentIdCard,
    DocumentType::HkMacaoTaiwanResidencePermit,
    DocumentType::ForeignPermanentResidentId,
];

/// Types whose numbers have a form that only a passport could share.
const DISTINCT: [DocumentType; 2] =
    [DocumentType::HkMacaoTravelPermit, DocumentType::HkMacaoTravelPermitNonChinese];

/// The type, other than `claimed`, whose rules `number` keeps and which it cannot resemble by accident.
///
/// Passports and travel documents are numbered freely: the passports of Hong Kong and Macao even look like the
/// permits of their holders. So under these two types only a self-checking number is a mismatch, and no number is
/// ever said to be that of a passport. The eight digits of a Taiwan permit could be anything, so no number is said
/// to be that either.
pub(crate) fn belongs_to(number: &str, claimed: DocumentType, today: Date) -> Option<DocumentType> {
    let distinct = match claimed {
        DocumentType::Passport | DocumentType::TravelDocument => [].as_slice(),
        _ => &DISTINCT,
    };
    let certain = |candidate: DocumentType| {
        candidate != claimed
            && !(candidate == DocumentType::ResidentIdCard
                && citizen_number::is_from_taiwan(number.as_bytes()))
            && read(number, candidate, today).is_ok()
    };
    SELF_CHECKING.iter().chain(distinct).copied().find(|candidate| certain(*candidate))
}
