//! The rows of the epass service. Times are Unix microseconds: times as text compare wrongly when their fractions differ in
//! length, and not every engine keeps finer ones.

pub(super) mod application {
    use sea_orm::entity::prelude::*;

    /// An application. The column names are those of the published message.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "applications")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub traveller: Uuid,
        pub registration: Uuid,
        pub ordinal: i32,
        pub state: String,
        /// Free text: a reviewer may have put in what does not belong there. Nothing where nothing was noted.
        pub sealed_note: Option<Vec<u8>>,
        pub submission_count: i32,
        pub revision: i32,
        pub create_time: i64,
        pub update_time: i64,
        pub promise_time: Option<i64>,
        pub lapse_time: Option<i64>,
        /// The caller and its word for the reviewer who has it, and until when: all three or none.
        pub claim_caller: Option<String>,
        pub claim_reviewer: Option<String>,
        pub claim_until: Option<i64>,
        /// The caller and its word for the reviewer who decided last: both or none.
        pub decision_caller: Option<String>,
        pub decision_reviewer: Option<String>,
        /// What the verification of identity found: an outcome, or nothing at all.
        pub identity_outcome: Option<String>,
        pub identity_strength: Option<String>,
        /// Names, separated by commas.
        pub failed_checks: Option<String>,
        /// What the caller gave for the verification; gone when that is over.
        pub sealed_evidence: Option<Vec<u8>>,
        /// When the verification is tried next, and how often it was: both or none.
        pub next_try: Option<i64>,
        pub tries: Option<i32>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod pass {
    use sea_orm::entity::prelude::*;

    /// A pass.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "passes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub traveller: Uuid,
        pub pass_number: String,
        /// The other channel; empty for a pass that was issued here, so that numbers are unique per issuer.
        pub issuer: String,
        pub issue_time: i64,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod policy {
    use sea_orm::entity::prelude::*;

    /// A policy that was added. Never changed.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "policies")]
    pub struct Model {
        /// Of the text, 64 hexadecimal digits.
        #[sea_orm(primary_key, auto_increment = false)]
        pub digest: String,
        pub name: String,
        pub version: i64,
        pub text: String,
        pub effective_from: i64,
        pub effective_to: Option<i64>,
        /// Nothing and the empty name for the one that the schema brought along.
        pub create_time: Option<i64>,
        pub created_by: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod policy_activation {
    use sea_orm::entity::prelude::*;

    /// That a policy was made to apply. Never changed, and never removed.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "policy_activations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i64,
        pub digest: String,
        pub applies_from: i64,
        /// Nothing and the empty name for the one that the schema brought along.
        pub activate_time: Option<i64>,
        pub caller: String,
        pub reason: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod ended_registration {
    use sea_orm::entity::prelude::*;

    /// A registration that is known to have ended a short time ago.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ended_registrations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
