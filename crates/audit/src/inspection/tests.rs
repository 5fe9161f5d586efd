//! A chain in memory is tampered with in every way that a database allows; the inspection says where.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use proptest::prelude::*;
use uuid::Uuid;

use super::{Filed, Finding, Place, Walk};
use crate::{
    chain::Head,
    record::{Mac, Record, Signed},
};

/// A MAC for tests: nobody who tampers here knows its keys.
fn mac(key: u8, bytes: &[u8]) -> Mac {
    let part = |part: u8| {
        let mut hasher = DefaultHasher::new();
        (key, part, bytes).hash(&mut hasher);
        hasher.finish().to_be_bytes()
    };
    let mut code = [0; 32];
    for (index, eight) in code.chunks_exact_mut(8).enumerate() {
        eight.copy_from_slice(&part(u8::try_from(index).expect("few")));
    }
    Mac { key: [key; 8], code }
}

/// Keys 1 and 2 are in the ring.
fn matches(of: &Mac, bytes: &[u8]) -> bool {
    [1, 2].into_iter().any(|key| mac(key, bytes) == *of)
}

/// The tables.
#[derive(Debug, Clone)]
struct Tables {
    records: BTreeMap<Uuid, Signed>,
    places: BTreeMap<i64, (Uuid, Mac)>,
    head: Head,
}

fn record(number: u128) -> Record {
    Record {
        id: Uuid::from_u128(number),
        time: 1_795_000_000_000_000,
        caller: "kiosk".to_owned(),
        peer: "gateway".to_owned(),
        rpc: "entrypass.registration.v1.RegistrationService/GetRegistration".to_owned(),
        purpose: Some("SELF_SERVICE".to_owned()),
        resource: Some("registrations/00000000-0000-7000-8000-000000000001".to_owned()),
        subject: Some(Uuid::from_u128(77)),
        outcome: "OK".to_owned(),
        trace_id: Uuid::from_u128(5),
    }
}

impl Tables {
    /// As the service writes them: `count` records, the key of which is changed after the first `rotated`.
    fn written(count: usize, rotated: usize) -> Self {
        let mut tables = Self { records: BTreeMap::new(), places: BTreeMap::new(), head: Head::EMPTY };
        for number in 1..=count {
            tables.write(number as u128, if number <= rotated { 1 } else { 2 });
        }
        tables
    }

    fn write(&mut self, number: u128, key: u8) {
        let signed = record(number).sign(|bytes| mac(key, bytes));
        let of = signed.mac.expect("signed");
        let (head, link) = self.head.next(&of, |bytes| mac(key, bytes));
        self.places.insert(head.position, (signed.record.id, link));
        self.records.insert(signed.record.id, signed);
        self.head = head;
    }

    fn position_of(&self, record: Uuid) -> Option<i64> {
        self.places.iter().find(|(_, (placed, _))| *placed == record).map(|(position, _)| *position)
    }

    fn findings(&self, expect: Option<Head>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (id, signed) in &self.records {
            let filed = Filed { signed: signed.clone(), position: self.position_of(*id), waits: false };
            findings.extend(filed.inspect(matches));
        }
        let mut walk = Walk::new(Some(self.head), expect);
        for (position, (record, link)) in self.places.range(..=self.head.position) {
            let mac = self.records.get(record).map(|signed| signed.mac);
            let place = Place { position: *position, link: Some(*link), record: *record, mac };
            findings.extend(walk.step(&place, matches));
        }
        findings.extend(walk.end());
        let beyond = self.places.range(self.head.position + 1..).next();
        findings.extend(beyond.map(|(position, _)| Finding::Beyond { position: *position }));
        findings
    }

    fn nth(&mut self, number: usize) -> &mut Signed {
        self.records.values_mut().nth(number - 1).expect("a record")
    }
}

/// A chain, when its key was rotated, and one of its positions.
fn chain() -> impl Strategy<Value = (Tables, usize)> {
    (1..12_usize, 0..12_usize)
        .prop_flat_map(|(count, rotated)| (Just(Tables::written(count, rotated)), 1..=count))
}

fn at(number: usize) -> i64 {
    i64::try_from(number).expect("few")
}

/// One field of a record at a time, to another value.
fn changes() -> [fn(&mut Signed); 12] {
    [
        |signed| signed.record.time += 1,
        |signed| signed.record.caller = "clinic".to_owned(),
        |signed| signed.record.peer.clear(),
        |signed| signed.record.rpc.push('x'),
        |signed| signed.record.purpose = None,
        |signed| signed.record.resource = None,
        |signed| signed.record.subject = None,
        |signed| signed.record.outcome = "HOLDER_NOT_FOUND".to_owned(),
        |signed| signed.record.trace_id = Uuid::nil(),
        |signed| signed.mac = None,
        |signed| signed.mac = Some(Mac { key: [1; 8], code: [9; 32] }),
        // Signed anew, by somebody who has a key of their own.
        |signed| *signed = signed.record.clone().sign(|bytes| mac(66, bytes)),
    ]
}

