//! Seals what lies in the clear, and opens it again on the way back, row by row in batches. Both ways end in tables made beside the present
//! ones and put in their place: SQLite can neither change a primary key nor add a column that must not be empty.

mod moves;

use sea_orm_migration::{prelude::*, schema};

use super::{BOUND_ONCE, companions, documents, revisions};

pub(super) struct Sealed;

impl MigrationName for Sealed {
    fn name(&self) -> &'static str {
        "m0003_sealed"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Sealed {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sealer = entrypass_db::migrating_sealer()?;
        manager.create_table(data_keys()).await?;
        moves::draw_keys(manager, &sealer).await?;
        manager.create_table(sealed_documents()).await?;
        moves::seal_documents(manager, &sealer).await?;
        manager.create_table(sealed_revisions()).await?;
        moves::seal_revisions(manager, &sealer).await?;
        manager.create_table(sealed_companions()).await?;
        moves::seal_companions(manager, &sealer).await?;
        put_in_place(manager, "sealed").await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        entrypass_db::answers::seal(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        entrypass_db::answers::unseal(manager).await?;
        let sealer = entrypass_db::migrating_sealer()?;
        for table in
            [documents("clear_documents"), revisions("clear_revisions"), companions("clear_companions")]
        {
            manager.create_table(table).await?;
        }
        moves::open_documents(manager, &sealer).await?;
        moves::open_revisions(manager, &sealer).await?;
        moves::open_companions(manager, &sealer).await?;
        put_in_place(manager, "clear").await?;
        manager.drop_table(Table::drop().table("data_keys").to_owned()).await
    }
}

/// What is looked for beside primary keys: the rows of a person, those of a document, and those under a key that is to be retired.
const INDEXES: [&str; 4] = [
    "CREATE INDEX documents_of_traveller ON documents (traveller_id)",
    "CREATE UNIQUE INDEX indexed_once ON documents (document_id, index_key_id)",
    "CREATE INDEX documents_by_index_key ON documents (index_key_id)",
    "CREATE INDEX data_keys_by_key ON data_keys (key_id)",
];

fn data_keys() -> TableCreateStatement {
    Table::create()
        .table("data_keys")
        .col(schema::uuid("traveller_id").primary_key())
        .col(schema::binary("key_id"))
        .col(schema::binary("wrapped"))
        .col(schema::big_integer("create_time"))
        .foreign_key(ForeignKey::create().from("data_keys", "traveller_id").to("travellers", "id"))
        .to_owned()
}

fn sealed_documents() -> TableCreateStatement {
    Table::create()
        .table("sealed_documents")
        .col(schema::binary("blind_index").primary_key())
        .col(schema::binary("index_key_id"))
        .col(schema::uuid("document_id"))
        .col(schema::uuid("traveller_id"))
        .col(schema::binary("sealed_document"))
        .col(schema::big_integer("create_time"))
        .foreign_key(ForeignKey::create().from("sealed_documents", "traveller_id").to("travellers", "id"))
        .to_owned()
}

fn sealed_revisions() -> TableCreateStatement {
    Table::create()
        .table("sealed_revisions")
        .col(schema::uuid("registration_id"))
        .col(schema::integer("revision"))
        .col(schema::string("kind"))
        .col(schema::string("changed_paths"))
        .col(schema::string("document_type"))
        .col(schema::integer("form_version"))
        .col(schema::binary("sealed"))
        .col(schema::big_integer("create_time"))
        .primary_key(Index::create().col("registration_id").col("revision"))
        .foreign_key(
            ForeignKey::create().from("sealed_revisions", "registration_id").to("registrations", "id"),
        )
        .to_owned()
}

fn sealed_companions() -> TableCreateStatement {
    Table::create()
        .table("sealed_companions")
        .col(schema::uuid("id").primary_key())
        .col(schema::uuid("holder_id"))
        .col(schema::uuid("companion_id"))
        .col(schema::string("relationship"))
        .col(schema::string("state"))
        .col(schema::binary("sealed_name"))
        .col(schema::big_integer("create_time"))
        .foreign_key(ForeignKey::create().from("sealed_companions", "holder_id").to("registrations", "id"))
        .foreign_key(ForeignKey::create().from("sealed_companions", "companion_id").to("registrations", "id"))
        .to_owned()
}

/// Puts the tables whose names begin with `made` in the place of the present ones.
async fn put_in_place(manager: &SchemaManager<'_>, made: &str) -> Result<(), DbErr> {
    for table in ["documents", "revisions", "companions"] {
        manager.drop_table(Table::drop().table(table).to_owned()).await?;
        let beside = format!("{made}_{table}");
        manager.rename_table(Table::rename().table(Alias::new(beside), table).to_owned()).await?;
    }
    manager.get_connection().execute_unprepared(BOUND_ONCE).await.map(drop)
}
