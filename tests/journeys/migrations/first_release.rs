//! The first release, whose schema was `m0001_first` alone, on later schemas: during a rolling update its copies work beside the next ones,
//! and after one they may have to come back. Only up to the step that seals what it wrote in the clear: behind that, what it wrote is kept, and
//! comes back with `migrate down`.
//!
//! Its statements are sea-orm's: they name every column that it knew, and no other. They are made here in the same way, from the columns
//! of its entities.

use entrypass_db::{
    Database,
    answers::{AnswersError, Kept, RequestKey},
    is_unique_violation, schema,
};
use entrypass_proto::registration::v1::{CancelRegistrationRequest, Registration};
use entrypass_testkit::TestDatabase;
use sea_orm_migration::{
    MigratorTrait,
    sea_orm::{
        ConnectionTrait as _, DatabaseTransaction, DbErr, Statement, Value,
        sea_query::{Alias, Expr, ExprTrait as _, Query},
    },
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{one_step_up, present};

/// A row, as the first release writes it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) table: &'static str,
    pub(super) columns: Vec<(&'static str, Value)>,
}

pub(super) fn row<const N: usize>(table: &'static str, columns: [(&'static str, Value); N]) -> Row {
    Row { table, columns: columns.into() }
}

impl Row {
    async fn write(&self, database: &Database) -> Result<(), DbErr> {
        let (columns, values): (Vec<_>, Vec<_>) = self.columns.iter().cloned().unzip();
        let columns = columns.into_iter().map(Alias::new);
        let values = values.into_iter().map(Expr::value);
        let insert = Query::insert().into_table(self.table).columns(columns).values_panic(values).to_owned();
        let transaction = database.begin().await?;
        transaction.execute(&insert).await?;
        transaction.commit().await
    }

    /// How many rows there are that hold all of this.
    async fn count(&self, database: &Database) -> i64 {
        let mut select = Query::select();
        select.expr(Expr::cust("count(*)")).from(self.table);
        for (column, value) in &self.columns {
            select.and_where(Expr::col(Alias::new(*column)).eq(value.clone()));
        }
        let row = database.reader().query_one(&select).await.expect("a query").expect("a row");
        row.try_get_by_index(0).expect("a number")
    }
}

pub(super) fn id(table: u128, number: u128) -> Value {
    Uuid::from_u128(table << 64 | number).into()
}

fn answer(request_id: &str, digest: Vec<u8>, answer: Vec<u8>) -> Row {
    row(
        "answers",
        [
            ("request_id", request_id.into()),
            ("digest", digest.into()),
            ("answer", answer.into()),
            ("create_time", 1_i64.into()),
        ],
    )
}

fn some_answer(request_id: &str) -> Row {
    answer(request_id, vec![1; 32], b"an answer".to_vec())
}

/// What a visit leaves in the registration service.
fn visit(number: u128) -> Vec<Row> {
    let (traveller, registration) = (id(1, number), id(2, number));
    let document_number = format!("X{number:07}");
    let traveller_row = row("travellers", [("id", traveller.clone()), ("create_time", 1_i64.into())]);
    let document = row(
        "documents",
        [
            ("document_key", format!("PASSPORT:GBR:{document_number}").into()),
            ("traveller_id", traveller.clone()),
            ("create_time", 1_i64.into()),
        ],
    );
    let registration_row = row(
        "registrations",
        [
            ("id", registration.clone()),
            ("traveller_id", traveller),
            ("reference", format!("FS-{number}").into()),
            ("state", "ACTIVE".into()),
            ("revision", 1_i32.into()),
            ("notice_version", "2026-11".into()),
            ("create_time", 1_i64.into()),
            ("update_time", 1_i64.into()),
            ("expire_time", 2_i64.into()),
        ],
    );
    let revision = row(
        "revisions",
        [
            ("registration_id", registration),
            ("revision", 1_i32.into()),
            ("kind", "REGISTERED".into()),
            ("changed_paths", "".into()),
            ("document_type", "PASSPORT".into()),
            ("document_number", document_number.into()),
            ("issuing_state", "GBR".into()),
            ("form_version", 1_i32.into()),
            ("form", "{}".into()),
            ("create_time", 1_i64.into()),
        ],
    );
    vec![traveller_row, document, registration_row, revision]
}

