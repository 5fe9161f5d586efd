//! Hexadecimal digits, as key rings and key ids are written.

use std::fmt::Write;

/// Reads exactly two digits a byte of `bytes`; `None` for anything else.
pub(crate) fn read(text: &str, bytes: &mut [u8]) -> Option<()> {
    if text.len() != bytes.len() * 2 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (position, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(position * 2..position * 2 + 2)?, 16).ok()?;
    }
    Some(())
}

/// Writes two digits a byte.
pub(crate) fn write(out: &mut impl Write, bytes: &[u8]) -> std::fmt::Result {
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
}
