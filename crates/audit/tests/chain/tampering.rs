//! What somebody does who can write to the tables, and has no key.

use entrypass_audit::{Finding, Head, VerifyError};
use entrypass_testkit::eventually;
use sea_orm::ConnectionTrait as _;
use uuid::Uuid;

use crate::{Copy, ten};

/// An id as both engines write it.
fn quoted(copy: &Copy, id: Uuid) -> String {
    match copy.database.reader().get_database_backend() {
        sea_orm::DbBackend::Postgres => format!("'{id}'"),
        _ => format!("x'{}'", id.simple()),
    }
}

/// A record as somebody inserts it who takes everything, its MAC included, from another.
async fn forge(copy: &Copy, of: Uuid) -> Uuid {
    let id = Uuid::from_u128(of.as_u128() + 1);
    let (id_text, of) = (quoted(copy, id), quoted(copy, of));
    copy.tamper(&format!(
        "INSERT INTO audit_records SELECT {id_text}, time, caller, peer, rpc, purpose, resource, subject, outcome, trace_id, key_id, mac \
         FROM audit_records WHERE id = {of}"
    ))
    .await;
    id
}

#[tokio::test]
async fn what_the_service_wrote_is_good_and_a_mistake_does_not_change_it() {
    let copy = ten().await;
    let (verified, findings) = copy.verify(None).await;
    assert_eq!((verified.head, verified.waiting, findings), (Some(copy.head().await), 0, vec![]));
    for mistake in [
        "UPDATE audit_records SET outcome = 'OK'",
        "DELETE FROM audit_records",
        "UPDATE audit_chain SET position = position + 100",
        "DELETE FROM audit_chain WHERE position = 10",
    ] {
        let transaction = copy.database.begin().await.expect("begun");
        transaction.execute_unprepared(mistake).await.expect_err(mistake);
    }
    assert_eq!(copy.findings().await, []);
}

#[tokio::test]
async fn a_record_that_was_changed_or_removed_is_named() {
    let copy = ten().await;
    copy.unprotect().await;
    let ids = copy.ids().await;
    let text = |position: usize| quoted(&copy, ids[position - 1]);
    copy.tamper(&format!("UPDATE audit_records SET caller = 'nobody' WHERE id = {}", text(3))).await;
    copy.tamper(&format!("UPDATE audit_records SET subject = NULL WHERE id = {}", text(4))).await;
    copy.tamper(&format!("DELETE FROM audit_records WHERE id = {}", text(6))).await;
    copy.tamper("DELETE FROM audit_chain WHERE position = 8").await;
    let mut findings = copy.findings().await;
    findings.sort_by_key(ToString::to_string);
    let expected = [
        Finding::Changed { position: 3, record: ids[2] },
        Finding::Changed { position: 4, record: ids[3] },
        Finding::Removed { position: 6, record: ids[5] },
        Finding::Gap { from: 8, to: 8 },
        Finding::Unplaced { record: ids[7] },
    ];
    assert_eq!(findings, expected);
}

#[tokio::test]
async fn a_record_that_was_removed_before_it_had_a_place_is_written_again() {
    let copy = Copy::new().await;
    copy.unprotect().await;
    for number in 1..=3 {
        copy.read(number, Some(7)).await.expect("read");
    }
    copy.act("one", false).await.expect("done");
    let ids = copy.query("SELECT id FROM audit_records ORDER BY id").await;
    let ids: Vec<Uuid> = ids.iter().map(|row| row.try_get("", "id").expect("an id")).collect();
    // The read and the write with all that tells of them, and a read of which it is still told that it waits.
    for (id, waits) in [(ids[0], false), (ids[1], true), (ids[3], false)] {
        copy.tamper(&format!("DELETE FROM audit_records WHERE id = {}", quoted(&copy, id))).await;
        if !waits {
            copy.tamper(&format!("DELETE FROM audit_waiting WHERE record_id = {}", quoted(&copy, id))).await;
        }
    }
    copy.run();
    copy.until_placed(4).await;
    let mut placed = copy.ids().await;
    placed.sort();
    assert_eq!(placed, ids);
    assert_eq!(copy.findings().await, []);
}

