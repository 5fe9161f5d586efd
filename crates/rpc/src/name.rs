//! Resource names, `{collection}/{uuid}`, as every service gives and takes them.

use entrypass_rule::{Rule, Text};
use uuid::Uuid;

/// The name of the resource `id` in `collection`.
#[must_use]
pub fn resource_name(collection: &str, id: Uuid) -> String {
    format!("{collection}/{id}")
}

/// Reads the name of a resource in `collection`. Only the spelling that is given out is taken: one resource has one name.
///
/// # Errors
/// `REQUIRED` for an empty name, `FORMAT` for any other that is not one.
pub fn resource_id(collection: &str, name: &str) -> Result<Uuid, [Rule; 1]> {
    if name.is_empty() {
        return Err([Rule::required()]);
    }
    let id = name.strip_prefix(collection).and_then(|rest| rest.strip_prefix('/'));
    let canonical = |text: &str| Uuid::try_parse(text).ok().filter(|id| id.to_string() == text);
    id.and_then(canonical).ok_or_else(|| {
        let zh_cn = format!("资源名称须为“{collection}/{{id}}”，原样传回");
        let en = format!("a resource name is {collection}/{{id}}, unchanged as it was received");
        [Rule::new("FORMAT", Text::new(zh_cn, en))]
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{resource_id, resource_name};

    #[test]
    fn only_a_name_as_it_was_given_out_is_taken() {
        let table = [
            ("registrations/0193a1b2-0000-7000-8000-00000000000a", None),
            ("", Some("REQUIRED")),
            ("registrations/", Some("FORMAT")),
            ("registrations", Some("FORMAT")),
            ("0193a1b2-0000-7000-8000-00000000000a", Some("FORMAT")),
            ("applications/0193a1b2-0000-7000-8000-00000000000a", Some("FORMAT")),
            ("registrations/0193A1B2-0000-7000-8000-00000000000A", Some("FORMAT")),
            ("registrations/0193a1b2000070008000000000000 00a", Some("FORMAT")),
            ("registrations/0193a1b200007000800000000000000a", Some("FORMAT")),
            ("registrations/{0193a1b2-0000-7000-8000-00000000000a}", Some("FORMAT")),
            ("registrations/0193a1b2-0000-7000-8000-00000000000a/", Some("FORMAT")),
            ("registrations//0193a1b2-0000-7000-8000-00000000000a", Some("FORMAT")),
            ("登记/甲", Some("FORMAT")),
        ];
        for (name, expected) in table {
            let broken = resource_id("registrations", name).err().map(|[rule]| rule.reason);
            assert_eq!(broken, expected, "{name:?}");
        }
    }

    #[test]
    fn a_name_that_is_given_out_is_taken_back() {
        let id = Uuid::from_u128(0x0193_a1b2_0000_7000_8000_0000_0000_000a);
        assert_eq!(resource_id("companions", &resource_name("companions", id)), Ok(id));
    }
}
