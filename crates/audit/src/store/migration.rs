//! The tables, made by a migration of each service that has an audit chain.

use sea_orm::{ConnectionTrait as _, DbBackend, DbErr};
use sea_orm_migration::{SchemaManager, prelude::Table, schema, sea_query::TableCreateStatement};

/// What is looked up: the records about one person, and about one registration.
const INDEXES: [&str; 2] = [
    "CREATE INDEX audit_by_subject ON audit_records (subject, id) WHERE subject IS NOT NULL",
    "CREATE INDEX audit_by_resource ON audit_records (resource, id) WHERE resource IS NOT NULL",
];

/// A record that anybody inserts waits for its place at once, so that one that no service wrote is noticed. And what must stay, stays:
/// that holds off mistakes, not somebody who owns the database, whom the chain finds out.
const SQLITE: [&str; 5] = [
    "CREATE TRIGGER audit_waits AFTER INSERT ON audit_records \
     BEGIN INSERT INTO audit_waiting (record_id) VALUES (NEW.id); END",
    "CREATE TRIGGER audit_records_stay BEFORE DELETE ON audit_records \
     BEGIN SELECT RAISE(ABORT, 'audit records are never removed'); END",
    "CREATE TRIGGER audit_records_are_kept BEFORE UPDATE ON audit_records \
     BEGIN SELECT RAISE(ABORT, 'audit records are never changed'); END",
    "CREATE TRIGGER audit_chain_stays BEFORE DELETE ON audit_chain \
     BEGIN SELECT RAISE(ABORT, 'the audit chain is never cut'); END",
    "CREATE TRIGGER audit_chain_is_kept BEFORE UPDATE ON audit_chain \
     BEGIN SELECT RAISE(ABORT, 'the audit chain is never changed'); END",
];

/// The same for PostgreSQL.
const POSTGRES: [&str; 5] = [
    "CREATE FUNCTION audit_waits() RETURNS trigger LANGUAGE plpgsql AS \
     $$ BEGIN INSERT INTO audit_waiting (record_id) SELECT id FROM written; RETURN NULL; END $$",
    "CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS \
     $$ BEGIN RAISE EXCEPTION 'audit records and their chain are never changed or removed'; END $$",
    "CREATE TRIGGER audit_waits AFTER INSERT ON audit_records \
     REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION audit_waits()",
    "CREATE TRIGGER audit_records_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_records \
     FOR EACH STATEMENT EXECUTE FUNCTION audit_stays()",
    "CREATE TRIGGER audit_chain_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain \
     FOR EACH STATEMENT EXECUTE FUNCTION audit_stays()",
];

/// Makes the tables of an audit chain, which is empty.
///
/// # Errors
/// When a statement fails.
pub async fn create_tables(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for table in [records(), chain(), waiting(), head()] {
        manager.create_table(table).await?;
    }
    let connection = manager.get_connection();
    let triggers = match connection.get_database_backend() {
        DbBackend::Postgres => POSTGRES,
        _ => SQLITE,
    };
    for statement in INDEXES.into_iter().chain(triggers) {
        connection.execute_unprepared(statement).await?;
    }
    super::begin_chain(connection).await
}

/// Takes [`create_tables`] back, and every record with it.
///
/// # Errors
/// When a statement fails.
pub async fn drop_tables(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for table in super::TABLES {
        manager.drop_table(Table::drop().table(table).to_owned()).await?;
    }
    let connection = manager.get_connection();
    if connection.get_database_backend() == DbBackend::Postgres {
        connection.execute_unprepared("DROP FUNCTION audit_waits(), audit_stays()").await?;
    }
    Ok(())
}

fn records() -> TableCreateStatement {
    Table::create()
        .table("audit_records")
        .col(schema::uuid("id").primary_key())
        .col(schema::big_integer("time"))
        .col(schema::string("caller"))
        .col(schema::string("peer"))
        .col(schema::string("rpc"))
        .col(schema::string_null("purpose"))
        .col(schema::string_null("resource"))
        .col(schema::uuid_null("subject"))
        .col(schema::string("outcome"))
        .col(schema::uuid("trace_id"))
        .col(schema::binary("key_id"))
        .col(schema::binary("mac"))
        .to_owned()
}

fn chain() -> TableCreateStatement {
    Table::create()
        .table("audit_chain")
        .col(schema::big_integer("position").primary_key())
        .col(schema::uuid("record_id").unique_key())
        .col(schema::binary("key_id"))
        .col(schema::binary("link"))
        .to_owned()
}

fn waiting() -> TableCreateStatement {
    Table::create().table("audit_waiting").col(schema::uuid("record_id").primary_key()).to_owned()
}

fn head() -> TableCreateStatement {
    Table::create()
        .table("audit_head")
        .col(schema::integer("id").primary_key())
        .col(schema::big_integer("position"))
        .col(schema::binary("link"))
        .to_owned()
}
