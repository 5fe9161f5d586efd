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
        /// Why it was revoked; `None` unless it was, or the first release did it.
        pub reason: Option<String>,
        pub fraud: bool,
        /// Since when it does not count; `None` while it does, or as long as it is to be found out that the first release withdrew it.
        pub state_time: Option<i64>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod suspension {
    use sea_orm::entity::prelude::*;

    /// The last suspension of a registration's codes, which may have ended.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "suspensions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub registration_id: Uuid,
        pub until: i64,
        pub reason: String,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod withdrawal {
    use sea_orm::entity::prelude::*;

    /// The last thing that was told of a code to those who verify without a network.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "withdrawals")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i64,
        #[sea_orm(unique)]
        pub code_id: Uuid,
        pub kind: String,
        /// When a suspension ends.
        pub until: Option<i64>,
        /// From when on nobody needs to know.
        pub drop_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod bundle {
    use sea_orm::entity::prelude::*;

    /// One row: which sequence the versions belong to, and the last one that was given.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bundle")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub feed_id: Uuid,
        pub version: i64,
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

pub(super) mod first_verification {
    use sea_orm::entity::prelude::*;

    /// When a registration was first found good at a checkpoint, until the registration service has been told.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "first_verifications")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub registration_id: Uuid,
        pub verified_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod verification {
    use sea_orm::entity::prelude::*;

    /// What became of one scan.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "verifications")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// When it was decided.
        pub create_time: i64,
        pub checkpoint: Option<String>,
        pub verdict: String,
        pub code_id: Option<Uuid>,
        pub caller: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
