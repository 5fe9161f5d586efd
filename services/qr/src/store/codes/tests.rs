//! Two transactions about one registration come out as if one had waited for the other.

use entrypass_ambient::{Random as _, SystemRandom};
use entrypass_db::Database;
use entrypass_testkit::{TestDatabase, until_one_waits_for};
use sea_orm::DatabaseTransaction;
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{Code, CodeState, of_registrations_in, record, with_standings};
use crate::{
    error::Error,
    standing::{Change, Reason},
    store::{Migrator, Pen, change},
};

const NOW: OffsetDateTime = datetime!(2026-11-23 02:00 UTC);

/// What a transaction does.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Record(u16),
    Revoke,
}

impl Deed {
    async fn act(self, transaction: &DatabaseTransaction, registration: Uuid) -> Result<(), Error> {
        let pen = Pen { now: NOW, random: &SystemRandom };
        let revoke = Change::Revoke { reason: Reason::Other, fraud: false };
        match self {
            Self::Record(revision) => Ok(record(transaction, [(registration, revision)], &pen).await?),
            Self::Revoke => change(transaction, &[(registration, revoke)], &pen).await.map(drop),
        }
    }
}

/// Revisions and states after both deeds, the second begun while the first is not committed.
async fn both(first: Deed, second: Deed) -> Vec<(u16, CodeState)> {
    let place = TestDatabase::migrated::<Migrator>("qr").await;
    let database =
        Database::open::<Migrator>(&place.url(), 4, &TestDatabase::sealer()).await.expect("a database");
    // Another copy's. And nobody else's registration: the tests of one run share their locks.
    let elsewhere =
        Database::open::<Migrator>(&place.url(), 4, &TestDatabase::sealer()).await.expect("a database");
    let registration = SystemRandom.uuid_v7(NOW);

    let before = database.begin().await.expect("a transaction");
    first.act(&before, registration).await.expect("done");
    let later = tokio::spawn(async move {
        let transaction = elsewhere.begin().await?;
        second.act(&transaction, registration).await?;
        Ok::<_, Error>(transaction.commit().await?)
    });
    until_one_waits_for(registration, &database).await;
    before.commit().await.expect("committed");
    later.await.expect("no panic").expect("done");

    let reader = database.reader();
    let find = of_registrations_in(reader.get_database_backend(), [registration]).expect("a statement");
    let found = find.all(reader).await.expect("rows");
    let (codes, _) = with_standings(found, NOW).expect("codes");
    let mut codes: Vec<_> = codes.into_iter().map(|Code { revision, state, .. }| (revision, state)).collect();
    codes.sort_unstable_by_key(|(revision, _)| *revision);
    codes
}

#[tokio::test]
async fn of_two_revisions_at_once_the_later_is_active() {
    use CodeState::{Active, Superseded};
    let expected = [(1, Superseded), (2, Active)];
    assert_eq!(both(Deed::Record(1), Deed::Record(2)).await, expected);
    assert_eq!(both(Deed::Record(2), Deed::Record(1)).await, expected);
    assert_eq!(both(Deed::Record(2), Deed::Record(2)).await, [(2, Active)]);
}

#[tokio::test]
async fn a_code_that_is_recorded_during_a_revocation_is_revoked() {
    use CodeState::Revoked;
    let expected = [(0, Revoked), (1, Revoked)];
    assert_eq!(both(Deed::Record(1), Deed::Revoke).await, expected);
    assert_eq!(both(Deed::Revoke, Deed::Record(1)).await, expected);
}
