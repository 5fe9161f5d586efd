//! Entry, travel history and destination.

use entrypass_proto::registration::v1 as pb;
use pb::entry::Transport;

use super::super::fixture::{RULES, broken_by, flight, resident, stay, visitor};
use super::{check, parse};

fn entry(form: &mut pb::RegistrationForm) -> &mut pb::Entry {
    form.entry.get_or_insert_default()
}

fn destination(form: &mut pb::RegistrationForm) -> &mut pb::Destination {
    form.destination.get_or_insert_default()
}

#[test]
fn an_entry_has_a_port_a_day_and_a_departure() {
    check(
        &RULES,
        visitor,
        &[
            (
                "nothing",
                |form| form.entry = Some(pb::Entry::default()),
                &[
                    "form.entry.port_of_entry REQUIRED",
                    "form.entry.entry_date REQUIRED",
                    "form.entry.transport REQUIRED",
                    "form.entry.departure_country REQUIRED",
                ],
            ),
            (
                "abroad",
                |form| entry(form).port_of_entry = "HKHKG".to_owned(),
                &["form.entry.port_of_entry FORMAT"],
            ),
            (
                "long ago",
                |form| entry(form).entry_date = "2026-11-08".to_owned(),
                &[
                    "form.entry.entry_date OUT_OF_RANGE",
                    "form.travel_history[0].last_date OUT_OF_RANGE",
                    "form.travel_history[1].last_date OUT_OF_RANGE",
                ],
            ),
            (
                "no such place",
                |form| entry(form).departure_country = "XX".to_owned(),
                &["form.entry.departure_country UNKNOWN_VALUE"],
            ),
            (
                "long city",
                |form| entry(form).departure_city = "京".repeat(101),
                &["form.entry.departure_city LENGTH"],
            ),
            ("no city", |form| entry(form).departure_city.clear(), &[]),
        ],
    );
}

#[test]
fn each_means_of_transport_asks_for_its_own() {
    const NUMBER: &str = "form.entry.service_number";
    const SEAT: &str = "form.entry.seat";
    const PLATE: &str = "form.entry.plate_number";
    let required = |path: &str| format!("{path} REQUIRED");
    let excluded = |path: &str| format!("{path} EXCLUDED");
    let table = [
        (Transport::Air, vec![required(NUMBER)], vec![excluded(PLATE)]),
        (Transport::Ship, vec![required(NUMBER)], vec![excluded(PLATE)]),
        (Transport::Ferry, vec![required(NUMBER)], vec![excluded(PLATE)]),
        (Transport::Train, vec![required(NUMBER)], vec![excluded(PLATE)]),
        (Transport::Coach, vec![required(NUMBER)], vec![excluded(PLATE)]),
        (Transport::Car, vec![required(PLATE)], vec![excluded(NUMBER), excluded(SEAT)]),
        (Transport::Walk, vec![], vec![excluded(NUMBER), excluded(SEAT), excluded(PLATE)]),
        (Transport::Other, vec![], vec![excluded(PLATE)]),
    ];
    for (transport, without_all, with_all) in table {
        let bare = pb::Entry {
            transport: transport.into(),
            service_number: String::new(),
            seat: String::new(),
            ..flight()
        };
        let full =
            pb::Entry { transport: transport.into(), plate_number: "粤Z0000港".to_owned(), ..flight() };
        for (entry, expected) in [(bare, without_all), (full, with_all)] {
            let form = pb::RegistrationForm { entry: Some(entry), ..visitor() };
            assert_eq!(broken_by(parse(form, None, &RULES)), expected, "{transport:?}");
        }
    }
}

#[test]
fn seats_and_numbers_are_those_of_the_vehicle() {
    check(
        &RULES,
        visitor,
        &[
            (
                "a train's number",
                |form| entry(form).service_number = "G".to_owned(),
                &["form.entry.service_number FORMAT"],
            ),
            ("a train's seat", |form| entry(form).seat = "05车12F".to_owned(), &["form.entry.seat FORMAT"]),
            (
                "in a train",
                |form| {
                    *entry(form) = pb::Entry {
                        transport: Transport::Train.into(),
                        service_number: "G6501".to_owned(),
                        seat: "05车12F".to_owned(),
                        ..flight()
                    };
                },
                &[],
            ),
            ("no such transport", |form| entry(form).transport = 9, &["form.entry.transport UNKNOWN_VALUE"]),
        ],
    );
}

