//! A feed, a database, and copies that follow.

use std::{sync::Arc, time::Duration};

use entrypass_db::{Database, follower};
use entrypass_follow::{AsOf, Change, FEED, Follower, PATIENCE};
use entrypass_proto::registration::v1::{RegistrationChange, registration_change::Kind};
use entrypass_rpc::EdgeLayer;
use entrypass_testkit::{Feed, Registrations, TestDatabase, eventually};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbErr, Statement};
use sea_orm_migration::prelude::{
    MigrationName, MigrationTrait, MigratorTrait, SchemaManager, Table, async_trait::async_trait,
};
use sea_orm_migration::schema;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A follower's schema at its smallest: the position, and effects, of which nothing forbids a second one.
struct Migrator;

struct First;

#[async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(First)]
    }
}

impl MigrationName for First {
    fn name(&self) -> &'static str {
        "m0001_first"
    }
}

#[async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(follower::create_table()).await?;
        let effects = Table::create()
            .table("effects")
            .col(schema::pk_auto("id"))
            .col(schema::integer("revision"))
            .to_owned();
        manager.create_table(effects).await
    }
}

/// A feed and one service's database.
pub struct World {
    registrations: Arc<Registrations>,
    place: TestDatabase,
    database: Database,
}

/// A follower at work.
pub struct Copy {
    pub stopping: CancellationToken,
    pub as_of: AsOf,
    pub task: JoinHandle<()>,
}

impl World {
    pub async fn new() -> Self {
        let place = TestDatabase::migrated::<Migrator>("follow").await;
        let database =
            Database::open::<Migrator>(&place.url(), 4, &TestDatabase::sealer()).await.expect("a database");
        Self { registrations: Arc::default(), place, database }
    }

    pub fn registrations(&self) -> &Registrations {
        &self.registrations
    }

    pub fn feed(&self) -> &Feed {
        self.registrations.feed()
    }

    /// A follower with connections of its own, as another process has.
    pub async fn follower(&self, patience: Duration) -> Follower {
        Follower {
            registration: self.registrations.transport(&EdgeLayer::new(|| Uuid::from_u128(1))),
            database: Database::open::<Migrator>(&self.place.url(), 4, &TestDatabase::sealer())
                .await
                .expect("a database"),
            patience,
            stopping: CancellationToken::new(),
            as_of: AsOf::default(),
        }
    }

    /// A copy that follows, and whose effects are to be seen in [`Self::effects`].
    pub async fn copy(&self) -> Copy {
        self.patient_copy(PATIENCE).await
    }

    /// [`Self::copy`] with another patience.
    pub async fn patient_copy(&self, patience: Duration) -> Copy {
        let follower = self.follower(patience).await;
        let (stopping, as_of) = (follower.stopping.clone(), follower.as_of.clone());
        Copy { stopping, as_of, task: tokio::spawn(follower.run(note)) }
    }

    /// Tells the next change, whose revision is its position in the feed.
    pub fn tell(&self, revisions: impl IntoIterator<Item = i32>) -> String {
        self.feed().tell_all(revisions.into_iter().map(change))
    }

    /// The revisions whose effects were had, in order.
    pub async fn effects(&self) -> Vec<i32> {
        let query = "SELECT revision FROM effects ORDER BY id";
        let query = Statement::from_string(self.database.reader().get_database_backend(), query);
        let rows = self.database.reader().query_all_raw(query).await.expect("the effects");
        rows.iter().map(|row| row.try_get_by_index(0).expect("a number")).collect()
    }

    pub async fn position(&self) -> Option<String> {
        follower::position(self.database.reader(), FEED).await.expect("a position")
    }

    /// Moves the position, as another copy does.
    pub async fn set_position(&self, to: &str) {
        let from = self.position().await;
        let transaction = self.database.begin().await.expect("a transaction");
        let moved = follower::advance(&transaction, FEED, from.as_deref(), to).await;
        assert!(moved.expect("a position"), "nobody else moves it now");
        transaction.commit().await.expect("moved");
    }

    /// Waits until the position is at `cursor`.
    pub async fn reaches(&self, cursor: &str) {
        eventually("the position", async || self.position().await.as_deref() == Some(cursor)).await;
    }

    /// The cursors with which streams were asked for; empty for the oldest change.
    pub fn asked_for(&self) -> Vec<String> {
        self.feed().requests().into_iter().map(|request| request.cursor).collect()
    }
}

/// A change with this revision.
pub fn change(revision: i32) -> RegistrationChange {
    RegistrationChange {
        registration: format!("registrations/{}", Uuid::from_u128(7)),
        kind: Kind::Amended.into(),
        revision,
        ..RegistrationChange::default()
    }
}

/// The effect of a change.
pub async fn note(transaction: &DatabaseTransaction, change: &Change) -> Result<(), DbErr> {
    let insert = format!("INSERT INTO effects (revision) VALUES ({})", change.revision);
    transaction.execute_unprepared(&insert).await.map(drop)
}
