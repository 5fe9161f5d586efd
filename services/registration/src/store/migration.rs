//! The schema of the registration service, step by step. Written for SQLite and PostgreSQL alike.

mod leases;
mod proofs;
mod sealed;

use sea_orm::DynIden;
use sea_orm_migration::{prelude::*, schema};

/// Applies the schema.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(First),
            Box::new(ChangeFeed),
            Box::new(sealed::Sealed),
            Box::new(Audit),
            Box::new(proofs::Proofs),
            Box::new(leases::Leases),
        ]
    }

    fn migration_table_name() -> DynIden {
        "registration_migrations".into_iden()
    }
}

/// Two registrations have one bond.
const BOUND_ONCE: &str = "CREATE UNIQUE INDEX bound_once ON companions (holder_id, companion_id)";

struct First;

impl MigrationName for First {
    fn name(&self) -> &'static str {
        "m0001_first"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let clear = [documents("documents"), revisions("revisions"), companions("companions")];
        for table in [travellers(), registrations()].into_iter().chain(clear) {
            manager.create_table(table).await?;
        }
        manager.create_table(entrypass_db::answers::create_table()).await?;
        let connection = manager.get_connection();
        // The rule "one active registration per person" is this index, and no check before an insert.
        connection
            .execute_unprepared(
                "CREATE UNIQUE INDEX one_active_registration ON registrations (traveller_id) WHERE state = 'ACTIVE'",
            )
            .await?;
        connection
            .execute_unprepared("CREATE INDEX registrations_of_traveller ON registrations (traveller_id, id)")
            .await?;
        connection.execute_unprepared(BOUND_ONCE).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["answers", "companions", "revisions", "registrations", "documents", "travellers"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// Callers, the change feed, and what the jobs look for.
struct ChangeFeed;

impl MigrationName for ChangeFeed {
    fn name(&self) -> &'static str {
        "m0002_change_feed"
    }
}

const ACTIVE_BY_END: &str =
    "CREATE INDEX active_by_end ON registrations (expire_time) WHERE state = 'ACTIVE'";

#[async_trait::async_trait]
impl MigrationTrait for ChangeFeed {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        entrypass_db::answers::add_caller(manager).await?;
        manager.create_table(changes()).await?;
        manager.create_table(entrypass_feed::create_table()).await?;
        for index in entrypass_feed::INDEXES.into_iter().chain([ACTIVE_BY_END]) {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX active_by_end").await?;
        for table in ["change_feed", "changes"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        entrypass_db::answers::remove_caller(manager).await
    }
}

/// Who asked for what.
struct Audit;

impl MigrationName for Audit {
    fn name(&self) -> &'static str {
        "m0004_audit"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Audit {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        entrypass_audit::create_tables(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        entrypass_audit::drop_tables(manager).await
    }
}

/// What happened, one row a change; see `entrypass-feed` for the order.
fn changes() -> TableCreateStatement {
    Table::create()
        .table("changes")
        .col(schema::big_integer("id").auto_increment().primary_key())
        .col(schema::big_integer_null("position"))
        .col(schema::uuid("registration_id"))
        .col(schema::uuid("traveller_id"))
        .col(schema::string("kind"))
        .col(schema::integer("revision"))
        .col(schema::string("state"))
        .col(schema::uuid_null("companion_id"))
        .col(schema::big_integer("expire_time"))
        .col(schema::big_integer("create_time"))
        .to_owned()
}

fn travellers() -> TableCreateStatement {
    Table::create()
        .table("travellers")
        .col(schema::uuid("id").primary_key())
        .col(schema::big_integer("create_time"))
        .to_owned()
}

fn documents(table: &'static str) -> TableCreateStatement {
    Table::create()
        .table(table)
        .col(schema::string("document_key").primary_key())
        .col(schema::uuid("traveller_id"))
        .col(schema::big_integer("create_time"))
        .foreign_key(ForeignKey::create().from(table, "traveller_id").to("travellers", "id"))
        .to_owned()
}

fn registrations() -> TableCreateStatement {
    Table::create()
        .table("registrations")
        .col(schema::uuid("id").primary_key())
        .col(schema::uuid("traveller_id"))
        .col(schema::string("reference").unique_key())
        .col(schema::string("state"))
        .col(schema::integer("revision"))
        .col(schema::string("notice_version"))
        .col(schema::big_integer("create_time"))
        .col(schema::big_integer("update_time"))
        .col(schema::big_integer("expire_time"))
        .foreign_key(ForeignKey::create().from("registrations", "traveller_id").to("travellers", "id"))
        .to_owned()
}

fn revisions(table: &'static str) -> TableCreateStatement {
    Table::create()
        .table(table)
        .col(schema::uuid("registration_id"))
        .col(schema::integer("revision"))
        .col(schema::string("kind"))
        .col(schema::string("changed_paths"))
        .col(schema::string("document_type"))
        .col(schema::string("document_number"))
        .col(schema::string_null("issuing_state"))
        .col(schema::integer("form_version"))
        .col(schema::text("form"))
        .col(schema::big_integer("create_time"))
        .primary_key(Index::create().col("registration_id").col("revision"))
        .foreign_key(ForeignKey::create().from(table, "registration_id").to("registrations", "id"))
        .to_owned()
}

fn companions(table: &'static str) -> TableCreateStatement {
    Table::create()
        .table(table)
        .col(schema::uuid("id").primary_key())
        .col(schema::uuid("holder_id"))
        .col(schema::uuid("companion_id"))
        .col(schema::string("relationship"))
        .col(schema::string("state"))
        .col(schema::string("display_name"))
        .col(schema::big_integer("create_time"))
        .foreign_key(ForeignKey::create().from(table, "holder_id").to("registrations", "id"))
        .foreign_key(ForeignKey::create().from(table, "companion_id").to("registrations", "id"))
        .to_owned()
}
