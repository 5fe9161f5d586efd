//! The schema of the epass service, step by step. No statement is of one engine only.

mod applications;
mod leases;
mod passes;
mod policies;
mod sealed;

use sea_orm_migration::{prelude::*, schema};

/// Applies the schema.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(First),
            Box::new(Following),
            Box::new(sealed::Sealed),
            Box::new(Audit),
            Box::new(leases::Leases),
            Box::new(applications::Applications),
            Box::new(passes::Passes),
            Box::new(policies::Policies),
        ]
    }

    fn migration_table_name() -> DynIden {
        "epass_migrations".into_iden()
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

struct First;

impl MigrationName for First {
    fn name(&self) -> &'static str {
        "m0001_first"
    }
}

/// What must be unique, and what the list of one state needs.
const INDEXES_OF_APPLICATIONS: [&str; 4] = [
    // The rule "one open application per person" is this index, and no check before an insert.
    "CREATE UNIQUE INDEX one_open_application ON applications (traveller) \
     WHERE state IN ('UNDER_REVIEW', 'RETURNED_FOR_CORRECTION')",
    "CREATE UNIQUE INDEX applications_of_traveller ON applications (traveller, ordinal)",
    "CREATE INDEX applications_in_state ON applications (state, id)",
    BY_REGISTRATION,
];
const BY_REGISTRATION: &str = "CREATE INDEX applications_of_registration ON applications (registration)";
const INDEXES_OF_PASSES: [&str; 2] = [
    "CREATE UNIQUE INDEX one_pass ON passes (traveller)",
    "CREATE UNIQUE INDEX pass_number_of_issuer ON passes (issuer, pass_number)",
];

#[async_trait::async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let applications = applications("applications", schema::text("review_note"));
        for table in [applications, passes(), entrypass_db::answers::create_table()] {
            manager.create_table(table).await?;
        }
        // The one by registration came later.
        for index in INDEXES_OF_APPLICATIONS
            .iter()
            .filter(|index| **index != BY_REGISTRATION)
            .chain(&INDEXES_OF_PASSES)
        {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["answers", "passes", "applications"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// Callers, and how far the changes of registrations were followed, with what their ends need.
struct Following;

impl MigrationName for Following {
    fn name(&self) -> &'static str {
        "m0002_following"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Following {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        entrypass_db::answers::add_caller(manager).await?;
        for table in [entrypass_db::follower::create_table(), ended_registrations()] {
            manager.create_table(table).await?;
        }
        manager.get_connection().execute_unprepared(BY_REGISTRATION).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX applications_of_registration").await?;
        for table in ["ended_registrations", "positions"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        entrypass_db::answers::remove_caller(manager).await
    }
}

/// Applications in the table `name`, with the reviewer's note in the column `note`.
fn applications(name: &'static str, note: ColumnDef) -> TableCreateStatement {
    Table::create()
        .table(name)
        .col(schema::uuid("id").primary_key())
        .col(schema::uuid("traveller"))
        .col(schema::uuid("registration"))
        .col(schema::integer("ordinal"))
        .col(schema::string("state"))
        .col(note)
        .col(schema::integer("submission_count"))
        .col(schema::integer("revision"))
        .col(schema::big_integer("create_time"))
        .col(schema::big_integer("update_time"))
        .to_owned()
}

fn ended_registrations() -> TableCreateStatement {
    Table::create()
        .table("ended_registrations")
        .col(schema::uuid("id").primary_key())
        .col(schema::big_integer("create_time"))
        .to_owned()
}

fn passes() -> TableCreateStatement {
    Table::create()
        .table("passes")
        .col(schema::uuid("id").primary_key())
        .col(schema::uuid("traveller"))
        .col(schema::string("pass_number"))
        .col(schema::string("issuer"))
        .col(schema::big_integer("issue_time"))
        .col(schema::big_integer("create_time"))
        .to_owned()
}
