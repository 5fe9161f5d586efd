//! The picture of a QR code: PNG, SVG or text for a terminal.
//!
//! Owns: which symbol a text becomes, and how its modules are drawn, always with the quiet zone of four modules
//! that ISO/IEC 18004 demands around it (a code without one is the commonest reason for a scanner to fail).
//! Does not own: what the text says (`entrypass-token`), nor who may see the picture.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode, Version, render::unicode::Dense1x2};

/// Light modules on every side.
const QUIET_ZONE: u16 = 4;

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

/// The width of one module in pixels, 4 to 32.
///
/// A picture is often shown smaller than it was drawn. With 4 pixels two independent readers read every level at half the
/// size too, whichever way it is scaled; with 3, `zbarimg` fails on most halves, and with 1 even on the whole
/// (`tests/interop/read_pictures.py` tries all of it). Whoever wants fewer pixels can draw the content on their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModuleSize(u8);

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

/// Why a text cannot become a QR code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotEncodable {
    /// The text does not fit the largest symbol, version 40, at the level asked for.
    #[error("the text is too long for a QR code of this error correction level")]
    TooLong,
    /// The text has a character outside the alphanumeric set of ISO/IEC 18004. Every token is within it; other
    /// text would need byte mode, and an encoding that readers guess differently.
    #[error("the text has a character outside the QR alphanumeric set")]
    NotAlphanumeric,
}

/// A QR code as a square of dark and light modules.
pub struct Symbol(QrCode);

impl Symbol {
    /// The smallest symbol that holds `text` at `level`.
    pub fn encode(text: &str, level: ErrorCorrection) -> Result<Self, NotEncodable> {
        if !text.bytes().all(is_alphanumeric) {
            return Err(NotEncodable::NotAlphanumeric);
        }
        // Without a wrong character, and with the version left to the encoder, its one error is `DataTooLong`.
        QrCode::with_error_correction_level(text, level.into()).map(Self).map_err(|_| NotEncodable::TooLong)
    }

    /// The version, 1 to 40: the symbol has 17 + 4 * version modules on each side.
    #[must_use]
    pub fn version(&self) -> u16 {
        match self.0.version() {
            Version::Normal(version) | Version::Micro(version) => version.unsigned_abs(),
        }
    }

    /// A PNG image in 1-bit greyscale.
    ///
    /// An error is one of the encoder's own; writing into memory gives it no cause for any.
    pub fn png(&self, module: ModuleSize) -> Result<Vec<u8>, png::EncodingError> {
        let side = u32::from(self.side()) * u32::from(module.0);
        let mut image = Vec::new();
        let mut encoder = png::Encoder::new(&mut image, side, side);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        // All rows of a module but the first repeat the one above. Version 9 at 6 pixels so takes 3.3 kB and 0.02 ms;
        // no filter and balanced compression would take 1 kB and 0.9 ms, as long as making the symbol.
        encoder.set_compression(png::Compression::Fast);
        encoder.set_filter(png::Filter::Up);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.bitmap(usize::from(module.0)))?;
        writer.finish()?;
        Ok(image)
    }

    /// An SVG 1.1 document that is `module` pixels per module wide unless it is scaled, black on white.
    ///
    /// Each run of dark modules is one stroke. A rectangle for each module, as `qrcode` draws them, takes three
    /// times the bytes.
    #[must_use]
    pub fn svg(&self, module: ModuleSize) -> String {
        let side = self.side();
        let pixels = u32::from(side) * u32::from(module.0);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"{pixels}\" height=\"{pixels}\" \
             viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
             <path stroke=\"#000\" d=\"{}\"/></svg>\n",
            self.strokes()
        )
    }

    /// Text of half-block characters, two rows of modules to a line, for light letters on a dark background.
    ///
    /// The blocks are the light modules, so that the quiet zone is light as well.
    #[must_use]
    pub fn terminal(&self) -> String {
        self.0.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build()
    }

    /// Modules on each side with the quiet zone.
    fn side(&self) -> u16 {
        17 + 4 * self.version() + 2 * QUIET_ZONE
    }

    /// Rows of pixels, eight to a byte, each row beginning a byte; 1 is light.
    fn bitmap(&self, module: usize) -> Vec<u8> {
        let quiet_zone = usize::from(QUIET_ZONE);
        let bytes_per_row = (usize::from(self.side()) * module).div_ceil(8);
        let quiet = vec![0xff; bytes_per_row * quiet_zone * module];
        let mut bitmap = quiet.clone();
        for modules in self.0.to_colors().chunks(self.0.width()) {
            let mut row = vec![0xff_u8; bytes_per_row];
            for (x, _) in modules.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
                let left = (quiet_zone + x) * module;
                for pixel in left..left + module {
                    row[pixel / 8] &= !(0x80 >> (pixel % 8));
                }
            }
            bitmap.extend(row.repeat(module));
        }
        bitmap.extend(quiet);
        bitmap
    }

    /// SVG path data: a horizontal line of width 1 through every run of dark modules.
    fn strokes(&self) -> String {
        let quiet_zone = usize::from(QUIET_ZONE);
        let mut path = String::new();
        for (y, modules) in self.0.to_colors().chunks(self.0.width()).enumerate() {
            let mut x = quiet_zone;
            for run in modules.chunk_by(|one, next| one == next) {
                if run.first() == Some(&Color::Dark) {
                    // Writing into a `String` cannot fail.
                    let _ = write!(path, "M{x} {}.5h{}", y + quiet_zone, run.len());
                }
                x += run.len();
            }
        }
        path
    }
}

