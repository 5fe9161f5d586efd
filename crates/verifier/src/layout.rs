//! The bytes of a bundle: which field stands where, and nothing of what it means.

use coset::{
    Algorithm as CoseAlgorithm, CborSerializable as _, ContentType, CoseSign1, CoseSign1Builder, Header,
    HeaderBuilder, TaggedCborSerializable as _, cbor::Value, iana,
};
use entrypass_token::{Algorithm, CodeId, KeyId, VerificationKey};

use crate::{CONTENT_TYPE, Contents, FeedId, MalformedBundle, TrustedKey, Withdrawal, WithdrawalKind};

/// The version of the format, the first field.
const FORMAT: u64 = 1;

/// The message without its signature.
pub(crate) fn message(algorithm: Algorithm, signer: KeyId, payload: Vec<u8>) -> CoseSign1 {
    let header = HeaderBuilder::new()
        .algorithm(registered(algorithm))
        .content_type(CONTENT_TYPE.to_owned())
        .key_id(signer.as_bytes().to_vec());
    CoseSign1Builder::new().protected(header.build()).payload(payload).build()
}

/// The tagged message.
pub(crate) fn encode(message: CoseSign1) -> Vec<u8> {
    // Writing to memory fails only for what CBOR cannot hold, of which a message with these headers has nothing.
    message.to_tagged_vec().unwrap_or_default()
}

/// Algorithm and signer, if the headers have exactly what they are to have.
pub(crate) fn headers(message: &CoseSign1) -> Option<(Algorithm, KeyId)> {
    let header = &message.protected.header;
    let only = Header {
        alg: header.alg.clone(),
        content_type: Some(ContentType::Text(CONTENT_TYPE.to_owned())),
        key_id: header.key_id.clone(),
        ..Header::default()
    };
    if *header != only || !message.unprotected.is_empty() {
        return None;
    }
    let algorithm = match header.alg {
        Some(CoseAlgorithm::Assigned(iana::Algorithm::EdDSA)) => Algorithm::EdDsa,
        Some(CoseAlgorithm::Assigned(iana::Algorithm::ES256)) => Algorithm::Es256,
        _ => return None,
    };
    Some((algorithm, KeyId::from_bytes(header.key_id.as_slice().try_into().ok()?)))
}

fn registered(algorithm: Algorithm) -> iana::Algorithm {
    match algorithm {
        Algorithm::EdDsa => iana::Algorithm::EdDSA,
        Algorithm::Es256 => iana::Algorithm::ES256,
    }
}

/// The contents, sorted, as deterministic CBOR: the fields are numbered from 1 in their order. None if CBOR cannot hold them.
pub(crate) fn payload(contents: &Contents) -> Option<Vec<u8>> {
    let fields = [
        FORMAT.into(),
        contents.issuer.to_string().into(),
        Value::Bytes(contents.feed.0.to_vec()),
        contents.version.into(),
        optional(contents.since),
        contents.as_of.into(),
        contents.not_after.into(),
        contents.keys.iter().map(key).collect::<Vec<_>>().into(),
        groups(&contents.withdrawals).into(),
    ];
    let numbered = (1_u64..).zip(fields).map(|(number, field)| (number.into(), field));
    Value::Map(numbered.collect()).to_vec().ok()
}

fn optional(value: Option<impl Into<Value>>) -> Value {
    value.map_or(Value::Null, Into::into)
}

fn key(trusted: &TrustedKey) -> Value {
    Value::Array(vec![
        Value::Bytes(trusted.key.to_cose_key()),
        trusted.signs_from.into(),
        optional(trusted.signs_until),
        optional(trusted.verifies_until),
    ])
}

/// One array for all that share kind and drop time, the ids in one string.
fn groups(sorted: &[Withdrawal]) -> Vec<Value> {
    let group = |entries: &[Withdrawal]| {
        let first = entries.first()?;
        let (kind, until) = kind(first.kind);
        let ids = entries.iter().flat_map(|entry| *entry.code_id.as_bytes()).collect();
        Some(vec![kind.into(), optional(until), first.drop_time.into(), Value::Bytes(ids)].into())
    };
    sorted
        .chunk_by(|one, other| (one.kind, one.drop_time) == (other.kind, other.drop_time))
        .filter_map(group)
        .collect()
}

