//! A first answer stays the answer, whatever has changed since; a new request has to do with what is in force.

use entrypass_registration::{Config, Notice};
use time::Duration;
use tonic::Code;

use crate::harness::{App, amendment, config, form};

fn config_of_next_year() -> Config {
    let toml = "version = '2027-01-01'\n[zh-CN]\ntitle = '须知'\nparagraphs = ['一']\n\
                [en]\ntitle = 'Notice'\nparagraphs = ['One']\n";
    Config { notice: Notice::parse(toml).expect("a notice"), ..config() }
}

#[tokio::test]
async fn a_repetition_gets_its_first_answer_under_another_notice() {
    let app = App::new().await;
    let request = app.submission("mine", "X0000001", form());
    let first = app.submit(request.clone()).await.expect("registered");
    assert_eq!(first.notice_version, config().notice.version());

    let app = app.restarted(config_of_next_year()).await;
    assert_eq!(app.submit(request.clone()).await, Ok(first));
    let mut another = request;
    another.request_id = "another".to_owned();
    let refused = app.submit(another).await.expect_err("stale");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "NOTICE_STALE"));
    let registered = app.submit(app.submission("theirs", "X0000002", form())).await.expect("registered");
    assert_eq!(registered.notice_version, "2027-01-01");
}

#[tokio::test]
async fn a_repetition_gets_its_first_answer_after_the_registration_went_on() {
    let app = App::configured(Config { keep_answers: Duration::days(61), ..config() }).await;
    let request = app.submission("mine", "X0000001", form());
    let first = app.submit(request.clone()).await.expect("registered");
    let change = amendment(&first, 5);
    let amended = app.update(change.clone()).await.expect("amended");
    app.cancel(&amended).await.expect("cancelled");
    // By now the entry date, too, is one that no new submission could have.
    app.clock.advance(Duration::days(60));
    assert_eq!(app.submit(request).await, Ok(first));
    assert_eq!(app.update(change).await, Ok(amended));
}

#[tokio::test]
async fn a_refused_submission_leaves_its_request_id_free() {
    let app = App::new().await;
    let mut request = app.submission("mine", "X0000001", form());
    request.acknowledged_notice_version = "2019-01-01".to_owned();
    let refused = app.submit(request).await.expect_err("stale");
    assert_eq!(refused.is(), (Code::FailedPrecondition, "NOTICE_STALE"));
    app.submit(app.submission("mine", "X0000001", form()))
        .await
        .expect("registered with the same request_id");
}