proptest! {
    #[test]
    fn what_the_service_wrote_is_good((tables, number) in chain()) {
        prop_assert_eq!(tables.findings(None), []);
        // Also by what was noted anywhere on the way.
        let noted = Tables::written(number, 0).head;
        let mut tables = Tables::written(number, 0);
        tables.write(100, 2);
        prop_assert_eq!(tables.findings(Some(noted)), []);
        prop_assert_eq!(tables.findings(Some(Head::EMPTY)), []);
    }

    #[test]
    fn a_record_that_was_changed_is_named((tables, number) in chain(), change in 0..12_usize) {
        let mut tables = tables;
        let record = tables.nth(number).record.id;
        changes()[change](tables.nth(number));
        let findings = tables.findings(None);
        prop_assert_eq!(findings.first().copied(), Some(Finding::Changed { position: at(number), record }));
        // Nothing else is called wrong, but the same place again where the MAC itself was changed.
        let again = Finding::Misplaced { position: at(number), record };
        prop_assert!(findings.iter().skip(1).all(|finding| *finding == again));
    }

    #[test]
    fn a_record_that_was_removed_is_named((tables, number) in chain()) {
        let record = Uuid::from_u128(number as u128);
        let position = at(number);
        let mut without_record = tables.clone();
        without_record.records.remove(&record);
        prop_assert_eq!(without_record.findings(None), [Finding::Removed { position, record }]);

        let mut without_place = tables.clone();
        without_place.places.remove(&position);
        let gap = Finding::Gap { from: position, to: position };
        prop_assert_eq!(without_place.findings(None), [Finding::Unplaced { record }, gap]);

        let mut without_both = without_place;
        without_both.records.remove(&record);
        prop_assert_eq!(without_both.findings(None), [gap]);

        // The others close up.
        let mut closed_up = tables.clone();
        closed_up.records.remove(&record);
        closed_up.places = tables.places.iter().filter(|(at, _)| **at != position)
            .map(|(at, place)| (at - i64::from(*at > position), *place)).collect();
        let last = tables.places.len() == number;
        let expected = if last { gap } else { Finding::Misplaced { position, record: Uuid::from_u128(number as u128 + 1) } };
        prop_assert_eq!(closed_up.findings(None).first().copied(), Some(expected));
    }

    #[test]
    fn a_record_that_was_inserted_is_named((tables, number) in chain(), key in 60..70_u8) {
        let foreign = record(1000).sign(|bytes| mac(key, bytes));
        let id = foreign.record.id;
        let mut without_place = tables.clone();
        without_place.records.insert(id, foreign.clone());
        prop_assert_eq!(without_place.findings(None), [Finding::Foreign { record: id }]);

        // At the end, with the head moved along, and without.
        let mut appended = without_place.clone();
        let (head, link) = tables.head.next(&foreign.mac.expect("signed"), |bytes| mac(key, bytes));
        appended.places.insert(head.position, (id, link));
        let behind = Finding::Changed { position: head.position, record: id };
        prop_assert_eq!(appended.findings(None), [behind, Finding::Beyond { position: head.position }]);
        appended.head = head;
        prop_assert_eq!(appended.findings(None), [behind, Finding::Misplaced { position: head.position, record: id }]);

        // In another's place, and the others make room.
        let position = at(number);
        let mut pushed_in = without_place;
        pushed_in.places = tables.places.iter().map(|(at, place)| (at + i64::from(*at >= position), *place)).collect();
        pushed_in.places.insert(position, (id, link));
        pushed_in.head = Head { position: tables.head.position + 1, ..tables.head };
        let findings = pushed_in.findings(None);
        prop_assert!(findings.contains(&Finding::Changed { position, record: id }), "{:?}", findings);
        prop_assert!(findings.contains(&Finding::Misplaced { position, record: id }), "{:?}", findings);

        // Where nobody looks: before the first place.
        let mut hidden = tables;
        hidden.records.insert(id, foreign);
        hidden.places.insert(-at(number), (id, link));
        let changed = Finding::Changed { position: -at(number), record: id };
        prop_assert!(hidden.findings(None).contains(&changed));
    }

    #[test]
    fn records_in_another_order_are_named((tables, number) in chain(), other in 1..12_usize, with_links in any::<bool>()) {
        let other = 1 + other % tables.places.len();
        prop_assume!(other != number);
        let (first, second) = (at(number.min(other)), at(number.max(other)));
        let mut moved = tables.clone();
        let (of_first, of_second) = (tables.places[&first], tables.places[&second]);
        let links = if with_links { (of_second.1, of_first.1) } else { (of_first.1, of_second.1) };
        moved.places.insert(first, (of_second.0, links.0));
        moved.places.insert(second, (of_first.0, links.1));
        let expected = Finding::Misplaced { position: first, record: of_second.0 };
        prop_assert_eq!(moved.findings(None).first().copied(), Some(expected));
    }

    #[test]
    fn an_end_that_was_cut_off_is_found_by_whoever_noted_it(number in 1..12_usize, again in 0..3_usize) {
        let mut cut = Tables::written(number - 1, 0);
        let mut full = Tables::written(number - 1, 0);
        for more in 0..=again {
            full.write(200 + more as u128, 1);
        }
        let full_head = full.head;
        // Nothing is to be seen without the note.
        prop_assert_eq!(cut.findings(None), []);
        let found = cut.head.position;
        prop_assert_eq!(cut.findings(Some(full_head)), [Finding::CutOff { expected: full_head.position, found }]);
        // The service goes on, and the chain grows over what is missing.
        for more in 0..=again + 2 {
            cut.write(300 + more as u128, 1);
        }
        prop_assert_eq!(cut.findings(None), []);
        prop_assert_eq!(cut.findings(Some(full_head)), [Finding::Rewritten { position: full_head.position }]);
    }
}

