//! Copies the fields of a mask from one form into another, by reflection: a field that is added to the contract can be
//! amended without a line here.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::LazyLock;

use entrypass_proto::FILE_DESCRIPTOR_SET;
use entrypass_proto::registration::v1 as pb;
use entrypass_rule::Violations;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _, Value,
};

use super::render;
use crate::form::{Form, rule};

/// What no amendment changes; a mistake in them, or in the number, is put right by a correction.
const IDENTITY_FIELDS: [&str; 7] =
    ["chinese_name", "surname", "given_names", "single_name", "sex", "birth_date", "nationality"];

static FORM: LazyLock<MessageDescriptor> = LazyLock::new(|| {
    let pool = certain(DescriptorPool::decode(FILE_DESCRIPTOR_SET));
    certain(pool.get_message_by_name("entrypass.registration.v1.RegistrationForm").ok_or("no such message"))
});

/// Most paths of a mask: the form has fewer.
const MOST_PATHS: usize = 100;

/// The fields from the form down to one of its values, and nothing of any list.
type Path = Vec<FieldDescriptor>;

/// The identity fields that are part of a name.
const NAMES: [&str; 4] = ["chinese_name", "surname", "given_names", "single_name"];

/// The fields that a change takes, in the form's order, each once, and none of them inside another.
pub(crate) struct Mask(Vec<Path>);

/// What a change may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// All but identity fields.
    Amendment,
    /// As an amendment, and names, which are not of the mask: they are compared with those registered.
    NextEntry,
    /// Identity fields alone. It may be empty.
    Correction,
}

impl Mask {
    /// Reads a field mask. What is wrong with it is told beside what is right, so that the fields it names can be judged all the same:
    /// an empty mask at `update_mask`, each path that is not one of the form, or not one that `takes` takes, at its place in the mask, and each identity
    /// field that it does not take at its own path (`form.surname`).
    pub(crate) fn parse(mask: &prost_types::FieldMask, takes: Takes) -> (Self, Violations) {
        let mut broken = Violations::default();
        match mask.paths.len() {
            0 if takes == Takes::Correction => {}
            0 => broken.add("update_mask", rule::unknown_path()),
            1..=MOST_PATHS => {}
            _ => broken.add("update_mask", rule::list_length(MOST_PATHS)),
        }
        let mut resolved = Vec::new();
        for (place, path) in mask.paths.iter().take(MOST_PATHS).enumerate() {
            let identity = IDENTITY_FIELDS.contains(&path.as_str());
            match resolve(path) {
                _ if identity && takes != Takes::Correction => {}
                Some(path) if identity || takes != Takes::Correction => resolved.push(path),
                Some(_) => broken.add(format!("update_mask.paths[{place}]"), rule::not_identity_field()),
                None => broken.add(format!("update_mask.paths[{place}]"), rule::unknown_path()),
            }
        }
        let refused = |field: &&str| match takes {
            Takes::Amendment => true,
            Takes::NextEntry => !NAMES.contains(field),
            Takes::Correction => false,
        };
        for field in IDENTITY_FIELDS.into_iter().filter(refused) {
            if mask.paths.iter().any(|path| path == field) {
                broken.add(format!("form.{field}"), rule::identity_field());
            }
        }
        (Self(outermost(resolved)), broken)
    }

    /// Whether it names no field that can be taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The current form with the fields of this mask taken from `changes`: a field that is unset there is cleared. The result is yet to
    /// be [parsed](super::parse).
    pub(crate) fn merge(
        &self,
        current: &pb::RegistrationForm,
        changes: &pb::RegistrationForm,
    ) -> pb::RegistrationForm {
        let mut target = reflect(current);
        let source = reflect(changes);
        for path in &self.0 {
            put(&mut target, path, value_at(&source, path));
        }
        certain(target.transcode_to())
    }
}

