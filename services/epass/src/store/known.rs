//! What is known of some persons that bears on their levels, read together.

use sea_orm::{ConnectionTrait, DbErr};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    circumstances::{follow_ups_of, quarantines_of},
    passes::passes_of,
};
use crate::{
    circumstances::{FollowUp, Quarantine},
    level::{ActivePass, Declared, Facts, Standing, standing},
    pass::{Pass, State},
};

/// What is known of some persons.
pub(crate) struct Known {
    passes: Vec<Pass>,
    quarantines: Vec<Quarantine>,
    follow_ups: Vec<FollowUp>,
}

impl Known {
    /// Reads it, with three statements for however many persons.
    pub(crate) async fn read(connection: &impl ConnectionTrait, travellers: &[Uuid]) -> Result<Self, DbErr> {
        let travellers = || travellers.iter().copied();
        Ok(Self {
            passes: passes_of(connection, travellers()).await?,
            quarantines: quarantines_of(connection, travellers()).await?,
            follow_ups: follow_ups_of(connection, travellers()).await?,
        })
    }

    /// The pass of `traveller` that tells how they stand.
    pub(crate) fn pass(&self, traveller: Uuid, now: OffsetDateTime) -> Option<Pass> {
        Pass::telling(self.passes.iter().filter(|pass| pass.traveller == traveller).cloned(), now)
    }

    /// The level of `traveller`, of whom a registration says what is `declared`.
    pub(crate) fn standing(&self, traveller: Uuid, declared: Declared, now: OffsetDateTime) -> Standing {
        let active = self.pass(traveller, now).filter(|pass| pass.state(now) == State::Active);
        let quarantines: Vec<_> =
            self.quarantines.iter().filter(|it| it.traveller == traveller).copied().collect();
        let follow_ups: Vec<_> =
            self.follow_ups.iter().filter(|it| it.traveller == traveller).copied().collect();
        let facts = Facts {
            pass: active.map(|pass| ActivePass { until: pass.expire_time }),
            declared,
            quarantines: &quarantines,
            follow_ups: &follow_ups,
        };
        standing(facts, now)
    }
}
