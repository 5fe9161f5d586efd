//! Whether everything that was acknowledged is there, exactly once.

use std::{collections::BTreeMap, time::Duration};

use entrypass_db::{Database, DatabaseUrl};
use entrypass_proto::{
    gateway::v1 as pb,
    qr::v1::Verdict,
    registration::v1::{RegistrationState, registration_change::Kind, watch_registrations_request::Start},
};
use entrypass_testkit::TestDatabase;
use sea_orm_migration::sea_orm::{ConnectionTrait as _, Statement};
use tonic::Streaming;

use crate::{
    client::{Gateways, Insistence},
    load::{Outcome, Story},
};

/// How long the QR service may take to follow the last change.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(30);
/// Rest between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What was found.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Findings {
    /// Writes that were acknowledged.
    pub(crate) acknowledged: usize,
    /// Calls that were repeated.
    pub(crate) retried: usize,
    /// Acknowledged writes that are not there.
    pub(crate) lost: usize,
    /// Writes that were done more than once, or that nobody was told of.
    pub(crate) doubled: usize,
    /// Codes with a wrong verdict.
    pub(crate) misjudged: usize,
}

impl Findings {
    /// Counts those of another fault in.
    pub(crate) fn add(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.retried += other.retried;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.misjudged += other.misjudged;
    }

    /// Whether nothing is wrong.
    pub(crate) fn are_clean(self) -> bool {
        (self.lost, self.doubled, self.misjudged) == (0, 0, 0)
    }
}

/// What the feed says was done to one registration, in its order.
type Changes = BTreeMap<String, Vec<(Kind, i32)>>;

/// Holds every story against registrations, feed, verdicts and the QR service's own records.
pub(crate) async fn audit(gateways: &Gateways, outcome: &Outcome, qr: &DatabaseUrl) -> Findings {
    let mut findings = Findings { retried: outcome.retried, ..Findings::default() };
    let mut changes = changes(gateways).await;
    for story in &outcome.stories {
        let expected = expected(story);
        let told = changes.remove(&story.registration).unwrap_or_default();
        findings.acknowledged += expected.len();
        findings.lost += expected.iter().filter(|change| !told.contains(change)).count();
        findings.doubled += told.len().saturating_sub(expected.len());
        assert_eq!(told, expected, "in the order of the revisions");
        let (revision, state) = present(gateways, &story.registration).await;
        findings.lost += usize::from(revision < story.revision);
        findings.doubled += usize::from(revision > story.revision);
        assert_eq!(state == RegistrationState::Cancelled, story.cancelled, "{}", story.registration);
        findings.misjudged += misjudged(gateways, story).await;
    }
    // Whatever is left was done for nobody.
    findings.doubled += changes.values().map(Vec::len).sum::<usize>();
    followed(qr, &outcome.stories).await;
    findings
}

/// The changes that a story consists of.
fn expected(story: &Story) -> Vec<(Kind, i32)> {
    let amended = story.revision - i32::from(story.cancelled);
    let amendments = (2..=amended).map(|revision| (Kind::Amended, revision));
    let cancellation = story.cancelled.then_some((Kind::Cancelled, story.revision));
    std::iter::once((Kind::Registered, 1)).chain(amendments).chain(cancellation).collect()
}

/// Every change, by registration, from the oldest to this moment.
async fn changes(gateways: &Gateways) -> Changes {
    let now = watch(gateways, Start::Now).await.message().await.expect("an answer").expect("a checkpoint");
    let mut stream = watch(gateways, Start::Oldest).await;
    let (mut cursor, mut changes) = (String::new(), Changes::new());
    while cursor != now.cursor {
        let answer = stream.message().await.expect("an answer").expect("a stream that goes on");
        for change in answer.changes {
            let (kind, revision) = (change.kind(), change.revision);
            changes.entry(change.registration).or_default().push((kind, revision));
        }
        cursor = answer.cursor;
    }
    changes
}

async fn watch(gateways: &Gateways, start: Start) -> Streaming<pb::WatchRegistrationsResponse> {
    let request = pb::WatchRegistrationsRequest { cursor: String::new(), start: start.into() };
    let stream = gateways.insist(Insistence::AfterAnyAccident, request, async |mut gateway, request| {
        gateway.watch_registrations(request).await
    });
    stream.await.expect("a stream")
}

/// Present revision and state of a registration.
async fn present(gateways: &Gateways, registration: &str) -> (i32, RegistrationState) {
    let request = pb::GetEntryPassRequest { registration: registration.to_owned(), ..Default::default() };
    let answer = gateways.insist(Insistence::AfterAnyAccident, request, async |mut gateway, request| {
        gateway.get_entry_pass(request).await
    });
    let pass =
        answer.await.expect("an acknowledged registration is there").entry_pass.expect("an entry pass");
    let registration = pass.registration.expect("a registration");
    (registration.revision, registration.state())
}

/// How many codes of a story have a wrong verdict.
async fn misjudged(gateways: &Gateways, story: &Story) -> usize {
    let mut wrong = 0;
    for (nth, content) in story.codes.iter().enumerate() {
        let request = pb::VerifyQrCodeRequest { content: content.clone(), ..Default::default() };
        let answer = gateways.insist(Insistence::AfterAnyAccident, request, async |mut gateway, request| {
            gateway.verify_qr_code(request).await
        });
        let verdict = answer.await.expect("a verdict").verdict();
        let last = nth + 1 == story.codes.len();
        let right = match (story.cancelled, last) {
            (true, _) => verdict == Verdict::Revoked,
            (false, false) => verdict == Verdict::Superseded,
            (false, true) => verdict == Verdict::Valid,
        };
        wrong += usize::from(!right);
    }
    wrong
}

/// Waits until the QR service, by itself, knows of each amendment and cancellation: it has one active code for each active registration,
/// and no other.
async fn followed(qr: &DatabaseUrl, stories: &[Story]) {
    let database = Database::open::<entrypass_qr::Migrator>(qr, 1, &TestDatabase::sealer())
        .await
        .expect("the QR service's database");
    let active = stories.iter().filter(|story| !story.cancelled).count();
    let count = "SELECT count(*) FROM codes WHERE state = 'ACTIVE'";
    let known = async {
        loop {
            let connection = database.reader();
            let statement = Statement::from_string(connection.get_database_backend(), count);
            let row = connection.query_one_raw(statement).await.expect("a count").expect("a row");
            let found: i64 = row.try_get_by_index(0).expect("a number");
            if usize::try_from(found) == Ok(active) {
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let known = tokio::time::timeout(FOLLOWED_WITHIN, known).await;
    assert!(known.is_ok(), "the QR service has not followed the last changes");
}