/// What two visits, one of them the other's companion, leave in the registration service.
fn of_registration(number: u128) -> Vec<Row> {
    let bond = row(
        "companions",
        [
            ("id", id(3, number)),
            ("holder_id", id(2, number)),
            ("companion_id", id(2, number + 1)),
            ("relationship", "CHILD".into()),
            ("state", "CONFIRMED".into()),
            ("display_name", "ANNA MARIA ERIKSSON".into()),
            ("create_time", 1_i64.into()),
        ],
    );
    let answer = some_answer(&format!("submit-{number}"));
    visit(number).into_iter().chain(visit(number + 1)).chain([bond, answer]).collect()
}

/// What a code leaves in the QR service.
fn of_qr(number: u128) -> Vec<Row> {
    let code = row(
        "codes",
        [
            ("id", id(4, number)),
            ("registration_id", id(2, number)),
            ("revision", 1_i32.into()),
            ("state", "ACTIVE".into()),
            ("create_time", 1_i64.into()),
        ],
    );
    vec![code]
}

/// What an application and its pass leave in the epass service.
fn of_epass(number: u128) -> Vec<Row> {
    let application = row(
        "applications",
        [
            ("id", id(5, number)),
            ("traveller", id(1, number)),
            ("registration", id(2, number)),
            ("ordinal", 1_i32.into()),
            ("state", "APPROVED".into()),
            ("review_note", "".into()),
            ("submission_count", 1_i32.into()),
            ("revision", 2_i32.into()),
            ("create_time", 1_i64.into()),
            ("update_time", 2_i64.into()),
        ],
    );
    let pass = row(
        "passes",
        [
            ("id", id(6, number)),
            ("traveller", id(1, number)),
            ("pass_number", format!("{number:010}").into()),
            ("issuer", "".into()),
            ("issue_time", 2_i64.into()),
            ("create_time", 2_i64.into()),
        ],
    );
    vec![application, pass, some_answer(&format!("apply-{number}"))]
}

pub(super) async fn write(database: &Database, rows: &[Row]) {
    for row in rows {
        row.write(database).await.unwrap_or_else(|error| panic!("{}: {error}", row.table));
    }
}

/// Every row is there, once.
pub(super) async fn are_there(database: &Database, rows: &[Row]) {
    for row in rows {
        assert_eq!(row.count(database).await, 1, "{}", row.table);
    }
}

