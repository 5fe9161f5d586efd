//! Every service's schema goes up and back again on the engine of the test run, and loses nothing on the way that the step before can hold.
//! And the release before works on it (`first_release`).

mod applications;
mod first_release;
mod passes;
mod registrations;

use std::collections::BTreeSet;

use entrypass_db::{Database, schema};
use entrypass_testkit::TestDatabase;
use sea_orm_migration::{
    MigratorTrait,
    sea_orm::{ConnectionTrait as _, DbBackend, QueryResult, Statement},
};

/// Kind, name and statement of everything but the migrations' own table.
const ON_SQLITE: &str = "SELECT type, name, coalesce(sql, '') FROM sqlite_master \
    WHERE tbl_name NOT LIKE '%_migrations' AND name NOT LIKE 'sqlite_%' ORDER BY 1, 2";
/// The same from PostgreSQL's catalogues. Constraints go without their names, and so without the names of their indexes: no statement of
/// ours names them, and a table that was made beside another and put in its place keeps those of its birth.
const ON_POSTGRES: &str = "\
    SELECT 'table', tablename::text, '' FROM pg_tables \
        WHERE schemaname = current_schema() AND tablename NOT LIKE '%_migrations' \
    UNION ALL SELECT 'column', table_name || '.' || column_name, \
        concat_ws(' ', ordinal_position, data_type, character_maximum_length, is_nullable, column_default, identity_generation) \
        FROM information_schema.columns WHERE table_schema = current_schema() AND table_name NOT LIKE '%_migrations' \
    UNION ALL SELECT 'constraint', conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint \
        WHERE connamespace = current_schema()::regnamespace AND conrelid::regclass::text NOT LIKE '%_migrations' \
    UNION ALL SELECT 'index', index.relname::text, pg_get_indexdef(indexrelid) FROM pg_index \
        JOIN pg_class AS index ON index.oid = indexrelid JOIN pg_class AS indexed ON indexed.oid = indrelid \
        WHERE index.relnamespace = current_schema()::regnamespace AND indexed.relname NOT LIKE '%_migrations' \
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) \
    UNION ALL SELECT 'sequence', sequencename::text, data_type::text FROM pg_sequences WHERE schemaname = current_schema() \
    ORDER BY 1, 2, 3";

type Schema = Vec<(String, String, String)>;

async fn described(database: &Database) -> Schema {
    let backend = database.reader().get_database_backend();
    let query = if backend == DbBackend::Postgres { ON_POSTGRES } else { ON_SQLITE };
    let rows = database.reader().query_all_raw(Statement::from_string(backend, query)).await;
    let column = |row: &QueryResult, at| row.try_get_by_index(at).expect("a text");
    rows.expect("the schema").iter().map(|row| (column(row, 0), column(row, 1), column(row, 2))).collect()
}

/// A database with the schema of `M`, and the way to it.
async fn present<M: MigratorTrait>(service: &str) -> (TestDatabase, Database) {
    let place = TestDatabase::migrated::<M>(service).await;
    let database =
        Database::open::<M>(&place.url(), 4, &TestDatabase::sealer()).await.expect("the present schema");
    (place, database)
}

async fn one_step_up<M: MigratorTrait>(place: &TestDatabase) {
    schema::up_by::<M>(&place.url(), 1, &TestDatabase::sealer()).await.expect("up");
}

/// Takes `step` back, and every step that came after it.
async fn back_before<M: MigratorTrait>(place: &TestDatabase, step: &str) {
    let names: Vec<_> = M::migrations().iter().map(|step| step.name().to_owned()).collect();
    let steps = names.iter().rev().position(|name| name == step).expect("the step") + 1;
    let steps = u32::try_from(steps).expect("few");
    schema::down::<M>(&place.url(), steps, &TestDatabase::sealer()).await.expect("taken back");
}

/// Takes the schema of `M` back step by step and makes it again; gives its tables.
async fn taken_back_and_made_again<M: MigratorTrait>(service: &str) -> Vec<String> {
    let (place, database) = present::<M>(service).await;
    let mut levels = vec![described(&database).await];
    for step in M::migrations().iter().rev() {
        assert_eq!(
            schema::down::<M>(&place.url(), 1, &TestDatabase::sealer()).await.expect("down"),
            [step.name()]
        );
        levels.push(described(&database).await);
    }
    let different: BTreeSet<_> = levels.iter().collect();
    assert_eq!(different.len(), M::migrations().len() + 1, "every step changes something");

    assert_eq!(levels.pop(), Some(Schema::new()), "nothing is left");
    while let Some(level) = levels.pop() {
        one_step_up::<M>(&place).await;
        assert_eq!(described(&database).await, level);
    }
    let reopened =
        Database::open::<M>(&place.url(), 4, &TestDatabase::sealer()).await.expect("nothing is left to do");
    let made = described(&reopened).await.into_iter();
    made.filter(|(kind, ..)| kind == "table").map(|(_, name, _)| name).collect()
}

#[tokio::test]
async fn the_schema_of_registration_can_be_taken_back_and_made_again() {
    let tables = taken_back_and_made_again::<entrypass_registration::Migrator>("registration").await;
    assert_eq!(
        tables,
        [
            "answers",
            "audit_chain",
            "audit_head",
            "audit_records",
            "audit_waiting",
            "change_feed",
            "changes",
            "companions",
            "corrections",
            "data_keys",
            "documents",
            "failed_proofs",
            "leases",
            "registrations",
            "revisions",
            "travellers",
        ]
    );
}

#[tokio::test]
async fn the_schema_of_qr_can_be_taken_back_and_made_again() {
    let tables = taken_back_and_made_again::<entrypass_qr::Migrator>("qr").await;
    let expected = [
        "answers",
        "audit_chain",
        "audit_head",
        "audit_records",
        "audit_waiting",
        "bundle",
        "codes",
        "first_verifications",
        "leases",
        "positions",
        "signing_keys",
        "suspensions",
        "verifications",
        "withdrawals",
    ];
    assert_eq!(tables, expected);
}

#[tokio::test]
async fn the_schema_of_epass_can_be_taken_back_and_made_again() {
    let tables = taken_back_and_made_again::<entrypass_epass::Migrator>("epass").await;
    let expected = [
        "answers",
        "applications",
        "audit_chain",
        "audit_head",
        "audit_records",
        "audit_waiting",
        "change_feed",
        "changes",
        "ended_registrations",
        "follow_ups",
        "leases",
        "levels",
        "pass_steps",
        "passes",
        "policies",
        "policy_activations",
        "positions",
        "quarantines",
    ];
    assert_eq!(tables, expected);
}