/// Table 5 of ISO/IEC 18004.
fn is_alphanumeric(character: u8) -> bool {
    matches!(character, b'0'..=b'9' | b'A'..=b'Z' | b' ' | b'$' | b'%' | b'*' | b'+' | b'-' | b'.' | b'/' | b':')
}

#[cfg(test)]
mod tests {
    use qrcode::Color;

    use super::{ErrorCorrection, InvalidModuleSize, ModuleSize, NotEncodable, Symbol};

    /// All 45 characters, over and over; without a run of digits for which numeric mode would be shorter.
    fn text(length: usize) -> String {
        "A1B2C3D4E5F6G7H8I9J0K1LMNOPQRSTUVWXYZ $%*+-./:".chars().cycle().take(length).collect()
    }

    fn symbol() -> Symbol {
        Symbol::encode(&text(188), ErrorCorrection::default()).expect("a token's length fits")
    }

    fn module(pixels: u32) -> ModuleSize {
        ModuleSize::try_from(pixels).expect("the size is in range")
    }

    /// What a picture has to show: rows of modules, dark ones true, with the quiet zone.
    fn wanted(symbol: &Symbol) -> Vec<Vec<bool>> {
        let width = symbol.0.width();
        let mut rows = vec![vec![false; width + 8]; width + 8];
        for (at, color) in symbol.0.to_colors().into_iter().enumerate() {
            rows[4 + at / width][4 + at % width] = color == Color::Dark;
        }
        rows
    }

    #[test]
    fn a_token_takes_version_9_at_level_q() {
        let table = [
            (ErrorCorrection::Low, 188, 6),
            (ErrorCorrection::Medium, 188, 8),
            (ErrorCorrection::Quartile, 188, 9),
            (ErrorCorrection::Quartile, 189, 9),
            (ErrorCorrection::Quartile, 190, 10),
            (ErrorCorrection::High, 188, 11),
        ];
        for (level, length, version) in table {
            let symbol = Symbol::encode(&text(length), level).expect("the text fits");
            assert_eq!(symbol.version(), version, "{level:?} {length}");
            assert_eq!(symbol.0.width(), 17 + 4 * usize::from(version));
        }
        assert_eq!(symbol().version(), 9, "Q is the default");
    }

