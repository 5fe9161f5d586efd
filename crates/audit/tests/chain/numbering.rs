//! Places: who gives them, under which key, and when.

use std::sync::Arc;

use entrypass_ambient::SystemRandom;
use entrypass_audit::{Finding, Head, Unjudged};
use entrypass_seal::{KeyRing, Keys, Purpose, Sealer};
use entrypass_testkit::eventually;
use time::Duration;

use crate::{Copy, ten};

fn sealer(keys: Keys) -> Sealer {
    Sealer::new(KeyRing::new(keys), Arc::new(SystemRandom))
}

/// A ring, and as often as it is asked for the same with another audit key in use.
fn rotated() -> (Keys, impl Fn() -> Keys) {
    let keys = Keys::generate(&SystemRandom);
    let (with_new, _) = keys.with_new(Purpose::Audit, &SystemRandom);
    (keys, move || with_new.with_newest_in_use(Purpose::Audit))
}

#[tokio::test]
async fn copies_that_write_and_number_at_once_make_one_chain_which_is_good_at_every_moment() {
    let one = Arc::new(Copy::new().await);
    let two = Arc::new(one.another(one.database.sealer()).await);
    let mut writers = tokio::task::JoinSet::new();
    for copy in [&one, &two] {
        copy.run();
        for writer in 0..4 {
            let copy = Arc::clone(copy);
            writers.spawn(async move {
                for number in 0..25 {
                    copy.read(writer * 100 + number, Some(7)).await.expect("read");
                }
            });
        }
    }
    let looking = async {
        let mut noted = None;
        loop {
            let (verified, findings) = one.verify(noted).await;
            assert_eq!(findings, []);
            noted = verified.head;
            if noted.is_some_and(|head| head.position == 200) {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    let (written, ()) = tokio::join!(writers.join_all(), looking);
    assert_eq!(written.len(), 8);
    assert_eq!(one.ids().await.len(), 200);
}

#[tokio::test]
async fn what_a_copy_that_died_left_waiting_gets_its_place_from_another() {
    let dead = Copy::new().await;
    dead.read(1, None).await.expect("read");
    let (verified, findings) = dead.verify(None).await;
    assert_eq!((verified.waiting, verified.head, findings), (1, Some(Head::EMPTY), vec![]));
    let other = dead.another(dead.database.sealer()).await;
    other.run();
    other.until_placed(1).await;
}

#[tokio::test]
async fn a_chain_goes_on_under_another_key_and_the_old_one_verifies_what_it_signed() {
    let (old, new) = rotated();
    let ring = KeyRing::new(old);
    let sealer = Sealer::new(ring.clone(), Arc::new(SystemRandom));
    let copy = Copy::with(&sealer).await;
    copy.run();
    copy.read(1, None).await.expect("read");
    copy.until_placed(1).await;
    ring.replace(new());
    copy.read(2, None).await.expect("read");
    copy.until_placed(2).await;
    assert_eq!(copy.findings().await, []);
    // A record and its place under each.
    let rows = entrypass_audit::rows_under_keys(&copy.database).await.expect("counted");
    let mut counted: Vec<_> = rows.iter().map(|rows| (rows.key, rows.rows)).collect();
    counted.sort_unstable();
    let mut keys: Vec<_> = copy
        .database
        .sealer()
        .keys()
        .list()
        .filter(|key| key.purpose == Purpose::Audit)
        .map(|key| (key.id, 2))
        .collect();
    keys.sort_unstable();
    assert_eq!(counted, keys);
    // Without the old one, nobody can say that it signed.
    let first = copy.ids().await[0];
    let new = new();
    let old_id = new.list().find(|key| key.purpose == Purpose::Audit && !key.in_use).expect("the old key").id;
    ring.replace(new.without(Purpose::Audit, old_id).expect("removed"));
    let (verified, findings) = copy.verify(None).await;
    assert_eq!(findings, []);
    assert_eq!(verified.unjudged, [Unjudged { key: old_id, records: 1, places: 1 }]);
    // What somebody did is found nevertheless, as far as other keys cover it.
    copy.unprotect().await;
    copy.tamper("UPDATE audit_records SET mac = key_id WHERE id = (SELECT record_id FROM audit_chain WHERE position = 1)").await;
    copy.tamper("UPDATE audit_records SET caller = 'nobody' WHERE id = (SELECT record_id FROM audit_chain WHERE position = 2)").await;
    let position = 1;
    let expected = [
        Finding::Misplaced { position, record: first },
        Finding::Changed { position, record: first },
        Finding::Changed { position: 2, record: copy.ids().await[1] },
    ];
    let mut findings = copy.findings().await;
    findings.sort_by_key(ToString::to_string);
    assert_eq!(findings, expected);
}

#[tokio::test]
async fn a_record_that_names_a_key_which_it_is_not_under_does_not_follow() {
    let copy = ten().await;
    copy.unprotect().await;
    let ids = copy.ids().await;
    copy.tamper("UPDATE audit_records SET caller = 'nobody', key_id = substr(mac, 1, 8) WHERE id = (SELECT record_id FROM audit_chain WHERE position = 3)").await;
    let (verified, findings) = copy.verify(None).await;
    assert_eq!(findings, [Finding::Misplaced { position: 3, record: ids[2] }]);
    assert_eq!(verified.unjudged.len(), 1);
}

#[tokio::test]
async fn a_record_under_a_key_that_a_copy_has_not_taken_up_yet_waits_for_it_but_not_for_ever() {
    let (old, new) = rotated();
    let ahead = Copy::with(&sealer(new())).await;
    ahead.read(1, None).await.expect("read");
    let ring = KeyRing::new(old);
    let behind = ahead.another(&Sealer::new(ring.clone(), Arc::new(SystemRandom))).await;
    behind.run();
    behind.read(2, None).await.expect("read");
    behind.until_placed(1).await;
    assert_eq!(behind.query("SELECT 1 FROM audit_waiting").await.len(), 1);
    // It looks again each second.
    ring.replace(new());
    behind.until_placed(2).await;
    assert_eq!(ahead.findings().await, []);

    let (_, never) = rotated();
    let stranger = ahead.another(&sealer(never())).await;
    stranger.read(3, None).await.expect("read");
    behind.clock.advance(Duration::minutes(2));
    eventually("nothing waits", async || behind.query("SELECT 1 FROM audit_waiting").await.is_empty()).await;
    assert_eq!(behind.head().await.position, 2);
    assert!(matches!(behind.findings().await.as_slice(), [Finding::Foreign { .. }]));
}
