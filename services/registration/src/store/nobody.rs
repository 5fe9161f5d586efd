//! Somebody who is made up: opened in place of nobody, so that it costs the same to look for a document that is not registered.

use entrypass_seal::Sealer;
use uuid::Uuid;

use super::{
    entity::{data_key, registration, revision},
    sealed::{Content, PersonalKey},
};

/// As large as what is declared mostly; a form of the first version, which stays readable. The number is of ICAO Doc 9303's specimen.
const FORM: &str = r#"{"identity":{"name":{"chinese":null,"latin":{"surname":"ERIKSSON","given":"ANNA MARIA"}},"sex":"female",
"birth_date":"1974-08-12","nationality":"UTO"},"document_expire_date":"2030-04-15","occupation":null,"mobile_phone":"+447700900001",
"second_phone":null,"email":null,"entry":{"port_of_entry":"CNSZX","entry_date":"2026-11-23","transport":"walk","service_number":null,
"seat":null,"departure_country":"HKG","departure_city":null},"travel_history":[{"country":"HKG","first_date":"2026-11-01",
"last_date":"2026-11-23"}],"destination":{"division_code":"440604","address":"祖庙路1号2座301","accommodation":null,
"accommodation_name":null},"stay_days":null,"purpose":"family","host":null,"domestic_contact":{"name":"李大华","phone":"+8613800138000"},
"emergency_contact":null,"health":null}"#;

/// Their registration, as it would be read. Drawn up anew each time: the keys that it is sealed under are the present ones.
pub(super) fn nobody(
    sealer: &Sealer,
) -> (registration::Model, Option<revision::Model>, Option<data_key::Model>) {
    let (id, traveller) = (Uuid::nil(), Uuid::nil());
    let key = PersonalKey::draw(sealer);
    let content = Content { document_number: "L898902C3", issuing_state: Some("UTO"), form: FORM };
    let row = registration::Model {
        id,
        traveller_id: traveller,
        reference: String::new(),
        state: "ACTIVE".to_owned(),
        revision: 1,
        notice_version: String::new(),
        create_time: 0,
        update_time: 0,
        expire_time: 0,
        verified_time: None,
    };
    let current = revision::Model {
        registration_id: id,
        revision: 1,
        kind: "REGISTERED".to_owned(),
        changed_paths: String::new(),
        document_type: "PASSPORT".to_owned(),
        form_version: 1,
        sealed: key.seal_revision(id, 1, &content),
        create_time: 0,
        sealed_reason: None,
    };
    let key = data_key::Model {
        traveller_id: traveller,
        key_id: Vec::new(),
        wrapped: key.wrapped(traveller),
        create_time: 0,
    };
    (row, Some(current), Some(key))
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        time::{Duration, Instant},
    };

    use entrypass_ambient::{SeededRandom, SystemClock};
    use entrypass_db::Database;
    use entrypass_seal::{KeyRing, Keys, Sealer};
    use entrypass_testkit::TestDatabase;
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::nobody;
    use crate::{
        registration::Registration,
        store::{LookUps, Migrator, Rows, convert},
    };

    #[test]
    fn nobody_can_be_opened_as_anybody_is() {
        let random = SeededRandom::new(1);
        let sealer = Sealer::new(KeyRing::new(Keys::generate(&random)), Arc::new(random));
        let opened = convert::registration(&sealer, nobody(&sealer)).expect("readable");
        assert!(opened.declared.form.name().matches("Eriksson, Anna Maria"));
    }

    /// Reads alone, without what is written of a failure, which takes longer than all of this.
    #[tokio::test]
    async fn to_read_of_nobody_costs_what_it_costs_to_read_of_somebody() {
        let place = TestDatabase::migrated::<Migrator>("registration").await;
        let sealer = TestDatabase::sealer();
        let database = Database::open::<Migrator>(&place.url(), 2, &sealer).await.expect("a database");
        let transaction = database.begin().await.expect("a transaction");
        let rows = Rows::new(&transaction, &sealer);
        let traveller = Uuid::from_u128(1);
        let known = rows.add_traveller(traveller, "known", OffsetDateTime::UNIX_EPOCH).await.expect("added");
        assert!(known);
        let template = convert::registration(&sealer, nobody(&sealer)).expect("readable");
        let somebody = Registration { id: Uuid::from_u128(2), traveller, ..template };
        rows.add_registration(&somebody).await.expect("added");
        transaction.commit().await.expect("committed");

        let rows = Rows::new(database.reader(), &sealer);
        let look_ups = LookUps::new(&database, Arc::new(SystemClock));
        let mut times = [const { Vec::new() }; 2];
        let mut ratio = 0.0;
        for _round in 0..8 {
            for _ in 0..200 {
                for (nth, document) in ["known", "unknown"].into_iter().enumerate() {
                    let began = Instant::now();
                    let (_, known) = look_ups.latest_or_nobody(&rows, document).await.expect("read");
                    times[nth].push(began.elapsed());
                    assert_eq!(known, nth == 0);
                }
            }
            let [known, unknown] = times.each_ref().map(|times| median(times));
            ratio = known / unknown;
            if (0.8..1.25).contains(&ratio) {
                return;
            }
        }
        panic!("to read of somebody takes {ratio:.2} times as long as to read of nobody");
    }

    fn median(times: &[Duration]) -> f64 {
        let mut times = times.to_vec();
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    }
}
