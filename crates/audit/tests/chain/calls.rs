//! What a call leaves.

use entrypass_audit::{About, Access};
use entrypass_db::answers::{AnswersError, Kept, RequestKey};
use entrypass_proto::{errors::v1::ErrorReason, registration::v1::GetNoticeRequest as Message};
use entrypass_rpc::Problem;
use entrypass_testkit::Refusal;
use sea_orm::{ConnectionTrait as _, DbErr};
use tokio::task::JoinSet;
use tonic::{Code, Request};
use uuid::Uuid;

use crate::Copy;

/// What goes wrong with a deed.
#[derive(Debug)]
enum Wrong {
    Refused,
    Store(#[expect(dead_code, reason = "shown when a test fails")] DbErr),
}

impl From<AnswersError> for Wrong {
    fn from(error: AnswersError) -> Self {
        match error {
            AnswersError::Database(error) => Self::Store(error),
            AnswersError::Reused | AnswersError::Erased => Self::Refused,
        }
    }
}

impl From<Wrong> for Problem {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Refused => Self::new(ErrorReason::RegistrationNotActive),
            Wrong::Store(_) => Self::new(ErrorReason::StoreUnavailable),
        }
    }
}

impl Copy {
    /// Does the deed `name` once, about the person 7, and then refuses it or not.
    pub async fn act(&self, name: &str, refuse: bool) -> Result<(), Refusal> {
        let key = RequestKey::new("anonymous", "Act", name, &Message {});
        let act = async |access: Access, ()| {
            access.touch("registrations", Uuid::from_u128(1), None);
            let write = async |transaction: &sea_orm::DatabaseTransaction| {
                let insert = format!("INSERT INTO deeds (name) VALUES ('{name}')");
                transaction.execute_unprepared(&insert).await.map_err(Wrong::Store)?;
                access.touch("registrations", Uuid::from_u128(1), Some(Uuid::from_u128(7)));
                if refuse { Err(Wrong::Refused) } else { Ok(Kept::about(Uuid::from_u128(7), Message {})) }
            };
            access.once(&key, &self.database, time::OffsetDateTime::UNIX_EPOCH, write).await.map(drop)
        };
        Ok(self.audit.answer(Request::new(()), act).await.map(drop)?)
    }

    /// Resource, subject and outcome of every record, in the order of their ids.
    async fn records(&self) -> Vec<(Option<String>, Option<u128>, String)> {
        let rows = self.query("SELECT resource, subject, outcome FROM audit_records ORDER BY id").await;
        let read = |row: &sea_orm::QueryResult| {
            let subject: Option<Uuid> = row.try_get("", "subject").expect("a subject");
            let resource = row.try_get("", "resource").expect("a resource");
            (
                resource,
                subject.map(|subject| subject.as_u128()),
                row.try_get("", "outcome").expect("an outcome"),
            )
        };
        rows.iter().map(read).collect()
    }
}

fn registration(number: u128) -> String {
    format!("registrations/{}", Uuid::from_u128(number))
}

#[tokio::test]
async fn a_read_is_recorded_when_it_is_answered_and_a_refused_one_with_its_reason() {
    let copy = Copy::new().await;
    copy.read(1, Some(7)).await.expect("read");
    assert_eq!(copy.records().await, [(Some(registration(1)), Some(7), "OK".to_owned())]);
    let refused = copy.miss(2).await;
    assert_eq!((refused.code, refused.reason.as_str()), (Code::NotFound, "REGISTRATION_NOT_FOUND"));
    let missed = (Some(registration(2)), None, "REGISTRATION_NOT_FOUND".to_owned());
    assert!(copy.records().await.contains(&missed));
}

