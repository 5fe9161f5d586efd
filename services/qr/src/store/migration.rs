//! The schema of the QR service, step by step. Written for SQLite and PostgreSQL alike.

mod first_verifications;
mod leases;
mod sealed_answers;
mod verifications;
mod withdrawals;

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
            Box::new(Following),
            Box::new(SigningKeys),
            Box::new(withdrawals::Withdrawals),
            Box::new(verifications::Verifications),
            Box::new(sealed_answers::SealedAnswers),
            Box::new(Audit),
            Box::new(leases::Leases),
            Box::new(first_verifications::FirstVerifications),
        ]
    }

    fn migration_table_name() -> DynIden {
        "qr_migrations".into_iden()
    }
}

/// Who asked for what.
struct Audit;

impl MigrationName for Audit {
    fn name(&self) -> &'static str {
        "m0007_audit"
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

#[async_trait::async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("codes")
                    .col(schema::uuid("id").primary_key())
                    .col(schema::uuid("registration_id"))
                    .col(schema::integer("revision"))
                    .col(schema::string("state"))
                    .col(schema::big_integer("create_time"))
                    .to_owned(),
            )
            .await?;
        // The rule "one revision of one registration has one code" is this index.
        let one_code = Index::create()
            .name("one_code_per_revision")
            .table("codes")
            .col("registration_id")
            .col("revision")
            .unique()
            .to_owned();
        manager.create_index(one_code).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("codes").to_owned()).await
    }
}

/// How far the changes of registrations were followed.
struct Following;

impl MigrationName for Following {
    fn name(&self) -> &'static str {
        "m0002_following"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Following {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(entrypass_db::follower::create_table()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("positions").to_owned()).await
    }
}

/// The signing keys and their lives.
struct SigningKeys;

impl MigrationName for SigningKeys {
    fn name(&self) -> &'static str {
        "m0003_signing_keys"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SigningKeys {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("signing_keys")
                    .col(schema::string("key_id").primary_key())
                    .col(schema::binary("cose_key"))
                    .col(schema::big_integer("create_time"))
                    .col(schema::big_integer("activate_time"))
                    .col(schema::big_integer_null("revoke_time"))
                    .col(schema::big_integer("longest_display_seconds"))
                    .col(schema::binary_null("sealed_key"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("signing_keys").to_owned()).await
    }
}
