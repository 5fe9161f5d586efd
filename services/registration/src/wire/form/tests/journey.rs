//! Entry, travel history and destination.

use entrypass_proto::registration::v1 as pb;
use pb::entry::Transport;

use super::super::fixture::{NOTHING, flight, stay};
use super::{resident_with, visitor_with};

const NUMBER: &str = "form.entry.service_number";
const SEAT: &str = "form.entry.seat";
const PLATE: &str = "form.entry.plate_number";

fn entry_with(change: impl FnOnce(&mut pb::Entry)) -> Vec<String> {
    visitor_with(|form| change(form.entry.get_or_insert_default()))
}

fn destination_with(change: impl FnOnce(&mut pb::Destination)) -> Vec<String> {
    visitor_with(|form| change(form.destination.get_or_insert_default()))
}

fn stayed(country: &str, first: &str, last: &str) -> Vec<String> {
    resident_with(|form| form.travel_history = vec![stay(country, first, last)])
}

#[test]
fn an_entry_has_a_port_a_day_and_a_departure() {
    let expected = [
        "form.entry.port_of_entry REQUIRED",
        "form.entry.entry_date REQUIRED",
        "form.entry.transport REQUIRED",
        "form.entry.departure_country REQUIRED",
    ];
    assert_eq!(entry_with(|entry| *entry = pb::Entry::default()), expected);
    assert_eq!(entry_with(|entry| entry.port_of_entry = "HKHKG".into()), ["form.entry.port_of_entry FORMAT"]);
    let no_place = entry_with(|entry| entry.departure_country = "XX".into());
    assert_eq!(no_place, ["form.entry.departure_country UNKNOWN_VALUE"]);
    let long_city = entry_with(|entry| entry.departure_city = "京".repeat(101));
    assert_eq!(long_city, ["form.entry.departure_city LENGTH"]);
    assert_eq!(entry_with(|entry| entry.departure_city.clear()), NOTHING);
}

#[test]
fn an_entry_outside_its_window_takes_the_stays_along() {
    let expected = [
        "form.entry.entry_date OUT_OF_RANGE",
        "form.travel_history[0].last_date OUT_OF_RANGE",
        "form.travel_history[1].last_date OUT_OF_RANGE",
    ];
    assert_eq!(entry_with(|entry| entry.entry_date = "2026-11-08".into()), expected);
}

#[test]
fn each_means_of_transport_asks_for_its_own() {
    let required = |path: &str| format!("{path} REQUIRED");
    let excluded = |path: &str| format!("{path} EXCLUDED");
    let service = || (vec![required(NUMBER)], vec![excluded(PLATE)]);
    let table = [
        (Transport::Air, service()),
        (Transport::Ship, service()),
        (Transport::Ferry, service()),
        (Transport::Train, service()),
        (Transport::Coach, service()),
        (Transport::Car, (vec![required(PLATE)], vec![excluded(NUMBER), excluded(SEAT)])),
        (Transport::Walk, (vec![], vec![excluded(NUMBER), excluded(SEAT), excluded(PLATE)])),
        (Transport::Other, (vec![], vec![excluded(PLATE)])),
    ];
    for (transport, (with_none, with_all)) in table {
        let none = entry_with(|entry| {
            entry.transport = transport.into();
            entry.service_number.clear();
            entry.seat.clear();
        });
        let all = entry_with(|entry| {
            entry.transport = transport.into();
            entry.plate_number = "粤Z0000港".into();
        });
        assert_eq!((none, all), (with_none, with_all), "{transport:?}");
    }
    assert_eq!(entry_with(|entry| entry.transport = 9), ["form.entry.transport UNKNOWN_VALUE"]);
}

#[test]
fn seats_and_numbers_are_those_of_the_vehicle() {
    let train = |transport: Transport| {
        entry_with(|entry| {
            let (service_number, seat) = ("SHIP-001".into(), "05车12F".into());
            *entry = pb::Entry { transport: transport.into(), service_number, seat, ..flight() };
        })
    };
    assert_eq!(train(Transport::Train), NOTHING);
    assert_eq!(train(Transport::Air), [format!("{NUMBER} FORMAT"), format!("{SEAT} FORMAT")]);
}

