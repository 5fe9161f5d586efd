//! `Debug` of the messages: prost's own prints every value, and one `{:?}` in a log line would give a person away.
//!
//! Prints the fields whose names stand in [`CLEAR`], times, and messages of ours, which print themselves in the same way. A new field is
//! left out until somebody puts it there; leaving out is said by `..`.

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    field_descriptor_proto::{Label, Type},
};

/// Names of fields that hold nothing of a person and open nothing, in whatever message they stand. Resource names of registrations and
/// the contents of codes open something, masked names and numbers are of a person: neither is here.
const CLEAR: [&str; 65] = [
    "acknowledged_notice_version",
    "algorithm",
    "caller",
    "changed_paths",
    "check",
    "checkpoint",
    "code",
    "code_id",
    "count",
    "cursor",
    "decision",
    "document_type",
    "error_correction",
    "etag",
    "field",
    "form_version",
    "format",
    "fraud",
    "gat_code",
    "group_by",
    "issuer",
    "key_id",
    "key_ids",
    "kind",
    "language",
    "level",
    "media_type",
    "module_size",
    "next_page_token",
    "notice_version",
    "offered",
    "origin",
    "outcome",
    "page_size",
    "page_token",
    "paragraphs",
    "part",
    "pass_level",
    "peer",
    "prefill_available",
    "reason",
    "reference",
    "reinstated_count",
    "relationship",
    "request_id",
    "result",
    "revision",
    "revoked_count",
    "rpc",
    "since_version",
    "start",
    "state",
    "strength",
    "submission_count",
    "superseded_count",
    "suspended_count",
    "text_en",
    "text_zh_cn",
    "title",
    "traveller",
    "truncated",
    "truth_declared",
    "verdict",
    "verification",
    "version",
];
/// Messages of others that hold nothing but a time.
const TIMES: [&str; 2] = [".google.protobuf.Timestamp", ".google.protobuf.Duration"];
/// Rust's words among the names of our fields.
const KEYWORDS: [&str; 1] = ["type"];

/// The implementations for all messages of the package `package`.
///
/// # Errors
/// A field that [`CLEAR`] names is documented as personal data.
pub(crate) fn implementations(of: &FileDescriptorSet, package: &str) -> Result<String, String> {
    let mut code = String::new();
    for file in of.file.iter().filter(|file| file.package() == package) {
        refuse_documented(file)?;
        for message in &file.message_type {
            implement(message, "", &mut code)?;
        }
        file.enum_type.iter().for_each(|of| of_enum(of, "", &mut code));
    }
    Ok(code)
}

/// Writes those of `message`, which stands in `module`, and of everything inside it.
fn implement(message: &DescriptorProto, module: &str, code: &mut String) -> Result<(), String> {
    let name = message.name();
    let inside = format!("{module}{}::", snake(name));
    let mut body = format!("f.debug_struct(\"{name}\")");
    for field in message.field.iter().filter(|field| is_shown(field)) {
        let (name, rust) = (field.name(), rust_name(field.name()));
        // An enum is a number in the message, and a name by its getter.
        let call = if field.r#type() == Type::Enum && field.label() == Label::Optional { "()" } else { "" };
        body += &format!(".field(\"{name}\", &self.{rust}{call})");
    }
    for (choice, fields) in choices(message) {
        body += &format!(".field(\"{choice}\", &self.{choice})");
        of_choice(&format!("{inside}{}", camel(choice)), &fields, code)?;
    }
    let whole = message.field.iter().all(|field| is_shown(field) || is_choice(field));
    body += if whole { ".finish()" } else { ".finish_non_exhaustive()" };
    write(&format!("{module}{name}"), &body, code);
    for nested in &message.enum_type {
        of_enum(nested, &inside, code);
    }
    message.nested_type.iter().try_for_each(|nested| implement(nested, &inside, code))
}

/// An enum prints the name that it has in the contract.
fn of_enum(of: &EnumDescriptorProto, module: &str, code: &mut String) {
    write(&format!("{module}{}", of.name()), "f.write_str(self.as_str_name())", code);
}

/// A choice prints the message that was chosen, which prints itself.
fn of_choice(rust: &str, fields: &[&FieldDescriptorProto], code: &mut String) -> Result<(), String> {
    let mut arms = String::new();
    for field in fields {
        if field.r#type() != Type::Message {
            return Err(format!("{} is a value in a oneof: put it into a message", field.name()));
        }
        let variant = camel(field.name());
        arms += &format!("Self::{variant}(it) => f.debug_tuple(\"{variant}\").field(it).finish(),");
    }
    write(rust, &format!("match self {{ {arms} }}"), code);
    Ok(())
}

fn write(rust: &str, body: &str, code: &mut String) {
    *code += &format!(
        "impl ::core::fmt::Debug for {rust} {{ \
         fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {{ {body} }} }}\n"
    );
}

fn is_shown(field: &FieldDescriptorProto) -> bool {
    match field.r#type() {
        _ if is_choice(field) => false,
        Type::Message => field.type_name().starts_with(".entrypass.") || TIMES.contains(&field.type_name()),
        _ => CLEAR.contains(&field.name()),
    }
}

/// Whether it is one of several in a `oneof`; `optional` is one of the compiler's own.
fn is_choice(field: &FieldDescriptorProto) -> bool {
    field.oneof_index.is_some() && !field.proto3_optional()
}

/// Each `oneof` with its fields.
fn choices(of: &DescriptorProto) -> Vec<(&str, Vec<&FieldDescriptorProto>)> {
    let fields =
        |index| of.field.iter().filter(move |field| is_choice(field) && field.oneof_index == Some(index));
    let all =
        (0..).zip(&of.oneof_decl).map(|(index, choice)| (choice.name(), fields(index).collect::<Vec<_>>()));
    all.filter(|(_, fields)| !fields.is_empty()).collect()
}

/// A field that its comment calls personal data must not be in [`CLEAR`].
fn refuse_documented(file: &FileDescriptorProto) -> Result<(), String> {
    for location in file.source_code_info.iter().flat_map(|info| &info.location) {
        if !location.leading_comments().contains("Personal data.") {
            continue;
        }
        // 4: message_type of a file; 2: field of a message. Personal data in nested messages would be found by their names alone.
        let &[4, message, 2, field] = location.path.as_slice() else { continue };
        let at = |index: i32| usize::try_from(index).unwrap_or(usize::MAX);
        let found = file.message_type.get(at(message)).and_then(|message| message.field.get(at(field)));
        if let Some(field) = found.filter(|field| field.r#type() != Type::Message && is_shown(field)) {
            return Err(format!("{} holds personal data and would be printed", field.name()));
        }
    }
    Ok(())
}

fn rust_name(field: &str) -> String {
    if KEYWORDS.contains(&field) { format!("r#{field}") } else { field.to_owned() }
}

/// The module in which prost puts what a message holds: `QrCodeChange` becomes `qr_code_change`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (place, letter) in name.chars().enumerate() {
        if place > 0 && letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// How prost calls what `name` is about: `qr_code` becomes `QrCode`.
fn camel(name: &str) -> String {
    let word = |word: &str| {
        word.chars()
            .enumerate()
            .map(|(at, c)| if at == 0 { c.to_ascii_uppercase() } else { c })
            .collect::<String>()
    };
    name.split('_').map(word).collect()
}
