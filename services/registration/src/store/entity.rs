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
        #[sea_orm(belongs_to, from = "id", to = "traveller_id")]
        pub key: HasOne<super::data_key::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod data_key {
    use sea_orm::entity::prelude::*;

    /// The key that everything personal of one person is sealed with. Without its row nothing of theirs opens any more.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "data_keys")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub traveller_id: Uuid,
        /// Under which key of the ring it is wrapped.
        pub key_id: Vec<u8>,
        pub wrapped: Vec<u8>,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod document {
    use sea_orm::entity::prelude::*;

    /// Which person a document belongs to. A person can have several, one after another; a document has a row for each index key that
    /// was in the ring when it was written.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "documents")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub blind_index: Vec<u8>,
        pub index_key_id: Vec<u8>,
        /// The same in all rows of one document.
        pub document_id: Uuid,
        pub traveller_id: Uuid,
        /// The document's key in the clear, to be indexed under another index key. The same in all rows of one document.
        pub sealed_document: Vec<u8>,
        pub create_time: i64,
        #[sea_orm(belongs_to, from = "traveller_id", to = "traveller_id")]
        pub key: HasOne<super::data_key::Entity>,
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
        #[sea_orm(belongs_to, from = "traveller_id", to = "traveller_id")]
        pub key: HasOne<super::data_key::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod revision {
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
        pub form_version: i32,
        /// The document's number and issuing state, and the form in the shape of `form_version`.
        pub sealed: Vec<u8>,
        pub create_time: i64,
        #[sea_orm(belongs_to, from = "registration_id", to = "id")]
        pub registration: HasOne<super::registration::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod companion {
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
        /// The name by which the holder's side bound them, sealed with the companion's key: it is theirs.
        pub sealed_name: Vec<u8>,
        pub create_time: i64,
        #[sea_orm(belongs_to, from = "companion_id", to = "id")]
        pub companion: HasOne<super::registration::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod failed_proof {
    use sea_orm::entity::prelude::*;

    /// How often proofs of one document, or by one caller, have failed of late.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "failed_proofs")]
    pub struct Model {
        /// A blind index.
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: Vec<u8>,
        pub failures: i32,
        pub end_time: i64,
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