#[test]
fn stays_lie_in_the_window_before_entry() {
    fn only(form: &mut pb::RegistrationForm, country: &str, first: &str, last: &str) {
        form.travel_history = vec![stay(country, first, last)];
    }
    check(
        &RULES,
        resident,
        &[
            ("on the first day of the window", |form| only(form, "HKG", "2020-01-01", "2026-11-04"), &[]),
            (
                "before the window",
                |form| only(form, "HKG", "2020-01-01", "2026-11-03"),
                &["form.travel_history[0].last_date OUT_OF_RANGE"],
            ),
            (
                "after entry",
                |form| only(form, "HKG", "2026-11-01", "2026-11-26"),
                &["form.travel_history[0].last_date OUT_OF_RANGE"],
            ),
            (
                "the wrong way round",
                |form| only(form, "HKG", "2026-11-25", "2026-11-24"),
                &["form.travel_history[0].first_date OUT_OF_RANGE"],
            ),
            (
                "nothing",
                |form| only(form, "", "", ""),
                &[
                    "form.travel_history[0].country REQUIRED",
                    "form.travel_history[0].first_date REQUIRED",
                    "form.travel_history[0].last_date REQUIRED",
                ],
            ),
            (
                "in the third place",
                |form| {
                    form.travel_history = vec![stay("HKG", "2026-11-01", "2026-11-25"); 3];
                    form.travel_history[2].country = "Hong Kong".to_owned();
                },
                &["form.travel_history[2].country UNKNOWN_VALUE"],
            ),
            (
                "without an entry date to judge by",
                |form| {
                    form.entry = None;
                    only(form, "HKG", "1999-11-01", "1999-11-26");
                },
                &["form.entry REQUIRED"],
            ),
            ("twenty", |form| form.travel_history = vec![stay("HKG", "2026-11-01", "2026-11-25"); 20], &[]),
            (
                "twenty-one",
                |form| form.travel_history = vec![stay("HKG", "2026-11-01", "2026-11-25"); 21],
                &["form.travel_history LENGTH"],
            ),
        ],
    );
}

#[test]
fn an_endless_travel_history_gets_a_short_answer() {
    let form = pb::RegistrationForm { travel_history: vec![pb::Stay::default(); 10_000], ..resident() };
    assert_eq!(broken_by(parse(form, None, &RULES)).len(), 1 + 20 * 3);
}

#[test]
fn a_destination_says_where_in_the_city() {
    check(
        &RULES,
        visitor,
        &[
            (
                "nothing",
                |form| form.destination = Some(pb::Destination::default()),
                &["form.destination.division_code REQUIRED", "form.destination.address REQUIRED"],
            ),
            (
                "another city",
                |form| destination(form).division_code = "440106".to_owned(),
                &["form.destination.division_code UNKNOWN_VALUE"],
            ),
            (
                "undecided",
                |form| destination(form).address = "待定".to_owned(),
                &["form.destination.address LENGTH", "form.destination.address FILLER_ADDRESS"],
            ),
            (
                "a hotel",
                |form| destination(form).address = "quarantine hotel".to_owned(),
                &["form.destination.address FILLER_ADDRESS"],
            ),
            (
                "a hotel without a name",
                |form| destination(form).accommodation_name.clear(),
                &["form.destination.accommodation_name REQUIRED"],
            ),
            (
                "a hotel called hotel",
                |form| destination(form).accommodation_name = "酒店".to_owned(),
                &["form.destination.accommodation_name FILLER_ADDRESS"],
            ),
            (
                "a home without a name",
                |form| {
                    destination(form).accommodation = 2;
                    destination(form).accommodation_name.clear();
                },
                &[],
            ),
            ("not stated", |form| destination(form).accommodation = 0, &[]),
            (
                "no such kind",
                |form| destination(form).accommodation = 7,
                &["form.destination.accommodation UNKNOWN_VALUE"],
            ),
        ],
    );
}
