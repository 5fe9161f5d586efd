//! The rows of the registration service. Times are Unix microseconds: text times compare wrongly on SQLite, and PostgreSQL
//! keeps no finer ones.

pub(super) mod traveller {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "travellers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod document {
    use entrypass_db::PersonalText;
    use sea_orm::entity::prelude::*;

    /// Which person a document belongs to. A person can have several, one after another.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "documents")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub document_key: PersonalText,
        pub traveller_id: Uuid,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod registration {
    use sea_orm::entity::prelude::*;

    /// One entry of one person. What was declared is in its current revision.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "registrations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub traveller_id: Uuid,
        pub reference: String,
        pub state: String,
        pub revision: i32,
        pub notice_version: String,
        pub create_time: i64,
        pub update_time: i64,
        pub expire_time: i64,
        #[sea_orm(belongs_to, from = "(id, revision)", to = "(registration_id, revision)")]
        pub current: HasOne<super::revision::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod revision {
    use entrypass_db::PersonalText;
    use sea_orm::entity::prelude::*;

    /// What was declared at one time.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "revisions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub registration_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub revision: i32,
        pub kind: String,
        /// Paths of the form, separated by blanks.
        pub changed_paths: String,
        pub document_type: String,
        pub document_number: PersonalText,
        pub issuing_state: Option<String>,
        pub form_version: i32,
        /// The form as JSON, in the shape of `form_version`.
        pub form: PersonalText,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod companion {
    use entrypass_db::PersonalText;
    use sea_orm::entity::prelude::*;

    /// The bond between two registrations.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "companions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub holder_id: Uuid,
        pub companion_id: Uuid,
        pub relationship: String,
        pub state: String,
        /// The name by which the holder's side bound them.
        pub display_name: PersonalText,
        pub create_time: i64,
        #[sea_orm(belongs_to, from = "companion_id", to = "id")]
        pub companion: HasOne<super::registration::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod change {
    use sea_orm::entity::prelude::*;

    /// One change of one registration.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "changes")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        /// Given after the commit.
        pub position: Option<i64>,
        pub registration_id: Uuid,
        pub traveller_id: Uuid,
        pub kind: String,
        pub revision: i32,
        pub state: String,
        pub companion_id: Option<Uuid>,
        pub expire_time: i64,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod change_feed {
    use sea_orm::entity::prelude::*;

    /// The feed as a whole: one row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "change_feed")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub feed_id: Uuid,
        pub head: i64,
        pub tail: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
