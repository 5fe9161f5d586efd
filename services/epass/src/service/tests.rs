//! An application and the end of its registration meet, whichever is first.

use std::sync::Arc;

use entrypass_ambient::{Random as _, SystemRandom, TestClock};
use entrypass_audit::Audit;
use entrypass_db::{Database, hold};
use entrypass_feed::Feed;
use entrypass_follow::{Change, ChangeKind};
use entrypass_rpc::EdgeLayer;
use entrypass_testkit::{Registrations, TestDatabase, until_one_waits_for};
use time::{Duration, OffsetDateTime, macros::datetime};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Applicant, Epass, Error, store};
use crate::{
    Config, Deps, application::State, following::Effects, issuing::Issuing, policies::Policies,
    store::Migrator,
};

const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 UTC);

/// A service, and the effects of the changes that another copy of it follows.
async fn copies() -> (TestDatabase, Epass, Database, Effects) {
    let place = TestDatabase::migrated::<Migrator>("epass").await;
    let open = async || {
        Database::open::<Migrator>(&place.url(), 4, &TestDatabase::sealer()).await.expect("a database")
    };
    let clock = Arc::new(TestClock::at(NOW));
    let registrations = Arc::new(Registrations::default());
    let deps = Deps {
        database: open().await,
        clock: clock.clone(),
        random: Arc::new(SystemRandom),
        registration: registrations.transport(&EdgeLayer::new(Uuid::nil)),
        policies: Policies::default(),
        stopping: CancellationToken::new(),
    };
    let audit = Audit::new(deps.database.clone(), clock.clone(), Arc::new(SystemRandom));
    let feed = Feed::new(deps.database.clone(), clock.clone(), Arc::new(SystemRandom), store::CHANNEL);
    let config = Config {
        keep_answers: Duration::DAY,
        city_divisions: vec!["4406".to_owned()],
        claims_last: Duration::minutes(30),
        passes_valid_for: None,
        keep_changes: Duration::days(90),
        keep_circumstances: Duration::days(180),
    };
    let issuing = Issuing { random: Arc::new(SystemRandom), sealer: TestDatabase::sealer(), valid_for: None };
    let elsewhere = open().await;
    (
        place,
        Epass::new(config, deps, (audit, feed), issuing, Arc::default()),
        elsewhere,
        Effects { clock, sealer: TestDatabase::sealer() },
    )
}

/// Somebody whose registration was active when its service was asked. Drawn: the tests of one run share their locks.
fn applicant() -> Applicant {
    let [registration, traveller] = std::array::from_fn(|_| SystemRandom.uuid_v7(NOW));
    Applicant { registration, traveller, ..Applicant::sample() }
}

fn cancelled(registration: Uuid) -> Change {
    Change { registration, traveller: Uuid::nil(), kind: ChangeKind::Cancelled, revision: 2 }
}

#[tokio::test]
async fn an_application_that_is_being_made_is_seen_by_the_end_of_its_registration() {
    let (_place, epass, elsewhere, effects) = copies().await;
    let applicant = applicant();
    let applies = epass.database.begin().await.expect("a transaction");
    let application = epass.submit(&applies, &applicant, &[], NOW).await.expect("offered");
    let follows = tokio::spawn(async move {
        let transaction = elsewhere.begin().await.expect("a transaction");
        // As the follower does for a whole batch. It holds the person too; here the registration alone says who waits for whom.
        hold(&transaction, [applicant.registration]).await.expect("held");
        effects.apply(&transaction, &cancelled(applicant.registration)).await.expect("done");
        transaction.commit().await.expect("committed");
    });
    until_one_waits_for(applicant.registration, &epass.database).await;
    applies.commit().await.expect("committed");
    follows.await.expect("no panic");
    let found = store::application(epass.database.reader(), epass.database.sealer(), application.id)
        .await
        .expect("readable");
    assert_eq!(found.map(|found| (found.state, found.revision)), Some((State::Withdrawn, 2)));
}

#[tokio::test]
async fn an_application_that_comes_after_the_end_of_its_registration_is_refused() {
    let (_place, epass, elsewhere, effects) = copies().await;
    let applicant = applicant();
    let follows = elsewhere.begin().await.expect("a transaction");
    hold(&follows, [applicant.registration]).await.expect("held");
    effects.apply(&follows, &cancelled(applicant.registration)).await.expect("done");
    let database = epass.database.clone();
    let applies = tokio::spawn(async move {
        let transaction = epass.database.begin().await.expect("a transaction");
        epass.submit(&transaction, &applicant, &[], NOW).await
    });
    until_one_waits_for(applicant.registration, &database).await;
    follows.commit().await.expect("committed");
    let refused = applies.await.expect("no panic").expect_err("it has ended");
    let Error::NotOffered(obstacles) = &refused else { panic!("{refused:?}") };
    let rules: Vec<_> = obstacles.iter().map(|obstacle| obstacle.rule.as_str()).collect();
    assert_eq!(rules, ["REGISTRATION_NOT_ACTIVE"]);
}