#[tokio::test]
async fn a_call_leaves_one_record_of_each_thing_and_one_of_itself_where_there_is_none() {
    let copy = Copy::new().await;
    let ids = [1, 2, 3].map(Uuid::from_u128);
    let act = async |access: Access, ()| {
        access.touch("registrations", ids[0], None);
        access.touch_person(ids[1]);
        // Known better: the first gets its person, the person alone a registration.
        access.touch("registrations", ids[0], Some(ids[2]));
        access.touch("registrations", ids[1], Some(ids[1]));
        access.touch_person(ids[2]);
        Ok::<_, Problem>(())
    };
    copy.audit.answer(Request::new(()), act).await.expect("answered");
    let ok = "OK".to_owned();
    let mut records = copy.records().await;
    records.sort();
    assert_eq!(
        records,
        [(Some(registration(1)), Some(3), ok.clone()), (Some(registration(2)), Some(2), ok.clone())]
    );

    let copy = Copy::new().await;
    copy.audit.answer(Request::new(()), async |_, ()| Ok::<_, Problem>(())).await.expect("answered");
    assert_eq!(copy.records().await, [(None, None, ok)]);
}

#[tokio::test]
async fn a_write_and_its_record_are_one_and_a_repetition_is_a_read() {
    let copy = Copy::new().await;
    copy.act("a", false).await.expect("done");
    let written = (Some(registration(1)), Some(7), "OK".to_owned());
    assert_eq!(copy.records().await, std::slice::from_ref(&written));
    copy.act("a", false).await.expect("answered as the first time");
    // Whom it reads of is known by what was kept.
    assert_eq!(copy.records().await, [written.clone(), written]);
    assert_eq!(copy.query("SELECT 1 FROM deeds").await.len(), 1);
}

#[tokio::test]
async fn a_write_that_is_refused_leaves_nothing_but_the_record_of_its_refusal() {
    let copy = Copy::new().await;
    let refused = copy.act("a", true).await.expect_err("refused");
    assert_eq!(refused.reason, "REGISTRATION_NOT_ACTIVE");
    let record = (Some(registration(1)), Some(7), "REGISTRATION_NOT_ACTIVE".to_owned());
    assert_eq!(copy.records().await, [record]);
    assert_eq!(copy.query("SELECT 1 FROM deeds").await.len(), 0);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_neither_answered_nor_written() {
    let copy = Copy::new().await;
    copy.tamper("ALTER TABLE audit_records RENAME TO elsewhere").await;
    let refused = copy.read(1, None).await.expect_err("refused");
    assert_eq!((refused.code, refused.reason.as_str()), (Code::Unavailable, "STORE_UNAVAILABLE"));
    assert_eq!(copy.miss(1).await.reason, "STORE_UNAVAILABLE");
    assert_eq!(copy.act("a", false).await.expect_err("refused").reason, "STORE_UNAVAILABLE");
    assert_eq!(copy.query("SELECT 1 FROM deeds").await.len(), 0);
    copy.tamper("ALTER TABLE elsewhere RENAME TO audit_records").await;
    copy.read(1, None).await.expect("read again");
}

#[tokio::test]
async fn many_at_once_are_all_recorded() {
    let copy = std::sync::Arc::new(Copy::new().await);
    copy.run();
    let mut readers = JoinSet::new();
    for number in 0..200 {
        let copy = std::sync::Arc::clone(&copy);
        readers.spawn(async move { copy.read(number, Some(7)).await });
    }
    for read in readers.join_all().await {
        read.expect("read");
    }
    assert_eq!(copy.records().await.len(), 200);
    copy.until_placed(200).await;
    assert_eq!(copy.findings().await, []);
}

#[tokio::test]
async fn records_about_one_person_or_one_registration_are_given_newest_first_page_by_page() {
    let copy = Copy::new().await;
    for (number, subject) in [(1, 7), (2, 8), (3, 7), (1, 7), (4, 7)] {
        copy.clock.advance(time::Duration::seconds(1));
        copy.read(number, Some(subject)).await.expect("read");
    }
    let resources = async |about: &About, before, size| {
        let records = copy.audit.about(about, before, size).await.expect("records");
        (
            records.iter().filter_map(|record| record.resource.clone()).collect::<Vec<_>>(),
            records.last().map(|last| last.id),
        )
    };
    let person = About::Subject(Uuid::from_u128(7));
    let (first, last) = resources(&person, None, 3).await;
    assert_eq!(first, [4, 1, 3].map(registration));
    assert_eq!(resources(&person, last, 3).await.0, [registration(1)]);
    let one = About::Resource(registration(1));
    assert_eq!(resources(&one, None, 9).await.0, [registration(1), registration(1)]);
    assert_eq!(resources(&About::Subject(Uuid::nil()), None, 9).await.0, [""; 0]);
}
