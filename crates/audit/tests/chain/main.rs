//! Records and their chain in a database: what a call leaves, that it gets its place, and that whatever somebody does to the tables is found.

#![expect(clippy::expect_used, reason = "a broken helper of a test is a failed test")]

mod calls;
mod numbering;
mod tampering;

use std::sync::{Arc, Mutex, PoisonError};

use entrypass_ambient::{SystemRandom, TestClock};
use entrypass_audit::{Audit, Finding, Head, Verified};
use entrypass_db::Database;
use entrypass_proto::errors::v1::ErrorReason;
use entrypass_rpc::Problem;
use entrypass_seal::Sealer;
use entrypass_testkit::{Refusal, TestDatabase, eventually};
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, QueryResult, Statement};
use sea_orm_migration::prelude::{
    MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait::async_trait,
};
use time::macros::datetime;
use tokio_util::sync::CancellationToken;
use tonic::Request;
use uuid::Uuid;

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
        entrypass_audit::create_tables(manager).await?;
        manager.create_table(entrypass_db::answers::create_table()).await?;
        entrypass_db::answers::add_caller(manager).await?;
        entrypass_db::answers::seal(manager).await?;
        let deeds = "CREATE TABLE deeds (name TEXT NOT NULL UNIQUE)";
        manager.get_connection().execute_unprepared(deeds).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        entrypass_audit::drop_tables(manager).await
    }
}

/// A copy of a service, and its database.
struct Copy {
    place: Arc<TestDatabase>,
    database: Database,
    audit: Audit,
    clock: Arc<TestClock>,
    stopping: CancellationToken,
}

impl Copy {
    async fn new() -> Self {
        Self::with(&TestDatabase::sealer()).await
    }

    async fn with(sealer: &Sealer) -> Self {
        let place = Arc::new(TestDatabase::migrated::<Migrator>("audit").await);
        Self::on(place, sealer).await
    }

    /// Another copy, which has the ring of `sealer`.
    async fn another(&self, sealer: &Sealer) -> Self {
        Self::on(Arc::clone(&self.place), sealer).await
    }

    async fn on(place: Arc<TestDatabase>, sealer: &Sealer) -> Self {
        let database = Database::open::<Migrator>(&place.url(), 8, sealer).await.expect("a database");
        let clock = Arc::new(TestClock::at(datetime!(2026-11-23 02:00 UTC)));
        let audit = Audit::new(database.clone(), clock.clone(), Arc::new(SystemRandom));
        Self { place, database, audit, clock, stopping: CancellationToken::new() }
    }

    /// Numbers from now on, in the background.
    fn run(&self) {
        let (audit, stopping) = (self.audit.clone(), self.stopping.clone());
        tokio::spawn(async move { audit.run(stopping).await });
    }

    /// Reads the registration `id` of the person `subject`.
    async fn read(&self, id: u128, subject: Option<u128>) -> Result<(), Refusal> {
        let act = async |access: entrypass_audit::Access, ()| {
            access.touch("registrations", Uuid::from_u128(id), subject.map(Uuid::from_u128));
            Ok::<_, Problem>(())
        };
        Ok(self.audit.answer(Request::new(()), act).await.map(drop)?)
    }

    /// Reads a registration that there is not.
    async fn miss(&self, id: u128) -> Refusal {
        let act = async |access: entrypass_audit::Access, ()| {
            access.touch("registrations", Uuid::from_u128(id), None);
            Err::<(), _>(Problem::new(ErrorReason::RegistrationNotFound))
        };
        self.audit.answer(Request::new(()), act).await.expect_err("refused").into()
    }

    async fn verify(&self, expect: Option<Head>) -> (Verified, Vec<Finding>) {
        // Behind a lock for the sake of a future that can be sent.
        let findings = Mutex::new(Vec::new());
        let tell = |finding| findings.lock().unwrap_or_else(PoisonError::into_inner).push(finding);
        let verified = entrypass_audit::verify(&self.database, expect, tell).await.expect("verified");
        (verified, findings.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    async fn findings(&self) -> Vec<Finding> {
        self.verify(None).await.1
    }

    /// Waits until `count` records have their places.
    async fn until_placed(&self, count: i64) {
        eventually("records have their places", async || self.head().await.position == count).await;
    }

    async fn head(&self) -> Head {
        entrypass_audit::head(&self.database).await.expect("a head")
    }

    async fn query(&self, sql: &str) -> Vec<QueryResult> {
        let statement = Statement::from_string(self.database.reader().get_database_backend(), sql);
        self.database.reader().query_all_raw(statement).await.expect("a query")
    }

    /// Does what somebody who owns the database can do.
    async fn tamper(&self, sql: &str) {
        let transaction = self.database.begin().await.expect("begun");
        transaction.execute_unprepared(sql).await.expect("a statement");
        transaction.commit().await.expect("committed");
    }

    /// Takes away what holds off mistakes.
    async fn unprotect(&self) {
        let postgres = self.database.reader().get_database_backend() == DbBackend::Postgres;
        let triggers = [
            ("audit_records_stay", "audit_records"),
            ("audit_chain_stays", "audit_chain"),
            ("audit_records_are_kept", "audit_records"),
            ("audit_chain_is_kept", "audit_chain"),
        ];
        for (trigger, table) in triggers {
            let on = if postgres { format!("IF EXISTS {trigger} ON {table}") } else { trigger.to_owned() };
            self.tamper(&format!("DROP TRIGGER {on}")).await;
        }
    }

    /// The ids of the records, in their order in the chain.
    async fn ids(&self) -> Vec<Uuid> {
        let rows = self.query("SELECT record_id FROM audit_chain ORDER BY position").await;
        rows.iter().map(|row| row.try_get("", "record_id").expect("an id")).collect()
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

/// Ten reads that have their places.
async fn ten() -> Copy {
    let copy = Copy::new().await;
    copy.run();
    for number in 1..=10 {
        copy.read(number, Some(7)).await.expect("read");
    }
    copy.until_placed(10).await;
    copy
}
