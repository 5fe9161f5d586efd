//! From a text to the modules of its symbol.

use qrcode::{EcLevel, bits, ec};

use crate::{
    layout::{Layout, Row, Rows},
    mask::Mask,
    penalty::penalty,
};

/// Alphanumeric text of so many characters fits at every level; at the lower levels more does.
pub const LENGTH_AT_EVERY_LEVEL: usize = 200;

/// How much of the picture may be unreadable before the content is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorCorrection {
    /// Level L, about 7 %.
    Low,
    /// Level M, about 15 %.
    Medium,
    /// Level Q, about 25 %: what a worn print-out or a scratched screen needs.
    #[default]
    Quartile,
    /// Level H, about 30 %.
    High,
}

impl From<ErrorCorrection> for EcLevel {
    fn from(level: ErrorCorrection) -> Self {
        match level {
            ErrorCorrection::Low => Self::L,
            ErrorCorrection::Medium => Self::M,
            ErrorCorrection::Quartile => Self::Q,
            ErrorCorrection::High => Self::H,
        }
    }
}

/// Why a text cannot become a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotEncodable {
    /// The text does not fit version 11, the largest that is drawn, at the level asked for.
    #[error("the text is too long for a QR code of version 11 at this error correction level")]
    TooLong,
    /// The text has a character outside the alphanumeric set of ISO/IEC 18004. Every token is within it; other
    /// text would need byte mode, and an encoding that readers guess differently.
    #[error("the text has a character outside the QR alphanumeric set")]
    NotAlphanumeric,
}

/// A QR code as a square of dark and light modules.
#[derive(Clone)]
pub struct Symbol {
    layout: &'static Layout,
    mask: Mask,
    rows: Rows,
}

impl Symbol {
    /// The smallest symbol that holds `text` at `level`, with the data mask that the standard's rules prefer.
    pub fn encode(text: &str, level: ErrorCorrection) -> Result<Self, NotEncodable> {
        if !text.bytes().all(is_alphanumeric) {
            return Err(NotEncodable::NotAlphanumeric);
        }
        // Without a wrong character, and with the version left to the encoder, its one error is `DataTooLong`; and the bits that it
        // gives fill their version, which is all that the error correction could object to.
        let bits = bits::encode_auto(text.as_bytes(), level.into()).map_err(|_| NotEncodable::TooLong)?;
        let version = bits.version();
        let layout = Layout::of(version).ok_or(NotEncodable::TooLong)?;
        let (data, correction) = ec::construct_codewords(&bits.into_bytes(), version, level.into())
            .map_err(|_| NotEncodable::TooLong)?;
        let placed = layout.placed(data.iter().chain(&correction));
        let (mask, rows) = least_penalised(layout, &placed, level);
        Ok(Self { layout, mask, rows })
    }

    /// The version, 1 to 11: the symbol has 17 + 4 * version modules on each side.
    #[must_use]
    pub fn version(&self) -> usize {
        self.layout.version
    }

    /// The reference of the data mask pattern, 0 to 7.
    #[must_use]
    pub fn mask(&self) -> usize {
        self.mask.reference()
    }

    /// The rows from the top, without the quiet zone: bit x is the module x from the left, 1 is dark.
    #[must_use]
    pub fn rows(&self) -> &[u64] {
        &self.rows[..self.layout.width]
    }
}

/// The mask with the fewest points. The standard does not say which one of several: the first, as every encoder known to us takes.
fn least_penalised(layout: &Layout, placed: &Rows, level: ErrorCorrection) -> (Mask, Rows) {
    let candidate = |mask: Mask| {
        let rows = layout.masked(placed, mask, level);
        (penalty(&rows[..layout.width]), mask, rows)
    };
    let [first, others @ ..] = Mask::ALL;
    let mut best = candidate(first);
    for mask in others {
        let other = candidate(mask);
        if other.0 < best.0 {
            best = other;
        }
    }
    (best.1, best.2)
}

/// Table 5 of ISO/IEC 18004.
fn is_alphanumeric(character: u8) -> bool {
    matches!(character, b'0'..=b'9' | b'A'..=b'Z' | b' ' | b'$' | b'%' | b'*' | b'+' | b'-' | b'.' | b'/' | b':')
}

/// Whether module `x` of a row is dark.
pub(crate) fn is_dark(row: Row, x: usize) -> bool {
    row >> x & 1 == 1
}

#[cfg(test)]
mod tests;