#[tokio::test]
async fn a_record_that_is_kept_from_its_place_cannot_be_removed_later_either() {
    let copy = Copy::new().await;
    copy.unprotect().await;
    for number in 1..=2 {
        copy.read(number, None).await.expect("read");
    }
    let ids = copy.query("SELECT id FROM audit_records ORDER BY id").await;
    let ids: Vec<Uuid> = ids.iter().map(|row| row.try_get("", "id").expect("an id")).collect();
    let (forgotten, changed) = (quoted(&copy, ids[0]), quoted(&copy, ids[1]));
    copy.tamper(&format!("DELETE FROM audit_waiting WHERE record_id = {forgotten}")).await;
    copy.tamper(&format!("UPDATE audit_records SET caller = 'nobody' WHERE id = {changed}")).await;
    copy.run();
    copy.until_placed(1).await;
    eventually("nothing waits", async || copy.query("SELECT 1 FROM audit_waiting").await.is_empty()).await;
    assert_eq!(copy.ids().await, ids[..1]);
    assert_eq!(copy.findings().await, [Finding::Foreign { record: ids[1] }]);
    copy.tamper(&format!("DELETE FROM audit_records WHERE id = {changed}")).await;
    copy.until_placed(2).await;
    assert_eq!(copy.ids().await, ids);
    assert_eq!(copy.findings().await, []);
}

#[tokio::test]
async fn a_record_that_was_inserted_gets_no_place_and_is_named() {
    let copy = ten().await;
    let foreign = forge(&copy, copy.ids().await[4]).await;
    eventually("the numberer has looked at it", async || {
        copy.query("SELECT 1 FROM audit_waiting").await.is_empty()
    })
    .await;
    copy.read(11, None).await.expect("read");
    copy.until_placed(11).await;
    assert_eq!(copy.findings().await, [Finding::Foreign { record: foreign }]);
    assert!(!copy.ids().await.contains(&foreign));
}

#[tokio::test]
async fn a_record_with_a_place_that_nobody_gave_it_is_named() {
    let copy = ten().await;
    copy.unprotect().await;
    let foreign = forge(&copy, copy.ids().await[4]).await;
    let text = quoted(&copy, foreign);
    for (position, as_if) in [(11, 5), (-3, 5)] {
        copy.tamper(&format!(
            "INSERT INTO audit_chain SELECT {position}, {text}, key_id, link FROM audit_chain WHERE position = {as_if}"
        ))
        .await;
        let findings = copy.findings().await;
        let expected = if position == 11 {
            Finding::Beyond { position }
        } else {
            Finding::Misplaced { position, record: foreign }
        };
        assert!(findings.contains(&Finding::Changed { position, record: foreign }), "{findings:?}");
        assert!(findings.contains(&expected), "{findings:?}");
        copy.tamper(&format!("DELETE FROM audit_chain WHERE position = {position}")).await;
    }
}

#[tokio::test]
async fn records_that_were_exchanged_are_named() {
    let copy = ten().await;
    copy.unprotect().await;
    let ids = copy.ids().await;
    for (from, to) in [(4, -1), (9, 4), (-1, 9)] {
        copy.tamper(&format!("UPDATE audit_chain SET position = {to} WHERE position = {from}")).await;
    }
    let findings = copy.findings().await;
    assert_eq!(findings.first(), Some(&Finding::Misplaced { position: 4, record: ids[8] }));
    assert!(findings.contains(&Finding::Misplaced { position: 9, record: ids[3] }), "{findings:?}");
}

#[tokio::test]
async fn a_record_that_was_removed_and_the_rest_renumbered_is_one_break() {
    let copy = ten().await;
    copy.unprotect().await;
    let ids = copy.ids().await;
    copy.tamper(&format!("DELETE FROM audit_records WHERE id = {}", quoted(&copy, ids[3]))).await;
    copy.tamper("DELETE FROM audit_chain WHERE position = 4").await;
    copy.tamper("UPDATE audit_chain SET position = -position WHERE position > 4").await;
    copy.tamper("UPDATE audit_chain SET position = -position - 1 WHERE position < 0").await;
    let expected = [
        Finding::Misplaced { position: 4, record: ids[4] },
        Finding::MisplacedOn { from: 5, to: 9 },
        Finding::Gap { from: 10, to: 10 },
    ];
    assert_eq!(copy.findings().await, expected);
}

