//! What a changed file changes, without a restart.

use std::{fs, time::Duration};

use entrypass_testkit::{Authority, eventually};

use crate::{CALLER, NOW, SERVER, World, meet, refusal};

const HOST: &str = "gateway.city.example";

#[tokio::test]
async fn a_renewed_certificate_and_another_trust_count_for_the_next_connection() {
    let (world, old, new) = (World::new(), Authority::new("old"), Authority::new("new"));
    let server = world.end("server", &old.certificate(SERVER), &old.pem());
    let of_old = world.end("of-old", &old.certificate(CALLER), &old.pem());
    let of_new = world.end("of-new", &new.certificate(CALLER), &new.pem());
    assert!(!server.refresh().expect("unchanged"));
    meet(&server, &of_old, HOST).await.expect("the same authority");
    assert!(refusal(&server, &of_new, HOST).await.contains("UnknownIssuer"));

    // Both authorities for a while: how one is replaced.
    let both = format!("{}{}", old.pem(), new.pem());
    let _ = world.files("server", &new.certificate(&[HOST, "spiffe://city.example/renewed"]), &both);
    assert!(server.refresh().expect("usable"));
    assert_eq!(
        server.identities().first().map(ToString::to_string).as_deref(),
        Some("spiffe://city.example/renewed")
    );
    meet(&server, &of_new, HOST).await.expect("trusted now");
    let told = refusal(&server, &of_old, HOST).await;
    assert!(told.contains("UnknownIssuer"), "the caller does not know the new authority: {told}");
    let _ = world.files("of-old", &old.certificate(CALLER), &both);
    assert!(of_old.refresh().expect("usable"));
    meet(&server, &of_old, HOST).await.expect("both know both");

    let _ = world.files("server", &new.certificate(SERVER), &new.pem());
    assert!(server.refresh().expect("usable"));
    let told = refusal(&server, &of_old, HOST).await;
    assert!(told.contains("UnknownIssuer"), "the old authority is gone: {told}");
}

#[tokio::test]
async fn a_caller_that_was_let_in_once_is_not_let_in_again_by_a_ticket() {
    let (world, old, new) = (World::new(), Authority::new("old"), Authority::new("new"));
    let certificate = old.certificate(SERVER);
    for minimum in [entrypass_tls::Minimum::Tls13, entrypass_tls::Minimum::Tls12] {
        let server = world.open_with(world.files("server", &certificate, &old.pem()), minimum);
        let caller = world.end("caller", &old.certificate(CALLER), &old.pem());
        for _ in 0..2 {
            meet(&server, &caller, HOST).await.expect("let in");
        }
        let _ = world.files("server", &certificate, &new.pem());
        assert!(server.refresh().expect("usable"));
        assert!(refusal(&server, &caller, HOST).await.contains("UnknownIssuer"));
    }
}

#[tokio::test]
async fn what_cannot_be_used_leaves_the_old_in_use_and_is_told_once() {
    let (world, city) = (World::new(), Authority::new("city"));
    let certificate = city.certificate(SERVER);
    let server = world.end("server", &certificate, &city.pem());
    let caller = world.end("caller", &city.certificate(CALLER), &city.pem());
    let files = certificate.write(&world.path().join("server"), &city.pem());
    // As a renewal does that has written one of the two files only.
    fs::write(&files.certificate, city.certificate(SERVER).certificate).expect("written");
    let told = server.refresh().expect_err("half renewed").to_string();
    assert!(told.contains("is not the key of"), "{told}");
    assert!(!server.refresh().expect("told already"));
    meet(&server, &caller, HOST).await.expect("the old counts");

    fs::remove_file(&files.trust).expect("removed");
    assert!(server.refresh().expect_err("missing").to_string().contains("cannot read"));
    assert!(!server.refresh().expect("told already"));
    meet(&server, &caller, HOST).await.expect("the old counts");

    let _ = certificate.write(&world.path().join("server"), &city.pem());
    assert!(!server.refresh().expect("as it was"));
    meet(&server, &caller, HOST).await.expect("still");
}

#[tokio::test]
async fn a_certificate_whose_time_is_about_to_begin_is_taken_up_when_it_has() {
    let (world, city) = (World::new(), Authority::new("city"));
    let server = world.end("server", &city.certificate(SERVER), &city.pem());
    let minute = time::Duration::minutes(1);
    let next = city.certificate_for(SERVER, NOW + minute, NOW + minute * 100);
    let _ = world.files("server", &next, &city.pem());
    assert!(server.refresh().expect_err("not yet").to_string().contains("counts from 2026-11-23T02:01:00Z"));
    world.clock.advance(minute * 2);
    assert!(server.refresh().expect("now"));
}

#[tokio::test]
async fn files_are_looked_at_by_themselves() {
    let (world, old, new) = (World::new(), Authority::new("old"), Authority::new("new"));
    let server = world.end("server", &old.certificate(SERVER), &old.pem());
    let caller = world.end("caller", &new.certificate(CALLER), &new.pem());
    let fresh = tokio::spawn(server.clone().keep_fresh(Duration::from_millis(5)));
    assert!(refusal(&server, &caller, HOST).await.contains("UnknownIssuer"));
    let _ = world.files("server", &new.certificate(SERVER), &new.pem());
    eventually("changed files are taken up", async || meet(&server, &caller, HOST).await.is_ok()).await;
    fresh.abort();
}
