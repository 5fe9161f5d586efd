//! Reads the journey: entry, travel history, destination.

use entrypass_proto::registration::v1 as pb;
use pb::entry::Transport as Kind;
use time::Date;

use super::choice;
use super::reader::Reader;
use crate::form::destination::{Accommodation, AccommodationName, Address, Destination, DivisionCode};
use crate::form::entry::{
    City, Entry, FlightNumber, FlightSeat, PlateNumber, PortOfEntry, Seat, Service, ServiceNumber, Transport,
};
use crate::form::stay::{MAX_STAYS, Stay};
use crate::form::{date, rule};
use entrypass_rule::Rule;

const SERVICE_NUMBER: &str = "form.entry.service_number";
const SEAT: &str = "form.entry.seat";
const PLATE_NUMBER: &str = "form.entry.plate_number";

/// What of an entry depends on the means of transport.
struct Vehicle {
    transport: i32,
    service_number: String,
    seat: String,
    plate_number: String,
}

impl Reader<'_> {
    /// Reads the entry; its date also by itself, because other fields are judged by it.
    pub(super) fn entry(&mut self, entry: Option<pb::Entry>) -> (Option<Date>, Option<Entry>) {
        let Some(pb::Entry {
            port_of_entry,
            entry_date,
            transport,
            service_number,
            seat,
            plate_number,
            departure_country,
            departure_city,
        }) = self.message("form.entry", entry)
        else {
            return (None, None);
        };
        let port_of_entry = self.required("form.entry.port_of_entry", &port_of_entry, PortOfEntry::parse);
        let entry_date = self.date("form.entry.entry_date", &entry_date);
        let outside = entry_date.and_then(|date| date::broken_by_entry(date, self.rules));
        self.note("form.entry.entry_date", outside);
        let transport = self.transport(&Vehicle { transport, service_number, seat, plate_number });
        let departure_country = self.country("form.entry.departure_country", &departure_country);
        let departure_city = self.optional("form.entry.departure_city", &departure_city, City::parse);
        let entry = || {
            Some(Entry {
                port_of_entry: port_of_entry?,
                entry_date: entry_date?,
                transport: transport?,
                departure_country: departure_country?,
                departure_city,
            })
        };
        (entry_date, entry())
    }

    fn transport(&mut self, vehicle: &Vehicle) -> Option<Transport> {
        let Vehicle { transport, service_number, seat, plate_number } = vehicle;
        let kind = self.choice("form.entry.transport", *transport, given)?;
        if kind == Kind::Car {
            let plate_number = self.required(PLATE_NUMBER, plate_number, PlateNumber::parse);
            self.no_service(service_number, seat);
            return Some(Transport::Car { plate_number: plate_number? });
        }
        let transport = match kind {
            Kind::Unspecified | Kind::Car => None,
            Kind::Air => {
                let service_number = self.required(SERVICE_NUMBER, service_number, FlightNumber::parse);
                let seat = self.optional(SEAT, seat, FlightSeat::parse);
                service_number.map(|service_number| Transport::Air { service_number, seat })
            }
            Kind::Ship => self.service(service_number, seat).map(Transport::Ship),
            Kind::Ferry => self.service(service_number, seat).map(Transport::Ferry),
            Kind::Train => self.service(service_number, seat).map(Transport::Train),
            Kind::Coach => self.service(service_number, seat).map(Transport::Coach),
            Kind::Walk => {
                self.no_service(service_number, seat);
                Some(Transport::Walk)
            }
            Kind::Other => Some(Transport::Other {
                service_number: self.optional(SERVICE_NUMBER, service_number, ServiceNumber::parse),
                seat: self.optional(SEAT, seat, Seat::parse),
            }),
        };
        self.absent(PLATE_NUMBER, plate_number, rule::excluded("仅自驾车填写", "only for CAR"));
        transport
    }

    fn service(&mut self, service_number: &str, seat: &str) -> Option<Service> {
        let service_number = self.required(SERVICE_NUMBER, service_number, ServiceNumber::parse);
        let seat = self.optional(SEAT, seat, Seat::parse);
        service_number.map(|service_number| Service { service_number, seat })
    }

    fn no_service(&mut self, service_number: &str, seat: &str) {
        let rule = || rule::excluded("自驾车和步行不填写", "not for CAR and WALK");
        self.absent(SERVICE_NUMBER, service_number, rule());
        self.absent(SEAT, seat, rule());
    }

    /// Reads the stays, of which no more than the allowed number are looked at: each broken rule costs an answer text.
    pub(super) fn travel_history(&mut self, stays: Vec<pb::Stay>, entry_date: Option<Date>) -> Vec<Stay> {
        if stays.is_empty() {
            self.broken.add("form.travel_history", Rule::required());
        }
        if stays.len() > MAX_STAYS {
            self.broken.add("form.travel_history", rule::list_length(MAX_STAYS));
        }
        let places = stays.into_iter().take(MAX_STAYS).enumerate();
        places.filter_map(|(place, stay)| self.stay(place, stay, entry_date)).collect()
    }

    fn stay(&mut self, place: usize, stay: pb::Stay, entry_date: Option<Date>) -> Option<Stay> {
        let pb::Stay { country, first_date, last_date } = stay;
        let field = |name: &str| format!("form.travel_history[{place}].{name}");
        let country = self.country(&field("country"), &country);
        let first_date = self.date(&field("first_date"), &first_date);
        let last_date = self.date(&field("last_date"), &last_date);
        if let (Some(first), Some(last)) = (first_date, last_date) {
            self.note(&field("first_date"), date::broken_by_order(first, last));
        }
        if let (Some(last), Some(entry)) = (last_date, entry_date) {
            self.note(&field("last_date"), date::broken_by_stay(last, entry, self.rules));
        }
        Some(Stay { country: country?, first_date: first_date?, last_date: last_date? })
    }

    pub(super) fn destination(&mut self, destination: Option<pb::Destination>) -> Option<Destination> {
        let pb::Destination { division_code, address, accommodation, accommodation_name } =
            self.message("form.destination", destination)?;
        let division_code =
            self.required("form.destination.division_code", &division_code, DivisionCode::parse);
        let address = self.required("form.destination.address", &address, Address::parse_telling);
        let accommodation =
            self.optional_choice("form.destination.accommodation", accommodation, choice::accommodation);
        let name = "form.destination.accommodation_name";
        let accommodation_name = if accommodation == Some(Accommodation::Hotel) {
            self.required(name, &accommodation_name, AccommodationName::parse_telling)
        } else {
            self.optional(name, &accommodation_name, AccommodationName::parse_telling)
        };
        Some(Destination {
            division_code: division_code?,
            address: address?,
            accommodation,
            accommodation_name,
        })
    }
}

fn given(kind: Kind) -> Option<Kind> {
    (kind != Kind::Unspecified).then_some(kind)
}
