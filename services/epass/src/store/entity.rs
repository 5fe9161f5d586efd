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
        /// The revision of the registration that was verified.
        pub identity_revision: Option<i32>,
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
        pub state: String,
        pub revision: i32,
        /// Nothing where the state never changed.
        pub state_time: Option<i64>,
        /// Nothing where the pass does not end by itself.
        pub expire_time: Option<i64>,
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

pub(super) mod pass_step {
    use sea_orm::entity::prelude::*;

    /// What happened to a pass.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "pass_steps")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub pass: Uuid,
        pub traveller: Uuid,
        pub revision: i32,
        pub state: String,
        pub reason: Option<String>,
        /// Free text, as a reviewer's. Nothing where nothing was noted.
        pub sealed_note: Option<Vec<u8>>,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod quarantine {
    use sea_orm::entity::prelude::*;

    /// A quarantine.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "quarantines")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub traveller: Uuid,
        pub from_time: i64,
        pub until_time: i64,
        /// When it was ended before its time.
        pub end_time: Option<i64>,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod follow_up {
    use sea_orm::entity::prelude::*;

    /// A follow-up of a fever.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "follow_ups")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub traveller: Uuid,
        pub outcome: String,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod level {
    use sea_orm::entity::prelude::*;

    /// The level of a person that was told last.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "levels")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub traveller: Uuid,
        pub level: String,
        /// When the level that was told changes by itself. Stays when the level becomes due sooner: it is what followers know.
        pub until_time: Option<i64>,
        /// Nothing while only a change can make it another one.
        pub due_time: Option<i64>,
        /// One more with each change that bears on it, and with each decision.
        pub revision: i32,
        /// The activation of a policy by which it was decided.
        pub policy_ordinal: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod change {
    use sea_orm::entity::prelude::*;

    /// One change.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "changes")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        /// Given after the commit.
        pub position: Option<i64>,
        pub traveller: Uuid,
        pub kind: String,
        /// The application, the pass, or the registration by which a level was decided.
        pub subject: Option<Uuid>,
        /// The state of the first two, or the level.
        pub state: Option<String>,
        /// When a level changes by itself.
        pub until_time: Option<i64>,
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
