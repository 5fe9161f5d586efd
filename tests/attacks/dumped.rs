//! After a journey in which everything happens that can happen to personal data, none of it lies anywhere in the clear, in whatever form.

use std::time::SystemTime;

use entrypass_e2e::{Mode, System};
use entrypass_proto::gateway::v1 as pb;
use metrics_exporter_prometheus::PrometheusBuilder;

use crate::{
    lived::{TOLD, journey, resident},
    scanner::Scanner,
    stolen::{self, Loot},
};

const SETTINGS: &str = "[registration]\ncollect_health = true\n";

#[tokio::test]
async fn nothing_of_a_person_lies_in_the_clear_after_a_journey() {
    let since = now();
    let system = System::talkative(SETTINGS).await;
    let (reference, confirmation_code) = journey(&system).await;

    let loot = stolen::everything(&system, since).await;
    assert_taken(&loot, &reference);
    let told: Vec<_> = TOLD.into_iter().chain([confirmation_code.as_str()]).collect();
    let scanner = Scanner::new(&told);
    let mut found = Vec::new();
    for Loot { name, data } in &loot {
        // The write-ahead log is no text: what stands there in digits by chance was no dump.
        let here = if name.contains("pg_wal") { scanner.scan_raw(data) } else { scanner.scan(data) };
        found.extend(
            here.into_iter().map(|one| format!("{} as {} at {} in {name}", one.value, one.form, one.at)),
        );
    }
    found.truncate(40);
    assert_eq!(found, Vec::<String>::new());
}

/// By the clock of the files that are looked at later.
fn now() -> SystemTime {
    let file = tempfile::NamedTempFile::new().expect("a file");
    file.as_file().metadata().and_then(|file| file.modified()).expect("its hour")
}

#[tokio::test]
async fn the_metrics_tell_nothing_of_a_person() {
    let metrics = PrometheusBuilder::new().install_recorder().expect("the only one of this process");
    let system = System::configured(Mode::Sockets, SETTINGS).await;
    journey(&system).await;
    let stranger = system.called_as(&["stranger.example"]);
    let get = pb::GetEntryPassRequest {
        document: Some(resident().document),
        holder_name: resident().name(),
        ..Default::default()
    };
    stranger.pass.clone().get_entry_pass(get).await.expect_err("not listed");
    let text = metrics.render();
    assert!(text.contains("entrypass_calls_refused_total"), "numbers are told: {text}");
    assert_eq!(Scanner::new(&TOLD).scan(text.as_bytes()), []);
}

/// What is not secret is found: the search looks where things are.
fn assert_taken(loot: &[Loot], reference: &str) {
    let has = |place: &str, text: &str| {
        let mut here = loot.iter().filter(|loot| loot.name.contains(place));
        let scanner = Scanner::new(&[text]);
        assert!(here.any(|loot| !scanner.scan(&loot.data).is_empty()), "{text} is in no {place}");
    };
    has("table registrations", reference);
    has("table audit_records", "HOLDER_NOT_FOUND");
    for log in ["gateway.log", "registration.log", "qr.log", "epass.log"] {
        has(log, "call answered");
    }
    has("registration.log", "h2::proto");
    let on_postgres = loot.iter().any(|loot| loot.name.contains("pg_wal"));
    has(if on_postgres { "pg_wal" } else { "sqlite3-wal" }, reference);
}