/// The step from which on a service keeps what the first release wrote sealed.
struct Sealing(&'static str);

impl Sealing {
    /// How many steps of `M` behind the first come before it.
    fn steps_before<M: MigratorTrait>(&self) -> u32 {
        let at = M::migrations().iter().position(|step| step.name() == self.0);
        u32::try_from(at.expect("a step of that name") - 1).expect("few")
    }
}

/// What the first release wrote is there after every step up to the one that seals it; there it writes and reads as before, and is told when
/// something is there already. What it wrote goes on to the present schema, where it cannot work, and all of it is there on the way back.
async fn works_and_loses_nothing<M: MigratorTrait>(
    service: &str,
    sealing: Sealing,
    rows: fn(u128) -> Vec<Row>,
) {
    let (place, database) = present::<M>(service).await;
    let later = u32::try_from(M::migrations().len() - 1).expect("few");
    let beside_present = sealing.steps_before::<M>();
    schema::down::<M>(&place.url(), later, &TestDatabase::sealer()).await.expect("back to the first schema");
    let before = rows(1);
    write(&database, &before).await;
    for _ in 0..beside_present {
        one_step_up::<M>(&place).await;
        are_there(&database, &before).await;
    }

    let beside = rows(11);
    write(&database, &beside).await;
    are_there(&database, &beside).await;
    for row in &beside {
        let twice = row.write(&database).await.expect_err(row.table);
        assert!(is_unique_violation(&twice), "{}: {twice}", row.table);
    }

    for _ in beside_present..later {
        one_step_up::<M>(&place).await;
    }
    for step in (0..later).rev() {
        schema::down::<M>(&place.url(), 1, &TestDatabase::sealer()).await.expect("down");
        if step <= beside_present {
            are_there(&database, &before).await;
            are_there(&database, &beside).await;
        }
    }
}

#[tokio::test]
async fn the_first_release_of_registration_works_up_to_the_step_that_seals_and_loses_nothing() {
    let sealing = Sealing("m0003_sealed");
    works_and_loses_nothing::<entrypass_registration::Migrator>("registration", sealing, of_registration)
        .await;
}

#[tokio::test]
async fn the_first_release_of_qr_works_up_to_the_step_that_seals_and_loses_nothing() {
    works_and_loses_nothing::<entrypass_qr::Migrator>("qr", Sealing("m0006_sealed_answers"), of_qr).await;
}

#[tokio::test]
async fn the_first_release_of_epass_works_up_to_the_step_that_seals_and_loses_nothing() {
    works_and_loses_nothing::<entrypass_epass::Migrator>("epass", Sealing("m0003_sealed"), of_epass).await;
}

fn key(caller: &str, request_id: &str) -> RequestKey {
    let request =
        CancelRegistrationRequest { registration: "registrations/1".to_owned(), ..Default::default() };
    RequestKey::new(caller, "CancelRegistration", request_id, &request)
}

/// A caller may repeat at one release what the other has answered, when the schema is its own again; the first release knew no callers.
async fn each_release_reads_the_others_answers<M: MigratorTrait>(service: &str) {
    let (place, database) = present::<M>(service).await;
    let sealer = TestDatabase::sealer();
    let first = Registration { name: "registrations/1".to_owned(), ..Default::default() };
    for caller in ["anonymous", "city-hall"] {
        let act = async |_: &DatabaseTransaction| Ok::<_, AnswersError>(Kept::of(first.clone()));
        let done = key(caller, caller).once(&database, OffsetDateTime::UNIX_EPOCH, act).await;
        assert_eq!(done.expect("done"), first);
    }
    let steps = u32::try_from(M::migrations().len() - 1).expect("few");
    schema::down::<M>(&place.url(), steps, &sealer).await.expect("back to the first schema");
    for (request_id, kept) in [("anonymous", 1), ("city-hall", 0)] {
        let any = row("answers", [("request_id", request_id.into())]);
        assert_eq!(any.count(&database).await, kept, "its schema has no place for callers: {request_id}");
    }
    let read = "SELECT request_id, digest, answer, create_time FROM answers WHERE request_id = 'anonymous'";
    let read = Statement::from_string(database.reader().get_database_backend(), read);
    let read = database.reader().query_one_raw(read).await.expect("a query").expect("an answer");
    let column = |name| read.try_get::<Vec<u8>>("", name).expect("bytes");
    let by_first_release = answer("by-first-release", column("digest"), column("answer"));
    by_first_release.write(&database).await.expect("written");

    schema::up::<M>(&place.url(), &sealer).await.expect("up");
    for request_id in ["anonymous", "by-first-release"] {
        let found = key("anonymous", request_id).first_answer(&database).await;
        assert_eq!(found.expect("the same content").as_ref(), Some(&first), "{request_id}");
    }
    schema::down::<M>(&place.url(), steps, &sealer).await.expect("back once more");
    are_there(&database, &[by_first_release]).await;
}

#[tokio::test]
async fn both_releases_of_registration_read_each_others_answers() {
    each_release_reads_the_others_answers::<entrypass_registration::Migrator>("registration").await;
}

#[tokio::test]
async fn both_releases_of_epass_read_each_others_answers() {
    each_release_reads_the_others_answers::<entrypass_epass::Migrator>("epass").await;
}