#[test]
fn what_was_renumbered_is_told_once_and_the_next_break_as_well() {
    let mut tables = Tables::written(1000, 2);
    // 500 and 900 are removed, and the others close up.
    for removed in [900, 500] {
        tables.records.remove(&Uuid::from_u128(removed));
        let number = i64::try_from(removed).expect("few");
        tables.places.remove(&number);
        tables.places =
            tables.places.iter().map(|(at, place)| (at - i64::from(*at > number), *place)).collect();
    }
    let misplaced = Finding::Misplaced { position: 500, record: Uuid::from_u128(501) };
    let on = Finding::MisplacedOn { from: 501, to: 998 };
    assert_eq!(tables.findings(None), [misplaced, on, Finding::Gap { from: 999, to: 1000 }]);

    // Two runs, with a good place between them.
    let mut tables = Tables::written(20, 2);
    for (one, other) in [(4, 5), (14, 15)] {
        let (of_one, of_other) = (tables.places[&one], tables.places[&other]);
        tables.places.insert(one, of_other);
        tables.places.insert(other, of_one);
    }
    let run = |position, record| {
        let first = Finding::Misplaced { position, record: Uuid::from_u128(record) };
        [first, Finding::MisplacedOn { from: position + 1, to: position + 2 }]
    };
    assert_eq!(tables.findings(None), [run(4, 5), run(14, 15)].concat());
}

#[test]
fn a_head_that_was_set_is_found() {
    let tables = Tables::written(5, 2);
    let set = |position, link| Tables { head: Head { position, link }, ..tables.clone() };
    let of_three = Tables::written(3, 2).head;
    assert_eq!(set(3, of_three.link).findings(None), [Finding::Beyond { position: 4 }]);
    assert_eq!(set(7, tables.head.link).findings(None), [Finding::Gap { from: 6, to: 7 }]);
    assert_eq!(set(5, of_three.link).findings(None), [Finding::WrongHead { position: 5 }]);
    let beyond = Finding::Beyond { position: 1 };
    assert_eq!(set(0, Head::EMPTY.link).findings(None), [beyond]);
}

#[test]
fn a_key_that_is_not_in_the_ring_makes_nothing_good() {
    let mut tables = Tables::written(2, 2);
    tables.write(3, 3);
    let (position, record) = (3, Uuid::from_u128(3));
    let expected = [Finding::Changed { position, record }, Finding::Misplaced { position, record }];
    assert_eq!(tables.findings(None), expected);
}

#[test]
fn a_record_that_waits_is_none_that_was_left_out() {
    let signed = record(1).sign(|bytes| mac(1, bytes));
    let record = signed.record.id;
    let filed = |waits| Filed { signed: signed.clone(), position: None, waits };
    assert_eq!(filed(true).inspect(matches), None);
    assert_eq!(filed(false).inspect(matches), Some(Finding::Unplaced { record }));
    let forged = Signed { mac: None, ..signed.clone() };
    let waiting = Filed { signed: forged, position: None, waits: true };
    assert_eq!(waiting.inspect(matches), Some(Finding::Foreign { record }));
}
