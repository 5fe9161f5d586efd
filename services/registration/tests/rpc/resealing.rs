//! Other keys in the place of the present ones, beside running copies.

use entrypass_ambient::SystemRandom;
use entrypass_db::{Database, answers};
use entrypass_proto::registration::v1 as pb;
use entrypass_registration::{ResealError, reseal, rows_under_keys};
use entrypass_seal::{KeyId, Keys, Purpose};
use tokio::task::JoinSet;

use crate::{
    harness::{App, passport},
    travellers::replacement,
};

/// Rows that need the keys of `purpose`, by key.
async fn under(database: &Database, purpose: Purpose) -> Vec<(KeyId, u64)> {
    let rows = rows_under_keys(database).await.expect("counted");
    rows.into_iter().filter(|rows| rows.purpose == purpose).map(|rows| (rows.key, rows.rows)).collect()
}

/// Brings everything under the keys in use, three rows at a time, and says how many that were.
async fn resealed(database: &Database) -> u64 {
    let mut all = 0;
    loop {
        match reseal(database, 3).await.expect("resealed") {
            0 => return all,
            done if done > 3 => panic!("{done} rows at once"),
            done => all += done,
        }
    }
}

/// A new key of `purpose` for all copies, in use by the first of them; and the one before.
fn rotate(copies: &[App], purpose: Purpose) -> (KeyId, KeyId) {
    let (mut new, mut old) = (None, None);
    let mut shared = None;
    for (nth, copy) in copies.iter().enumerate() {
        copy.change_keys(|keys| {
            let (with_new, id) = shared.take().unwrap_or_else(|| keys.with_new(purpose, &SystemRandom));
            old = Some(keys.in_use(purpose));
            new = Some(id);
            shared = Some((Keys::parse(&with_new.to_text()).expect("a ring"), id));
            if nth == 0 { with_new.with_newest_in_use(purpose) } else { with_new }
        });
    }
    (new.expect("a key"), old.expect("a key"))
}

async fn two_copies() -> [App; 2] {
    let app = App::new().await;
    let another = app.another().await;
    [app, another]
}

#[tokio::test]
async fn data_keys_come_under_the_key_in_use_while_a_copy_still_uses_the_one_before() {
    let copies = two_copies().await;
    for number in 0..7 {
        copies[0].register(&format!("X000000{number}")).await;
    }
    let database = copies[0].database().await;
    let (new, old) = rotate(&copies, Purpose::Encryption);
    assert_eq!(under(&database, Purpose::Encryption).await, [(old, 7)]);
    copies[1].register("X0000007").await;
    copies[0].register("X0000008").await;

    assert_eq!(resealed(&database).await, 8);
    assert_eq!(under(&database, Purpose::Encryption).await, [(new, 9)]);
    assert_eq!(resealed(&database).await, 0, "nothing is left to do");
    copies[1].register("X0000009").await;
    assert_eq!(resealed(&database).await, 1, "what a copy wrote meanwhile");

    while answers::reseal(&database, 100).await.expect("resealed") > 0 {}
    copies[1].change_keys(|keys| keys.with_newest_in_use(Purpose::Encryption));
    for copy in &copies {
        copy.change_keys(|keys| keys.without(Purpose::Encryption, old).expect("not in use"));
        for number in 0..10 {
            copy.facts(&copies[0].register(&format!("X000000{number}")).await.name).await.expect("readable");
        }
    }
}

#[tokio::test]
async fn documents_are_found_before_during_and_after_a_change_of_the_index_key() {
    let copies = two_copies().await;
    let first = copies[0].register("X0000001").await;
    copies[0].replace(replacement(&first, "X0000001", "X0000002")).await.expect("replaced");
    copies[0].register("X0000003").await;
    let known_by = async |copy: &App| {
        for number in ["X0000001", "X0000002"] {
            assert_eq!(copy.resolve(number).await.as_ref(), Ok(&first.traveller), "{number}");
        }
    };
    let database = copies[0].database().await;
    let (new, old) = rotate(&copies, Purpose::Index);
    for copy in &copies {
        known_by(copy).await;
    }
    let fourth = copies[1].resolve("X0000004").await.expect("made known by the other copy");
    assert_eq!(copies[0].resolve("X0000004").await, Ok(fourth.clone()));
    let needed = under(&database, Purpose::Index).await;
    assert!(needed.len() == 2 && needed.contains(&(new, 1)) && needed.contains(&(old, 3)), "{needed:?}");

    assert_eq!(resealed(&database).await, 3);
    assert_eq!(under(&database, Purpose::Index).await, [(new, 4)]);
    for copy in &copies {
        known_by(copy).await;
    }
    copies[1].change_keys(|keys| keys.with_newest_in_use(Purpose::Index));
    for copy in &copies {
        copy.change_keys(|keys| keys.without(Purpose::Index, old).expect("not in use"));
        known_by(copy).await;
        assert_eq!(copy.resolve("X0000004").await, Ok(fourth.clone()));
    }
    assert_eq!(resealed(&database).await, 4, "the rows of the key that was retired go");
    known_by(&copies[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_one_persons_although_copies_have_their_index_keys_in_another_order() {
    let copies = two_copies().await;
    rotate(&copies, Purpose::Index);
    for number in ["X0000001", "X0000002", "X0000003"] {
        let mut callers = JoinSet::new();
        for nth in 0..16 {
            let mut client = copies[nth % 2].client();
            let request = pb::ResolveTravellerRequest { document: Some(passport(number)) };
            callers.spawn(async move { client.resolve_traveller(request).await });
        }
        let answers =
            callers.join_all().await.into_iter().map(|answer| answer.expect("an answer").into_inner());
        let travellers: std::collections::BTreeSet<_> = answers.map(|answer| answer.traveller).collect();
        assert_eq!(travellers.len(), 1, "{number}");
    }
    let database = copies[0].database().await;
    assert_eq!(resealed(&database).await, 0, "each document has both rows");
}

#[tokio::test]
async fn a_row_under_a_key_that_is_gone_is_told_and_nothing_is_changed() {
    let app = App::new().await;
    app.register("X0000001").await;
    let database = app.database().await;
    let [(old, 1)] = under(&database, Purpose::Encryption).await[..] else { panic!("one key") };
    app.change_keys(|_| Keys::generate(&SystemRandom));
    let refused = reseal(&database, 3).await.expect_err("another ring");
    assert!(matches!(refused, ResealError::Unreadable(_)), "{refused:?}");
    assert!(refused.to_string().contains(&old.to_string()), "{refused}");
    assert_eq!(under(&database, Purpose::Encryption).await, [(old, 1)]);
}
