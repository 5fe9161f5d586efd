//! `m0006`: first answers are sealed.

use sea_orm_migration::prelude::*;

pub(super) struct SealedAnswers;

impl MigrationName for SealedAnswers {
    fn name(&self) -> &'static str {
        "m0006_sealed_answers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SealedAnswers {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        entrypass_db::answers::seal(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        entrypass_db::answers::unseal(manager).await
    }
}
