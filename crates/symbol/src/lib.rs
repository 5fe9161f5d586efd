//! QR symbols (ISO/IEC 18004) and their pictures.
//!
//! Owns: which symbol a text becomes, which data mask it gets, and how its modules are drawn, always with the quiet
//! zone that the standard demands. Does not own: what the text says (`entrypass-token`), nor who may see the picture.
//! Pure: text in, bits out.
//!
//! The crate `qrcode` makes the codewords and draws the function patterns. What it would take a millisecond for, scoring
//! all eight data masks module by module, is done here on words of bits: a row of modules is one `u64`, and a rule on
//! columns is the same arithmetic between rows. This is why there are only the versions 1 to 11, whose rows fit: a token has at most
//! 189 characters, and version 11 holds 200 of them at the highest level.

mod layout;
mod mask;
mod penalty;
mod picture;
#[cfg(test)]
mod reference;
mod symbol;

pub use picture::{InvalidModuleSize, ModuleSize, PngError};
pub use symbol::{ErrorCorrection, LENGTH_AT_EVERY_LEVEL, NotEncodable, Symbol};