/// `current` with the fields at `paths` taken from `wanted`.
pub(crate) fn with(
    paths: &[String],
    current: &pb::RegistrationForm,
    wanted: &pb::RegistrationForm,
) -> pb::RegistrationForm {
    let mask = Mask(outermost(paths.iter().filter_map(|path| resolve(path)).collect()));
    mask.merge(current, wanted)
}

fn outermost(paths: Vec<Path>) -> Vec<Path> {
    // Field numbers follow the form's order, and a path sorts right before those inside it.
    let by_number = |path: Path| (path.iter().map(FieldDescriptor::number).collect::<Vec<_>>(), path);
    let sorted: BTreeMap<Vec<u32>, Path> = paths.into_iter().map(by_number).collect();
    let mut outermost: Vec<(Vec<u32>, Path)> = Vec::new();
    for (numbers, path) in sorted {
        if !outermost.last().is_some_and(|(outer, _)| numbers.starts_with(outer)) {
            outermost.push((numbers, path));
        }
    }
    outermost.into_iter().map(|(_, path)| path).collect()
}

/// The fields that a path names; `None` if it is not one of the form.
pub(super) fn resolve(path: &str) -> Option<Path> {
    let mut message = Some(FORM.clone());
    path.split('.')
        .map(|name| {
            let field = message.take()?.get_field_by_name(name)?;
            message = match field.kind() {
                Kind::Message(inner) if !field.is_list() => Some(inner),
                _ => None,
            };
            Some(field)
        })
        .collect()
}

/// Whether `path` is one that an amendment takes.
pub(super) fn is_amendable(path: &str) -> bool {
    !IDENTITY_FIELDS.contains(&path) && resolve(path).is_some()
}

/// Paths of the fields in which `after` differs from `before`, in the form's order; a list differs as a whole.
pub(crate) fn changed_paths(before: &Form, after: &Form) -> Vec<String> {
    let mut paths = Vec::new();
    note_changes("", &reflect(&render(before)), &reflect(&render(after)), &mut paths);
    paths
}

fn note_changes(prefix: &str, before: &DynamicMessage, after: &DynamicMessage, paths: &mut Vec<String>) {
    for field in after.descriptor().fields() {
        let path = format!("{prefix}{}", field.name());
        let both = before.has_field(&field) && after.has_field(&field);
        let (old, new) = (before.get_field(&field), after.get_field(&field));
        match (old.as_message(), new.as_message()) {
            (Some(old), Some(new)) if both => note_changes(&format!("{path}."), old, new, paths),
            _ if old != new || before.has_field(&field) != after.has_field(&field) => paths.push(path),
            _ => {}
        }
    }
}

/// The value at `path`, unless it or a message on the way is unset.
pub(super) fn value_at(source: &DynamicMessage, path: &[FieldDescriptor]) -> Option<Value> {
    let (field, inner) = path.split_first()?;
    let value = source.has_field(field).then(|| source.get_field(field))?;
    if inner.is_empty() { Some(value.into_owned()) } else { value_at(value.as_message()?, inner) }
}

/// Sets or clears the field at `path`. Clearing does not bring to life a message that is unset.
pub(super) fn put(target: &mut DynamicMessage, path: &[FieldDescriptor], value: Option<Value>) {
    match (path, value) {
        ([], _) => {}
        ([field], Some(value)) => target.set_field(field, value),
        ([field], None) => target.clear_field(field),
        ([field, inner @ ..], value) => {
            if value.is_none() && !target.has_field(field) {
                return;
            }
            if let Some(message) = target.get_field_mut(field).as_message_mut() {
                put(message, inner, value);
            }
        }
    }
}

pub(super) fn reflect(form: &pb::RegistrationForm) -> DynamicMessage {
    let mut reflected = DynamicMessage::new(FORM.clone());
    certain(reflected.transcode_from(form));
    reflected
}

#[expect(
    clippy::expect_used,
    reason = "descriptors and messages are compiled from the same files, which the tests of this module prove"
)]
pub(super) fn certain<T, E: Debug>(outcome: Result<T, E>) -> T {
    outcome.expect("descriptors and messages are of the same contract")
}

#[cfg(test)]
mod tests;