    #[test]
    fn the_largest_text_fits_and_a_longer_one_is_refused() {
        let table = [
            (ErrorCorrection::Low, 4296),
            (ErrorCorrection::Medium, 3391),
            (ErrorCorrection::Quartile, 2420),
            (ErrorCorrection::High, 1852),
        ];
        for (level, length) in table {
            assert!(Symbol::encode(&text(length), level).is_ok(), "{level:?}");
            assert_eq!(
                Symbol::encode(&text(length + 1), level).err(),
                Some(NotEncodable::TooLong),
                "{level:?}"
            );
        }
    }

    #[test]
    fn a_text_outside_the_alphanumeric_set_is_refused() {
        for text in ["fsp1:", "FSP1:_", "FSP1:\n", "粤", "FSP1:\u{ff21}"] {
            let error = Symbol::encode(text, ErrorCorrection::default()).err();
            assert_eq!(error, Some(NotEncodable::NotAlphanumeric), "{text:?}");
        }
    }

    #[test]
    fn a_module_is_4_to_32_pixels_wide() {
        for pixels in [0, 3, 33, 256, 260, u32::MAX] {
            assert_eq!(ModuleSize::try_from(pixels), Err(InvalidModuleSize), "{pixels}");
        }
        assert!(ModuleSize::try_from(4).is_ok() && ModuleSize::try_from(32).is_ok());
    }

    #[test]
    fn the_png_shows_every_module_at_its_size_inside_the_quiet_zone() {
        let symbol = symbol();
        let wanted = wanted(&symbol);
        for pixels in [4, 5, 6, 7, 8, 32] {
            let image = symbol.png(module(pixels)).expect("the image can be encoded");
            let mut reader = png::Decoder::new(std::io::Cursor::new(image)).read_info().expect("it is a PNG");
            let info = reader.info();
            assert_eq!((info.width, info.height), (61 * pixels, 61 * pixels));
            assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Grayscale, png::BitDepth::One));
            let mut rows = Vec::new();
            while let Some(row) = reader.next_row().expect("the row can be decoded") {
                rows.push(row.data().to_vec());
            }
            let pixels = usize::try_from(pixels).expect("the size is small");
            for (y, row) in rows.iter().enumerate() {
                for x in 0..61 * pixels {
                    let dark = row[x / 8] & (0x80 >> (x % 8)) == 0;
                    assert_eq!(dark, wanted[y / pixels][x / pixels], "{x} {y} at {pixels}");
                }
            }
            assert_eq!(rows.len(), 61 * pixels);
        }
    }

    #[test]
    fn the_svg_strokes_every_dark_module_and_no_other() {
        let symbol = symbol();
        let svg = symbol.svg(module(4));
        assert!(svg.contains("width=\"244\" height=\"244\" viewBox=\"0 0 61 61\""), "{svg}");
        let path = svg.split("stroke=\"#000\" d=\"").nth(1).and_then(|rest| rest.split('"').next());
        let mut drawn = vec![vec![false; 61]; 61];
        for stroke in path.expect("the path is there").split('M').skip(1) {
            let (start, length) = stroke.split_once(".5h").expect("a stroke is horizontal");
            let (x, y) = start.split_once(' ').expect("a stroke begins at a point");
            let [x, y, length] = [x, y, length].map(|number| number.parse::<usize>().expect("a number"));
            drawn[y][x..x + length].fill(true);
        }
        assert_eq!(drawn, wanted(&symbol));
    }

    #[test]
    fn the_terminal_shows_light_modules_as_blocks_two_rows_to_a_line() {
        let symbol = symbol();
        let mut shown = Vec::new();
        for line in symbol.terminal().lines() {
            shown.push(line.chars().map(|block| !matches!(block, '█' | '▀')).collect::<Vec<_>>());
            shown.push(line.chars().map(|block| !matches!(block, '█' | '▄')).collect());
        }
        // 61 rows are an odd number, so that the last line has a half that shows nothing.
        assert_eq!(shown.pop(), Some(vec![true; 61]));
        assert_eq!(shown, wanted(&symbol));
    }
}
