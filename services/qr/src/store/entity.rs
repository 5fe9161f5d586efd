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
