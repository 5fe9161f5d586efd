//! The rows.

pub(super) mod record {
    use sea_orm::entity::prelude::*;

    /// One record; never changed, never removed.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_records")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub time: i64,
        pub caller: String,
        pub peer: String,
        pub rpc: String,
        pub purpose: Option<String>,
        pub resource: Option<String>,
        pub subject: Option<Uuid>,
        pub outcome: String,
        pub trace_id: Uuid,
        pub key_id: Vec<u8>,
        pub mac: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod place {
    use sea_orm::entity::prelude::*;

    /// The place of a record in the chain; never changed, never removed.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_chain")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i64,
        pub record_id: Uuid,
        pub key_id: Vec<u8>,
        pub link: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod waiting {
    use sea_orm::entity::prelude::*;

    /// A record that has no place yet. A trigger writes it with the record, whoever writes that.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_waiting")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub record_id: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod head {
    use sea_orm::entity::prelude::*;

    /// One row: the last place.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_head")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub position: i64,
        pub link: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
