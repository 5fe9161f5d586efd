//! `m0003`: first answers and reviewers' notes are sealed.
//!
//! The table of applications is made beside the present one and put in its place: every row is written anyway, and a column that is dropped leaves
//! what it held in the file for a while.

use entrypass_db::migrating_sealer;
use sea_orm_migration::{prelude::*, schema, sea_orm::QueryResult};
use uuid::Uuid;

use super::{INDEXES_OF_APPLICATIONS, applications};
use crate::store::notes::{note_place, unsealable};

pub(super) struct Sealed;

impl MigrationName for Sealed {
    fn name(&self) -> &'static str {
        "m0003_sealed"
    }
}

/// Applications that are read at once.
const AT_ONCE: u64 = 500;
/// What both shapes have.
const SHARED: [&str; 9] = [
    "id",
    "traveller",
    "registration",
    "ordinal",
    "state",
    "submission_count",
    "revision",
    "create_time",
    "update_time",
];

#[async_trait::async_trait]
impl MigrationTrait for Sealed {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        entrypass_db::answers::seal(manager).await?;
        let sealer = migrating_sealer()?;
        let make = applications("applications_anew", schema::binary_null("sealed_note"));
        replace(manager, make, ["review_note", "sealed_note"], |id, row| {
            let note: String = row.try_get("", "review_note")?;
            let kept = (!note.is_empty()).then(|| sealer.seal(&note_place(&id), note.as_bytes()));
            Ok(kept.into())
        })
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sealer = migrating_sealer()?;
        let make = applications("applications_anew", schema::text("review_note"));
        replace(manager, make, ["sealed_note", "review_note"], |id, row| {
            let Some(kept) = row.try_get::<Option<Vec<u8>>>("", "sealed_note")? else {
                return Ok("".into());
            };
            let note =
                sealer.open(&note_place(&id), &kept).map_err(|error| unsealable("sealed_note", error))?;
            Ok(String::from_utf8_lossy(&note).into_owned().into())
        })
        .await?;
        entrypass_db::answers::unseal(manager).await
    }
}

/// Puts the table of `make` in the place of the present one, with the column `from` of each row turned into `to`.
async fn replace(
    manager: &SchemaManager<'_>,
    make: TableCreateStatement,
    [from, to]: [&'static str; 2],
    turned: impl Fn(Uuid, &QueryResult) -> Result<Value, DbErr>,
) -> Result<(), DbErr> {
    manager.create_table(make).await?;
    let connection = manager.get_connection();
    let mut after = Uuid::nil();
    loop {
        let mut select = Query::select();
        select.columns(SHARED.map(Alias::new)).column(Alias::new(from)).from("applications");
        select.and_where(Expr::col("id").gt(after)).order_by("id", Order::Asc).limit(AT_ONCE);
        let rows = connection.query_all(&select).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            after = row.try_get("", "id")?;
            let mut insert = Query::insert();
            insert
                .into_table("applications_anew")
                .columns(SHARED.map(Alias::new).into_iter().chain([Alias::new(to)]));
            let values = shared(row)?.into_iter().chain([turned(after, row)?]).map(Expr::value);
            connection.execute(insert.values_panic(values)).await?;
        }
    }
    manager.drop_table(Table::drop().table("applications").to_owned()).await?;
    manager.rename_table(Table::rename().table("applications_anew", "applications").to_owned()).await?;
    for index in INDEXES_OF_APPLICATIONS {
        connection.execute_unprepared(index).await?;
    }
    Ok(())
}

/// The values of [`SHARED`].
fn shared(row: &QueryResult) -> Result<[Value; 9], DbErr> {
    let [id, traveller, registration] =
        ["id", "traveller", "registration"].map(|name| row.try_get::<Uuid>("", name));
    let [ordinal, submissions, revision] =
        ["ordinal", "submission_count", "revision"].map(|name| row.try_get::<i32>("", name));
    let [create_time, update_time] = ["create_time", "update_time"].map(|name| row.try_get::<i64>("", name));
    let state: String = row.try_get("", "state")?;
    Ok([
        id?.into(),
        traveller?.into(),
        registration?.into(),
        ordinal?.into(),
        state.into(),
        submissions?.into(),
        revision?.into(),
        create_time?.into(),
        update_time?.into(),
    ])
}