#[tokio::test]
async fn an_end_that_was_cut_off_is_found_by_whoever_noted_the_head() {
    let copy = ten().await;
    let noted = copy.head().await;
    copy.stopping.cancel();
    copy.unprotect().await;
    copy.tamper(
        "DELETE FROM audit_records WHERE id IN (SELECT record_id FROM audit_chain WHERE position > 7)",
    )
    .await;
    copy.tamper("DELETE FROM audit_chain WHERE position > 7").await;
    assert_eq!(copy.findings().await, [Finding::Gap { from: 8, to: 10 }]);
    copy.tamper(
        "UPDATE audit_head SET position = 7, link = (SELECT link FROM audit_chain WHERE position = 7)",
    )
    .await;
    assert_eq!(copy.findings().await, []);
    let (_, findings) = copy.verify(Some(noted)).await;
    assert_eq!(findings, [Finding::CutOff { expected: 10, found: 7 }]);
    // The service goes on over it.
    let next = copy.another(copy.database.sealer()).await;
    next.run();
    for number in 1..=5 {
        next.read(number, None).await.expect("read");
    }
    next.until_placed(12).await;
    assert_eq!(next.verify(Some(noted)).await.1, [Finding::Rewritten { position: 10 }]);
    let later = next.head().await;
    assert_eq!(next.verify(Some(later)).await.1, []);
    assert_eq!(next.verify(Some(Head::EMPTY)).await.1, []);
}

#[tokio::test]
async fn a_chain_without_its_head_is_looked_at_all_the_same() {
    let copy = ten().await;
    let noted = copy.head().await;
    copy.stopping.cancel();
    copy.unprotect().await;
    let record = copy.ids().await[2];
    copy.tamper(&format!("DELETE FROM audit_records WHERE id = {}", quoted(&copy, record))).await;
    copy.tamper("DELETE FROM audit_head").await;
    let (verified, findings) = copy.verify(Some(noted)).await;
    assert_eq!(verified.head, None);
    assert_eq!(findings, [Finding::NoHead, Finding::Removed { position: 3, record }]);
    copy.tamper("DELETE FROM audit_chain WHERE position > 8").await;
    let cut_off = Finding::CutOff { expected: 10, found: 8 };
    assert!(copy.verify(Some(noted)).await.1.contains(&cut_off));
    entrypass_audit::head(&copy.database).await.expect_err("there is none to note");
}

#[tokio::test]
async fn tables_that_were_emptied_are_found() {
    let copy = ten().await;
    copy.stopping.cancel();
    copy.unprotect().await;
    copy.tamper("DELETE FROM audit_records").await;
    copy.tamper("DELETE FROM audit_chain").await;
    assert_eq!(copy.findings().await, [Finding::Gap { from: 1, to: 10 }]);
    copy.tamper("DELETE FROM audit_head").await;
    assert_eq!(copy.findings().await, [Finding::NoHead]);
    // Nobody has called yet.
    assert_eq!(Copy::new().await.findings().await, []);
}

#[tokio::test]
async fn a_table_that_was_removed_is_named() {
    for table in ["audit_head", "audit_waiting", "audit_chain", "audit_records"] {
        let copy = ten().await;
        copy.stopping.cancel();
        copy.tamper(&format!("DROP TABLE {table}")).await;
        assert_eq!(copy.findings().await, [Finding::NoTable { table }]);
    }
}

#[tokio::test]
async fn tables_that_were_made_into_others_are_not_called_a_failed_database() {
    let copy = ten().await;
    copy.stopping.cancel();
    copy.tamper("ALTER TABLE audit_records RENAME COLUMN caller TO called").await;
    let error = entrypass_audit::verify(&copy.database, None, |_| ()).await.expect_err("no such column");
    assert!(matches!(error, VerifyError::Unreadable(_)), "{error:?}");
}
