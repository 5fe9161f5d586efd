//! Pictures of a symbol, each with the quiet zone of four modules that ISO/IEC 18004 demands around it: a code without one
//! is the commonest reason for a scanner to fail.

mod blocks;
mod raster;
mod strokes;

pub use raster::PngError;

/// Light modules on every side.
const QUIET_ZONE: usize = 4;

/// The width of one module in pixels, 4 to 32.
///
/// A picture is often shown smaller than it was drawn. With 4 pixels two independent readers read every level at half the
/// size too, whichever way it is scaled; with 3, `zbarimg` fails on most halves, and with 1 even on the whole
/// (`tests/interop/read_pictures.py` tries all of it). Whoever wants fewer pixels can draw the content on their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModuleSize(u8);

impl ModuleSize {
    /// In pixels.
    fn pixels(self) -> usize {
        usize::from(self.0)
    }
}

/// The number is no module size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a module is 4 to 32 pixels wide")]
pub struct InvalidModuleSize;

impl TryFrom<u32> for ModuleSize {
    type Error = InvalidModuleSize;

    fn try_from(pixels: u32) -> Result<Self, InvalidModuleSize> {
        match u8::try_from(pixels) {
            Ok(pixels @ 4..=32) => Ok(Self(pixels)),
            _ => Err(InvalidModuleSize),
        }
    }
}

#[cfg(test)]
mod tests;
