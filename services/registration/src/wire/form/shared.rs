//! What a companion's form has in common with the holder's, stated once: copied by reflection, as an amendment is.

use entrypass_proto::registration::v1 as pb;
use entrypass_rule::{Rule, Text, Violations};

use super::{
    merge::{certain, put, reflect, resolve, value_at},
    render,
};
use crate::form::{Form, rule};

/// What people who travel together can have in common: the journey, the address, the contacts. Nothing of who somebody is.
const SHARED: [&str; 9] = [
    "entry",
    "travel_history",
    "destination",
    "stay_days",
    "purpose",
    "host",
    "domestic_contact",
    "emergency_contact",
    "mobile_phone",
];

/// Fields that are taken from another form: a few of [`SHARED`].
pub(crate) struct SharedPaths(Vec<&'static str>);

impl SharedPaths {
    /// Reads `shared_paths`; each path that may not be shared is told at its place, and the others can be judged all the same.
    pub(crate) fn parse(mask: &prost_types::FieldMask) -> (Self, Violations) {
        let mut violations = Violations::default();
        if mask.paths.len() > SHARED.len() {
            violations.add("shared_paths", rule::list_length(SHARED.len()));
        }
        let mut shared = Vec::new();
        for (place, path) in mask.paths.iter().take(SHARED.len()).enumerate() {
            match SHARED.into_iter().find(|field| field == path) {
                Some(field) => shared.push(field),
                None => violations.add(format!("shared_paths.paths[{place}]"), not_shared()),
            }
        }
        (Self(shared), violations)
    }

    /// `form` with these fields as in `from`, and which of them were not unset in it, as they must be. The result is yet to be
    /// [parsed](super::parse).
    pub(crate) fn fill(
        &self,
        form: &pb::RegistrationForm,
        from: &Form,
    ) -> (pb::RegistrationForm, Violations) {
        let mut violations = Violations::default();
        let (given, source) = (reflect(form), reflect(&render(from)));
        let mut filled = given.clone();
        for path in self.0.iter().filter_map(|name| resolve(name)) {
            for field in path.iter().filter(|field| given.has_field(field)) {
                violations.add(format!("form.{}", field.name()), given_twice());
            }
            put(&mut filled, &path, value_at(&source, &path));
        }
        (certain(filled.transcode_to()), violations)
    }
}

fn not_shared() -> Rule {
    let text =
        Text::new("不是可以共用的填报项", "not a field that companions can have in common with the holder");
    Rule::new("UNKNOWN_PATH", text)
}

fn given_twice() -> Rule {
    let text =
        Text::new("该项与登记人共用，须留空", "leave this out of the form: it is shared with the holder");
    Rule::new("EXCLUDED", text)
}

#[cfg(test)]
mod tests {
    use entrypass_proto::registration::v1 as pb;
    use prost_types::FieldMask;

    use super::{SHARED, SharedPaths};
    use crate::wire::form::fixture::{broken_by, parsed, passport, visitor};

    /// A companion's form with `paths` as in the visitor's, or what is wrong with that.
    fn filled(form: &pb::RegistrationForm, paths: &[&str]) -> Result<pb::RegistrationForm, Vec<String>> {
        let mask = FieldMask { paths: paths.iter().map(|&path| path.to_owned()).collect() };
        let (shared, mut broken) = SharedPaths::parse(&mask);
        let (filled, given_twice) = shared.fill(form, &parsed(visitor(), &passport()));
        broken.extend(given_twice);
        if broken.is_empty() { Ok(filled) } else { Err(broken_by::<()>(Err(broken))) }
    }

    #[test]
    fn what_is_named_is_the_holders_and_all_else_the_companions() {
        let own = pb::RegistrationForm {
            surname: "ERIKSSON".to_owned(),
            host: "Own host".to_owned(),
            ..Default::default()
        };
        let given = filled(&own, &["destination", "entry", "destination"]).expect("shared");
        let expected = pb::RegistrationForm {
            destination: visitor().destination,
            entry: visitor().entry,
            ..own.clone()
        };
        assert!(given == expected);
        assert!(filled(&own, &[]).expect("nothing is shared") == own);
    }

    #[test]
    fn everything_that_may_be_shared_can_be() {
        let holder = visitor();
        let given = filled(&pb::RegistrationForm::default(), &SHARED).expect("shared");
        let expected = pb::RegistrationForm {
            entry: holder.entry,
            travel_history: holder.travel_history,
            destination: holder.destination,
            stay_days: holder.stay_days,
            purpose: holder.purpose,
            host: holder.host,
            domestic_contact: holder.domestic_contact,
            emergency_contact: holder.emergency_contact,
            mobile_phone: holder.mobile_phone,
            ..Default::default()
        };
        assert!(given == expected);
    }

    #[test]
    fn nothing_is_stated_twice() {
        let own = pb::RegistrationForm {
            stay_days: 3,
            mobile_phone: "+447700900001".to_owned(),
            ..Default::default()
        };
        let refused = filled(&own, &["stay_days", "host", "mobile_phone"]).err();
        let expected = ["form.stay_days EXCLUDED", "form.mobile_phone EXCLUDED"].map(str::to_owned);
        assert_eq!(refused, Some(expected.to_vec()));
    }

    #[test]
    fn nothing_of_who_somebody_is_can_be_shared() {
        for path in ["surname", "birth_date", "health", "occupation", "destination.address", "", "form"] {
            let refused = filled(&pb::RegistrationForm::default(), &["entry", path]).err();
            assert_eq!(refused, Some(vec!["shared_paths.paths[1] UNKNOWN_PATH".to_owned()]), "{path}");
        }
        let refused = filled(&pb::RegistrationForm::default(), &["entry"; 10]).err();
        assert_eq!(refused, Some(vec!["shared_paths LENGTH".to_owned()]));
    }
}
