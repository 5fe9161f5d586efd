//! Rows and values that go to the database as lists come back as they were.

use entrypass_db::lists::{insertion, is_among};
use proptest::{
    collection::vec,
    option,
    prelude::{Strategy, any},
    strategy::ValueTree as _,
    test_runner::TestRunner,
};
use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QueryTrait as _, Schema,
};
use uuid::Uuid;

use crate::fresh;

mod kind {
    use sea_orm::entity::prelude::*;

    /// A column of each type that a table of ours has.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "kinds")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub number: i32,
        pub time: Option<i64>,
        pub text: Option<String>,
        pub bytes: Option<Vec<u8>>,
        pub is_so: bool,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn rows() -> impl Strategy<Value = Vec<kind::Model>> {
    // PostgreSQL's text knows no NUL, in a list or not.
    let texts = option::of("[^\\x00]{0,12}|[\"\\\\{},]{0,4}|NULL|null");
    let values =
        (any::<i32>(), option::of(any::<i64>()), texts, option::of(vec(any::<u8>(), 0..40)), any::<bool>());
    let row = (any::<u128>(), values).prop_map(|(id, (number, time, text, bytes, is_so))| kind::Model {
        id: Uuid::from_u128(id),
        number,
        time,
        text,
        bytes,
        is_so,
    });
    vec(row, 1..20)
}

#[tokio::test]
async fn rows_that_are_inserted_and_found_as_lists_are_as_they_were() {
    let (_place, database) = fresh().await;
    let (writer, mut runner) = (database.writer(), TestRunner::deterministic());
    let backend = writer.get_database_backend();
    let schema = Schema::new(backend).create_table_from_entity(kind::Entity);
    writer.execute(&schema).await.expect("a table");
    for _ in 0..40 {
        let mut rows = rows().new_tree(&mut runner).expect("rows").current();
        rows.sort_unstable_by_key(|row| row.id);
        let active = rows.iter().cloned().map(|row| row.into_active_model().reset_all());
        let insert = insertion(backend, active).expect("a statement");
        assert_eq!(writer.execute(&insert).await.expect("inserted").rows_affected(), rows.len() as u64);
        let these = is_among(backend, kind::Column::Id, rows.iter().map(|row| row.id)).expect("a condition");
        let find = kind::Entity::find().filter(these).order_by_asc(kind::Column::Id);
        assert_eq!(find.all(database.reader()).await.expect("found"), rows);
        for text in rows.iter().filter_map(|row| row.text.clone()) {
            let these = is_among(backend, kind::Column::Text, [text]).expect("a condition");
            assert!(!kind::Entity::find().filter(these).all(writer).await.expect("found").is_empty());
        }
    }
}

#[test]
fn a_list_on_postgresql_has_one_text_however_long_it_is() {
    let texts = [1_u128, 2, 70].map(|count| {
        let ids = (0..count).map(Uuid::from_u128);
        let these = is_among(DbBackend::Postgres, kind::Column::Id, ids).expect("a condition");
        kind::Entity::find().filter(these).build(DbBackend::Postgres).sql
    });
    assert_eq!(texts[0], texts[1]);
    assert_eq!(texts[0], texts[2]);
    assert!(insertion(DbBackend::Postgres, Vec::<kind::ActiveModel>::new()).is_err());
}
