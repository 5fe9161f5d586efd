//! What is no list of callers, and how it is told.

use entrypass_access::CallerSettings;

use crate::{File, caller, judge};

#[test]
fn what_cannot_be_used_is_told_with_its_caller_and_its_rule() {
    let kiosk = caller("kiosk", "rpcs = []");
    let with = |lines: &str| caller("kiosk", &format!("rpcs = []\n{lines}"));
    let rule = |rule: &str| caller("kiosk", &format!("rpcs = ['{rule}']"));
    let identity = |text: &str| format!("[[callers]]\nname = 'desk'\nidentity = '{text}'\nrpcs = []\n");
    let table = [
        (caller("kiosk 7", "rpcs = []"), "callers[1] (no name): name must be 1 to 64 of A-Z a-z 0-9 . _ -"),
        (caller(&"x".repeat(65), "rpcs = []"), "callers[1] (no name): name must be 1 to 64"),
        (caller("", "rpcs = []"), "callers[1] (no name): name must be 1 to 64"),
        (
            [kiosk.as_str(), &identity("desk.city.example"), &kiosk].concat(),
            "callers[3] (kiosk): another caller has this name",
        ),
        (identity("kiosk_1"), "callers[1] (desk): identity must be a SPIFFE id"),
        (
            [kiosk.as_str(), &identity("spiffe://city.example/kiosk")].concat(),
            "callers[2] (desk): another caller has this identity",
        ),
        (rule("a.v1.Pass"), "callers[1] (kiosk): rpcs: \"a.v1.Pass\" is not package.Service/Method"),
        (rule("a.v1.*/Get"), "rpcs: \"a.v1.*/Get\" is not package.Service/Method"),
        (rule("a.v1.Pass/Fetch*"), "rpcs: \"a.v1.Pass/Fetch*\" matches no RPC"),
        (rule("a.v1.Pass/getPass"), "rpcs: \"a.v1.Pass/getPass\" matches no RPC"),
        (rule("!a.v1.Passes/*"), "rpcs: \"!a.v1.Passes/*\" matches no RPC"),
        (with("purposes = ['HOLIDAY']"), "purposes: \"HOLIDAY\" does not stand in access.purposes"),
        (with("must_state_purpose = true"), "must_state_purpose needs purposes that it may state"),
        (with("requests_per_second = 0"), "requests_per_second must be 1 to 1000000"),
        (with("burst = 1000001"), "burst must be 1 to 1000000"),
        (with("in_flight = 0"), "in_flight must be 1 to 1000000"),
        (with("streams = 0"), "streams must be 1 to 1000000"),
        (
            format!("[access]\nhealth = ['probe']\n{kiosk}"),
            "access.health names \"probe\", and no caller is called so",
        ),
        ("[access]\nreflection = ['kiosk']".to_owned(), "access.reflection names \"kiosk\", and no caller"),
        ("[access]\npurposes = ['REVIEW', 'REVIEW']".to_owned(), "access.purposes must each be 1 to 64"),
        ("[access]\npurposes = ['review']".to_owned(), "access.purposes must each be 1 to 64"),
        ("[access]\npurposes = ['']".to_owned(), "access.purposes must each be 1 to 64"),
    ];
    for (text, expected) in table {
        let told = judge(&text).expect_err(&text).to_string();
        assert!(told.contains(expected), "{text}{told}");
    }
}

#[test]
fn what_has_not_the_form_is_told_by_the_reader_of_the_file() {
    let table = [
        ("[access]\nhealth = 'everyone'", "must be \"anyone\" or a list of callers' names"),
        ("[access]\nhealth = 7", "\"anyone\" or a list of callers' names"),
        ("[access]\nwealth = 'anyone'", "unknown field `wealth`"),
        ("[[callers]]\nname = 'kiosk'\nrpcs = []", "missing field `identity`"),
        ("[[callers]]\nname = 'kiosk'\nidentity = 'kiosk'", "missing field `rpcs`"),
    ];
    for (text, expected) in table {
        let told = toml::from_str::<File>(text).err().expect(text).to_string();
        assert!(told.contains(expected), "{told}");
    }
    for line in ["personal_data = 'none'", "holder_proof = 'Waived'", "in_fligth = 3", "streams = -1"] {
        let text = format!("name = 'kiosk'\nidentity = 'kiosk'\nrpcs = []\n{line}");
        assert!(toml::from_str::<CallerSettings>(&text).is_err(), "{line}");
    }
}

#[test]
fn nobody_is_a_list_too() {
    let list = judge("").expect("nothing is wrong with it");
    assert!(list.all().is_empty());
}