fn kind(kind: WithdrawalKind) -> (u64, Option<i64>) {
    match kind {
        WithdrawalKind::Revoked => (1, None),
        WithdrawalKind::Superseded => (2, None),
        WithdrawalKind::Suspended { until } => (3, Some(until)),
        WithdrawalKind::Reinstated => (4, None),
    }
}

/// What every field of another shape is.
const WRONG: MalformedBundle = MalformedBundle::WrongContents;

/// The contents as they stand, of which nothing is known but that each field has its type.
pub(crate) fn contents(payload: Value) -> Result<Contents, MalformedBundle> {
    let fields = payload.into_map().map_err(|_| WRONG)?;
    let (numbers, fields): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    if fields.first().is_some_and(|format| *format != FORMAT.into()) {
        return Err(MalformedBundle::UnknownFormat);
    }
    if !(1_u64..).map(Value::from).zip(&numbers).all(|(expected, found)| expected == *found) {
        return Err(WRONG);
    }
    let [_, issuer, feed, version, since, as_of, not_after, keys, groups] =
        <[Value; 9]>::try_from(fields).map_err(|_| WRONG)?;
    let issuer = issuer.into_text().map_err(|_| WRONG)?;
    Ok(Contents {
        issuer: issuer.parse().map_err(|_| MalformedBundle::InvalidIssuer)?,
        feed: FeedId(bytes(feed)?.try_into().map_err(|_| WRONG)?),
        version: number(&version)?,
        since: unless_null(&since)?,
        as_of: number(&as_of)?,
        not_after: number(&not_after)?,
        keys: list(keys)?.into_iter().map(read_key).collect::<Result<_, _>>()?,
        withdrawals: read_groups(list(groups)?)?,
    })
}

fn list(value: Value) -> Result<Vec<Value>, MalformedBundle> {
    value.into_array().map_err(|_| WRONG)
}

fn bytes(value: Value) -> Result<Vec<u8>, MalformedBundle> {
    value.into_bytes().map_err(|_| WRONG)
}

fn number<N: TryFrom<u64>>(value: &Value) -> Result<N, MalformedBundle> {
    let number = value.as_integer().and_then(|integer| u64::try_from(integer).ok()).ok_or(WRONG)?;
    number.try_into().map_err(|_| WRONG)
}

fn unless_null<N: TryFrom<u64>>(value: &Value) -> Result<Option<N>, MalformedBundle> {
    if value.is_null() { Ok(None) } else { number(value).map(Some) }
}

fn read_key(value: Value) -> Result<TrustedKey, MalformedBundle> {
    let [key, signs_from, signs_until, verifies_until] =
        <[Value; 4]>::try_from(list(value)?).map_err(|_| WRONG)?;
    Ok(TrustedKey {
        key: VerificationKey::from_cose_key(&bytes(key)?).map_err(|_| MalformedBundle::InvalidKey)?,
        signs_from: number(&signs_from)?,
        signs_until: unless_null(&signs_until)?,
        verifies_until: unless_null(&verifies_until)?,
    })
}

fn read_groups(groups: Vec<Value>) -> Result<Vec<Withdrawal>, MalformedBundle> {
    let mut withdrawals = Vec::new();
    for group in groups {
        let [kind, until, drop_time, ids] = <[Value; 4]>::try_from(list(group)?).map_err(|_| WRONG)?;
        let kind = read_kind(number(&kind)?, unless_null(&until)?).ok_or(WRONG)?;
        let (drop_time, ids) = (number(&drop_time)?, bytes(ids)?);
        let (ids, []) = ids.as_chunks() else { return Err(WRONG) };
        let code_ids = ids.iter().copied().map(CodeId::from_bytes);
        withdrawals.extend(code_ids.map(|code_id| Withdrawal { code_id, kind, drop_time }));
    }
    Ok(withdrawals)
}

fn read_kind(kind: u64, until: Option<i64>) -> Option<WithdrawalKind> {
    match (kind, until) {
        (1, None) => Some(WithdrawalKind::Revoked),
        (2, None) => Some(WithdrawalKind::Superseded),
        (3, Some(until)) => Some(WithdrawalKind::Suspended { until }),
        (4, None) => Some(WithdrawalKind::Reinstated),
        _ => None,
    }
}
