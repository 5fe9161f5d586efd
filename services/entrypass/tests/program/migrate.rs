//! The command `migrate`.

use entrypass_testkit::{Program, Signal};

use crate::{Place, text};

#[tokio::test]
async fn schemas_go_up_and_down_and_tell_each_step() {
    let (place, _databases) = Place::with_databases().await;
    let up = place.told("migrate up");
    for service in ["registration", "qr", "epass"] {
        assert!(up.contains(&format!("{service} m0001_first: applied")), "{up:?}");
    }
    assert_eq!(place.told("migrate status"), up);
    assert_eq!(
        place.told("migrate up"),
        ["registration nothing to do", "qr nothing to do", "epass nothing to do"]
    );

    let of_qr: Vec<_> = up.iter().filter(|line| line.starts_with("qr ")).map(String::as_str).collect();
    let last = of_qr.last().expect("a migration").replace("applied", "taken back");
    assert_eq!(place.told("migrate down --service qr"), [last.as_str()]);
    let missing = last.replace("taken back", "missing");
    let status = place.told("migrate status --service qr,epass");
    assert!(
        status.contains(&missing) && !status.iter().any(|line| line.starts_with("registration")),
        "{status:?}"
    );

    let rest: Vec<_> = of_qr.iter().rev().skip(1).map(|line| line.replace("applied", "taken back")).collect();
    assert_eq!(place.told("migrate down --service qr --steps 99"), rest);
    assert_eq!(place.told("migrate down --service qr"), ["qr nothing to do"]);
    assert_eq!(place.told("migrate up --service qr"), of_qr);

    let serving = Program::start(place.command("serve --listen 127.0.0.1:0")).await.expect("it serves");
    assert_eq!(place.told("migrate status"), up, "beside a running service too");
    serving.signal(Signal::INT);
    assert!(serving.ended().await.success());
}

#[test]
fn what_takes_back_names_its_service_and_how_far() {
    let place = Place::new();
    for wrong in
        ["down", "down --service gateway", "down --service qr --service epass", "down --service qr --steps 0"]
    {
        let output = place.command(&format!("migrate {wrong}")).output().expect("the program");
        assert_eq!(output.status.code(), Some(2), "{wrong}: {}", text(&output.stderr));
    }
    assert!(!place.path("data").exists(), "nothing was made");
}
