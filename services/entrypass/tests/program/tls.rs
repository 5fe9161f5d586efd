//! PostgreSQL over TLS: the database URL says whom the program trusts.

use entrypass_testkit::{Program, Signal, TestDatabase};

use crate::Place;

const VARIABLE: &str = "ENTRYPASS_REGISTRATION_DATABASE";
const SERVE: &str = "serve --listen 127.0.0.1:0 --role registration";

async fn database() -> (TestDatabase, String) {
    let database = TestDatabase::new("registration").await;
    let url = database.text_over_tls();
    (database, url)
}

fn with(url: &str) -> Place {
    Place::new().with(VARIABLE, url)
}

#[tokio::test]
#[ignore = "needs PostgreSQL, where `just test-postgres` runs it"]
async fn a_server_whose_certificate_is_of_the_given_authority_is_used_over_tls() {
    let (_database, url) = database().await;
    assert!(url.contains("@127.0.0.1:") && url.contains("sslmode=verify-full&sslrootcert="), "{url}");
    let place = with(&url);
    place.told("migrate up --service registration");
    let serving = Program::start(place.command(SERVE)).await.expect("it serves");
    serving.signal(Signal::INT);
    assert!(serving.ended().await.success());

    // There is no other way to this port: it was TLS.
    let told = with(&url.replace("verify-full", "disable")).refusal(SERVE);
    assert!(told.contains("no encryption"), "{told}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL, where `just test-postgres` runs it"]
async fn a_server_that_cannot_prove_who_it_is_is_refused_in_one_line() {
    let (database, url) = database().await;
    with(&url).told("migrate up --service registration");
    let without_authority = url.split("&sslrootcert=").next().expect("a URL");
    let table = [
        (url.replace("authority.pem", "another.pem"), "invalid peer certificate: UnknownIssuer"),
        (without_authority.to_owned(), "invalid peer certificate: UnknownIssuer"),
        (
            url.replace("@127.0.0.1:", "@localhost:"),
            "invalid peer certificate: certificate not valid for name \"localhost\"",
        ),
        (url.replace("authority.pem", "missing.pem"), "No such file"),
    ];
    let role = database.schema().expect("a role");
    for (wrong, reason) in table {
        let told = with(&wrong).refusal(SERVE);
        let begins = format!("registration: cannot open the database postgres://{role}@");
        assert!(told.starts_with(&begins) && told.contains(reason), "{told}");
        let password = url.split([':', '@']).nth(2).expect("a password");
        assert!(!told.contains(password), "{told}");
    }
    // Somebody in between with a certificate of the right authority but for another name: only the name is what verify-ca leaves out.
    let by_authority = url.replace("@127.0.0.1:", "@localhost:").replace("verify-full", "verify-ca");
    let status = with(&by_authority).told("migrate status --service registration");
    assert!(status.iter().all(|line| line.ends_with(": applied")), "{status:?}");
}