#[test]
fn a_stay_ends_in_the_window_before_entry() {
    const LAST: &str = "form.travel_history[0].last_date OUT_OF_RANGE";
    // Entry is declared two days ahead: the window begins 21 days before today.
    assert_eq!(stayed("HKG", "2020-01-01", "2026-11-02"), NOTHING);
    assert_eq!(stayed("HKG", "2020-01-01", "2026-11-01"), [LAST]);
    assert_eq!(stayed("HKG", "2026-11-25", "2026-11-25"), NOTHING);
    assert_eq!(stayed("HKG", "2026-11-01", "2026-11-26"), [LAST]);
    let first = "form.travel_history[0].first_date OUT_OF_RANGE";
    assert_eq!(stayed("HKG", "2026-11-25", "2026-11-24"), [first]);
}

#[test]
fn a_stay_is_named_by_its_place_in_the_list() {
    let third = resident_with(|form| {
        form.travel_history = vec![stay("HKG", "2026-11-01", "2026-11-25"); 3];
        form.travel_history[2] = stay("Hong Kong", "", "yesterday");
    });
    let expected = [
        "form.travel_history[2].country UNKNOWN_VALUE",
        "form.travel_history[2].first_date REQUIRED",
        "form.travel_history[2].last_date NOT_A_DATE",
    ];
    assert_eq!(third, expected);
}

#[test]
fn stays_are_judged_by_an_entry_date_that_could_be_read() {
    let unread = resident_with(|form| {
        form.entry.get_or_insert_default().entry_date = "soon".into();
        form.travel_history = vec![stay("HKG", "1999-11-01", "1999-11-26")];
    });
    assert_eq!(unread, ["form.entry.entry_date NOT_A_DATE"]);
    let without_port = resident_with(|form| {
        form.entry.get_or_insert_default().port_of_entry.clear();
        form.travel_history = vec![stay("HKG", "1999-11-01", "1999-11-26")];
    });
    let expected = ["form.entry.port_of_entry REQUIRED", "form.travel_history[0].last_date OUT_OF_RANGE"];
    assert_eq!(without_port, expected);
}

#[test]
fn a_travel_history_has_one_to_twenty_stays_and_a_short_answer() {
    let of = |stay: pb::Stay, length| resident_with(|form| form.travel_history = vec![stay; length]);
    let in_hong_kong = || stay("HKG", "2026-11-01", "2026-11-25");
    assert_eq!(of(in_hong_kong(), 0), ["form.travel_history REQUIRED"]);
    assert_eq!(of(in_hong_kong(), 20), NOTHING);
    assert_eq!(of(in_hong_kong(), 21), ["form.travel_history LENGTH"]);
    assert_eq!(of(pb::Stay::default(), 10_000).len(), 1 + 20 * 3);
}

#[test]
fn a_destination_says_where_in_the_city() {
    let nothing = destination_with(|it| *it = pb::Destination::default());
    assert_eq!(nothing, ["form.destination.division_code REQUIRED", "form.destination.address REQUIRED"]);
    let elsewhere = destination_with(|it| it.division_code = "440106".into());
    assert_eq!(elsewhere, ["form.destination.division_code UNKNOWN_VALUE"]);
    let filler = "form.destination.address FILLER_ADDRESS";
    assert_eq!(
        destination_with(|it| it.address = "待定".into()),
        ["form.destination.address LENGTH", filler]
    );
    assert_eq!(destination_with(|it| it.address = "quarantine hotel".into()), [filler]);
    assert_eq!(destination_with(|it| it.address = "无名路1号".into()), NOTHING);
}

#[test]
fn a_hotel_has_a_name() {
    const NAME: &str = "form.destination.accommodation_name";
    assert_eq!(destination_with(|it| it.accommodation_name.clear()), [format!("{NAME} REQUIRED")]);
    let hotel = destination_with(|it| it.accommodation_name = "酒店".into());
    assert_eq!(hotel, [format!("{NAME} FILLER_ADDRESS")]);
    for no_hotel in [0, 2, 3, 4, 5, 6] {
        let broken = destination_with(|it| {
            it.accommodation = no_hotel;
            it.accommodation_name.clear();
        });
        assert_eq!(broken, NOTHING, "{no_hotel}");
    }
    let unknown = destination_with(|it| it.accommodation = 7);
    assert_eq!(unknown, ["form.destination.accommodation UNKNOWN_VALUE"]);
}
