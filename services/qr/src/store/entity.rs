//! The rows of the QR service. Times are Unix microseconds.

pub(super) mod code {
    use sea_orm::entity::prelude::*;

    /// The code of one revision of one registration.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "codes")]
    pub struct Model {
        /// The 16 random bytes of the code id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub registration_id: Uuid,
        pub revision: i32,
        pub state: String,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod signing_key {
    use sea_orm::entity::prelude::*;

    /// A signing key: its public half, and the instants of its life.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "signing_keys")]
    pub struct Model {
        /// 16 hexadecimal digits.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key_id: String,
        pub cose_key: Vec<u8>,
        pub create_time: i64,
        pub activate_time: i64,
        pub revoke_time: Option<i64>,
        pub longest_display_seconds: i64,
        /// The private half, sealed under a key-encryption key; none where it is kept elsewhere, and once it is erased.
        pub sealed_key: Option<Vec<u8>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
