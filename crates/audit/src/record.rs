//! One record, and the bytes of it that its MAC covers. Pure.
//!
//! Nothing in a record is personal data: names of callers and RPCs come from configuration and contract, persons and registrations are
//! internal ids. So a record can stay when the person is erased.

use uuid::Uuid;

/// Stands in front of the bytes of every record, so that no MAC of a record is one of anything else. A new field is a new label.
const LABEL: &[u8] = b"entrypass audit record 1";

/// That somebody asked for something, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// A UUID version 7.
    pub id: Uuid,
    /// When it was answered, in Unix microseconds.
    pub time: i64,
    /// Who asked, by the name in the configuration.
    pub caller: String,
    /// Who was at the other end of the connection: the caller, or the service that asked on the caller's behalf.
    pub peer: String,
    /// What was asked, such as `entrypass.registration.v1.RegistrationService/GetRegistration`.
    pub rpc: String,
    /// Why, as the caller stated it.
    pub purpose: Option<String>,
    /// What was read or changed, such as `registrations/{id}`, as far as it was known.
    pub resource: Option<String>,
    /// Whose it is: the id of a traveller.
    pub subject: Option<Uuid>,
    /// `OK`, or the reason for which it was refused or failed.
    pub outcome: String,
    /// The call in the logs of all services.
    pub trace_id: Uuid,
}

/// A message authentication code, and which key made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mac {
    /// The key's id.
    pub key: [u8; 8],
    /// The code.
    pub code: [u8; 32],
}

/// A record with its MAC, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The record.
    pub record: Record,
    /// Its MAC; `None` where what is stored has not even the form of one.
    pub mac: Option<Mac>,
}

impl Record {
    /// What the MAC covers. No two records have the same bytes: each field stands behind its length, and an absent one is told from an
    /// empty one.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { id, time, caller, peer, rpc, purpose, resource, subject, outcome, trace_id } = self;
        let mut bytes = LABEL.to_vec();
        bytes.extend(id.as_bytes());
        bytes.extend(time.to_be_bytes());
        for text in [Some(caller), Some(peer), Some(rpc), purpose.as_ref(), resource.as_ref(), Some(outcome)]
        {
            add(&mut bytes, text.map(String::as_bytes));
        }
        add(&mut bytes, subject.as_ref().map(|subject| subject.as_bytes().as_slice()));
        bytes.extend(trace_id.as_bytes());
        bytes
    }

    /// The record with the MAC that `mac` makes of it.
    #[must_use]
    pub fn sign(self, mac: impl FnOnce(&[u8]) -> Mac) -> Signed {
        let mac = mac(&self.to_bytes());
        Signed { record: self, mac: Some(mac) }
    }
}

impl Signed {
    /// Whether the record is as a service wrote it, by a function that says whether a MAC is that of some bytes.
    pub fn is_genuine(&self, matches: impl FnOnce(&Mac, &[u8]) -> bool) -> bool {
        self.mac.is_some_and(|mac| matches(&mac, &self.record.to_bytes()))
    }
}

/// Adds a field: 0 for an absent one, or 1, the length in 8 bytes, and the field.
fn add(bytes: &mut Vec<u8>, field: Option<&[u8]>) {
    bytes.push(u8::from(field.is_some()));
    if let Some(field) = field {
        bytes.extend((field.len() as u64).to_be_bytes());
        bytes.extend(field);
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*};
    use uuid::Uuid;

    use super::Record;

    fn record() -> impl Strategy<Value = Record> {
        // Few characters, so that fields often differ by where one ends and the next begins only.
        let text = || "[ab]{0,3}";
        let ids = vec(0..3_u128, 3);
        let texts = (text(), text(), text(), option::of(text()), option::of(text()), text());
        (ids, -2..2_i64, texts, option::of(0..2_u128)).prop_map(|(ids, time, texts, subject)| {
            let (caller, peer, rpc, purpose, resource, outcome) = texts;
            Record {
                id: Uuid::from_u128(ids[0]),
                time,
                caller,
                peer,
                rpc,
                purpose,
                resource,
                subject: subject.map(Uuid::from_u128),
                outcome,
                trace_id: Uuid::from_u128(ids[1]),
            }
        })
    }

    proptest! {
        #[test]
        fn two_records_have_the_same_bytes_only_if_they_are_the_same(one in record(), other in record()) {
            prop_assert_eq!(one == other, one.to_bytes() == other.to_bytes());
        }
    }

    #[test]
    fn the_bytes_of_a_record_never_change() {
        // What is stored was signed over exactly these: a program that writes them differently finds every record changed.
        let record = Record {
            id: Uuid::from_u128(1),
            time: 2,
            caller: "k".to_owned(),
            peer: "g".to_owned(),
            rpc: "S/M".to_owned(),
            purpose: None,
            resource: Some("r/1".to_owned()),
            subject: Some(Uuid::from_u128(3)),
            outcome: "OK".to_owned(),
            trace_id: Uuid::from_u128(4),
        };
        let expected = [
            b"entrypass audit record 1".as_slice(),
            &1_u128.to_be_bytes(),
            &2_i64.to_be_bytes(),
            b"\x01\0\0\0\0\0\0\0\x01k\x01\0\0\0\0\0\0\0\x01g\x01\0\0\0\0\0\0\0\x03S/M\0\x01\0\0\0\0\0\0\0\x03r/1",
            b"\x01\0\0\0\0\0\0\0\x02OK\x01\0\0\0\0\0\0\0\x10",
            &3_u128.to_be_bytes(),
            &4_u128.to_be_bytes(),
        ];
        assert_eq!(record.to_bytes(), expected.concat());
    }
}
