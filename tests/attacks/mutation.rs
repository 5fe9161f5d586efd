//! What is done to a request that would be right: its values, its wire format, and the frame that it comes in.

use bytes::Bytes;
use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage as _, Value};

use crate::{dice::Dice, raw::framed};

/// More than any message may have.
const TOO_LARGE: usize = 300_000;
/// Deeper than prost reads (100), and than a stack that is not counted would bear.
const TOO_DEEP: usize = 20_000;

/// One attack: what is sent after the headers.
pub fn body(right: &DynamicMessage, dice: &Dice) -> Bytes {
    match dice.below(100) {
        0..45 => framed(&values(right.clone(), dice).encode_to_vec()),
        45..85 => framed(&bytes(right.encode_to_vec(), dice)),
        85..92 => framed(&grown(right, dice)),
        _ => frame(right, dice),
    }
}

/// The message with some values that nobody would give.
fn values(mut message: DynamicMessage, dice: &Dice) -> DynamicMessage {
    for _ in 0..=dice.below(3) {
        strike(&mut message, dice);
    }
    message
}

fn strike(message: &mut DynamicMessage, dice: &Dice) {
    let fields: Vec<_> = message.descriptor().fields().collect();
    let Some(field) = fields.get(dice.below(fields.len())) else { return };
    let present = message.has_field(field);
    if let (true, false, Kind::Message(_)) = (present && !dice.once_in(4), field.is_list(), field.kind())
        && let Value::Message(inner) = message.get_field_mut(field)
    {
        return strike(inner, dice);
    }
    if dice.once_in(6) {
        message.clear_field(field);
    } else if field.is_list() {
        let many = if dice.once_in(8) { 1001 } else { dice.below(4) };
        let list = (0..many).map(|_| hostile(field, dice)).collect();
        message.set_field(field, Value::List(list));
    } else {
        message.set_field(field, hostile(field, dice));
    }
}

fn hostile(field: &FieldDescriptor, dice: &Dice) -> Value {
    let numbers = [0, 1, -1, 7, i32::MIN, i32::MAX, 100, 1001];
    match field.kind() {
        Kind::Message(of) => Value::Message(values_of_new(&of, dice)),
        Kind::Bool => Value::Bool(dice.once_in(2)),
        Kind::Int32 => Value::I32(*dice.pick(&numbers)),
        Kind::Int64 => Value::I64(*dice.pick(&[0, -1, i64::MIN, i64::MAX, 253_402_300_800, -62_135_596_801])),
        Kind::Enum(_) => Value::EnumNumber(*dice.pick(&numbers)),
        Kind::Bytes => Value::Bytes(vec![dice.byte(); dice.below(5000)].into()),
        _ => Value::String(text(dice)),
    }
}

fn values_of_new(of: &prost_reflect::MessageDescriptor, dice: &Dice) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    for field in of.fields().filter(|field| !matches!(field.kind(), Kind::Message(_))) {
        if dice.once_in(2) && !field.is_list() {
            message.set_field(&field, hostile(&field, dice));
        }
    }
    message
}

fn text(dice: &Dice) -> String {
    let texts = [
        "",
        " ",
        "\0",
        "a\0b",
        "'; DROP TABLE registrations; --",
        "%_\\",
        "{}",
        "../../etc/passwd",
        "\u{202e}gnp",
        "registrations/",
        "registrations/00000000-0000-0000-0000-000000000000",
        "registrations/../travellers/1",
        "companions/0193a1b2-0000-7000-8000-000000000000",
        "verifications/zzzz",
        "FSP1:",
        "FSP1:%%%",
        "44069919850101001X",
        "４４０６９９１９８５０１０１００１６",
        "1985-02-30",
        "9999-99-99",
        "-1",
        "+",
        "+86",
        "🧨🧨🧨🧨",
        "e\u{301}\u{301}\u{301}",
        "\u{feff}王小明",
        "王·",
        "··",
        "A\u{2028}B",
        "\r\nentrypass-caller: root",
        "${jndi:x}",
        "update_mask.paths",
        "form.form",
    ];
    match dice.below(10) {
        0 => "王".repeat(dice.below(4000)),
        1 => "9".repeat(dice.below(70)),
        2 => (0..dice.below(40))
            .filter_map(|_| {
                char::from_u32(u32::from_le_bytes([dice.byte(), dice.byte(), dice.byte() & 3, 0]))
            })
            .collect(),
        _ => (*dice.pick(&texts)).to_owned(),
    }
}

/// The bytes of a message, broken as lines and disks break them, and as somebody does who knows the format.
fn bytes(mut wire: Vec<u8>, dice: &Dice) -> Vec<u8> {
    for _ in 0..=dice.below(4) {
        let at = dice.below(wire.len() + 1).min(wire.len());
        match dice.below(9) {
            0 => wire.truncate(at),
            1 => wire.insert(at, dice.byte()),
            2 if at < wire.len() => wire[at] ^= 1 << dice.below(8),
            3 if at < wire.len() => drop(wire.remove(at)),
            4 if at < wire.len() => wire[at] = dice.byte(),
            // A part of it again, and again.
            5 => {
                let part = wire[at..].to_vec();
                wire.extend(part.into_iter().take(64));
            }
            // A number that never ends, a group that nobody closes, a length beyond the end, a field 0, a field of another type.
            6 => wire.splice(at..at, [0xff; 11]).for_each(drop),
            7 => wire.extend(*dice.pick(&[
                [0x0b, 0x13, 0x1b],
                [0x0a, 0xff, 0x7f],
                [0x02, 0x01, 0x01],
                [0x0d, 0x01, 0x02],
            ])),
            _ => wire.extend([0xfa, 0xff, 0xff, 0xff, 0x0f, 0x01, dice.byte()]),
        }
    }
    wire
}

/// Too much of it: in one field, in many, or one inside the other.
fn grown(right: &DynamicMessage, dice: &Dice) -> Vec<u8> {
    let mut wire = right.encode_to_vec();
    let field = u8::try_from(1 + dice.below(15)).expect("a small number") << 3;
    match dice.below(4) {
        // Rarely: a large message is copied some times on its way.
        0 if dice.once_in(4) => wire.extend(delimited(field | 2, &vec![b'x'; TOO_LARGE])),
        1 => (0..2000).for_each(|_| wire.extend([field | 2, 1, b'x'])),
        2 => {
            let mut nested = Vec::new();
            for _ in 0..=dice.below(130) {
                nested = delimited(field | 2, &nested);
            }
            wire.extend(nested);
        }
        _ => {
            // A group is opened by its own tag: a byte for each level.
            wire.extend(std::iter::repeat_n(field | 3, TOO_DEEP));
            wire.extend(std::iter::repeat_n(field | 4, dice.below(2) * TOO_DEEP));
        }
    }
    wire
}

fn delimited(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut wire = vec![tag];
    prost::encoding::encode_varint(u64::try_from(content.len()).expect("a length"), &mut wire);
    wire.extend_from_slice(content);
    wire
}

/// A right message in a frame that is not.
fn frame(right: &DynamicMessage, dice: &Dice) -> Bytes {
    let mut frame = framed(&right.encode_to_vec()).to_vec();
    match dice.below(8) {
        0 => frame.truncate(dice.below(frame.len())),
        1 => frame.clear(),
        2 => frame[0] = 1,
        3 => frame[0] = dice.byte(),
        4 => frame[1 + dice.below(4)] = dice.byte(),
        5 => frame.extend_from_within(..),
        6 => frame.extend([0, 0, 0]),
        _ => frame[1..5].fill(0xff),
    }
    frame.into()
}
