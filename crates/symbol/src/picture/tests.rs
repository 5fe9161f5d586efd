use proptest::prelude::*;
use qrcode::{QrCode, render::unicode::Dense1x2};

use super::{InvalidModuleSize, ModuleSize};
use crate::{ErrorCorrection, Symbol};

/// As long as a token.
const TEXT: &str = "FSP1:NCFOXN%TS3DH3ZSUZK+.V0ETD%65NL-AH-R6IOO6+IUKRG*I.I5BROCWAAT4V22F/8X*G3M9JUPY0BX/KR96R\
    /S09T./0LWTKD33236J3TA3M*4VV2 73-E3GG396B-43O058YIB73A*G3W19UEBY5:PI0EGSP4*2DN43U*0CEBQ/GXQFY73CIB";

fn symbol() -> Symbol {
    Symbol::encode(TEXT, ErrorCorrection::default()).expect("a token's length fits")
}

fn module(pixels: u32) -> ModuleSize {
    ModuleSize::try_from(pixels).expect("the size is in range")
}

/// What a picture has to show: rows of modules, dark ones true, with the quiet zone.
fn wanted(symbol: &Symbol) -> Vec<Vec<bool>> {
    let width = symbol.rows().len();
    let dark = |x: usize, y: usize| symbol.rows()[y] >> x & 1 == 1;
    let inside = 4..width + 4;
    (0..width + 8)
        .map(|y| {
            (0..width + 8).map(|x| inside.contains(&x) && inside.contains(&y) && dark(x - 4, y - 4)).collect()
        })
        .collect()
}

/// The pixels of a PNG, which has to be square, in 1-bit greyscale; dark ones true.
fn pixels(image: Vec<u8>) -> Vec<Vec<bool>> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(image)).read_info().expect("it is a PNG");
    let info = reader.info();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Grayscale, png::BitDepth::One));
    assert_eq!(info.width, info.height);
    let width = info.width as usize;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row().expect("the row can be decoded") {
        rows.push((0..width).map(|x| row.data()[x / 8] & (0x80 >> (x % 8)) == 0).collect());
    }
    reader.finish().expect("nothing is missing behind the picture");
    rows
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
    for level in [ErrorCorrection::Low, ErrorCorrection::Quartile, ErrorCorrection::High] {
        let symbol = Symbol::encode(TEXT, level).expect("it fits at every level");
        let wanted = wanted(&symbol);
        for size in 4..=32 {
            let image = symbol.png(module(size)).expect("the image can be encoded");
            let pixels = pixels(image);
            let size = usize::try_from(size).expect("the size is small");
            assert_eq!(pixels.len(), wanted.len() * size);
            for (y, row) in pixels.iter().enumerate() {
                let shown = |x: usize| wanted[y / size][x / size];
                assert!((0..row.len()).all(|x| row[x] == shown(x)), "row {y} at {size}, {level:?}");
            }
        }
    }
}

#[test]
fn the_default_png_has_less_than_4_kilobytes() {
    let length = symbol().png(module(6)).expect("the image can be encoded").len();
    assert!((1000..4000).contains(&length), "{length}");
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

#[test]
fn the_terminal_shows_what_qrcode_would() {
    // The standard's example, whose mask both choose.
    let theirs = QrCode::new("01234567").expect("it fits");
    let theirs = theirs.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    let ours = Symbol::encode("01234567", ErrorCorrection::Medium).expect("it fits");
    assert_eq!(ours.terminal(), theirs);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_foreign_reader_reads_every_picture(text in "[0-9A-Z $%*+./:-]{1,200}", level in 0_u16..4, size in 4_u32..9) {
        // By the bits of the format information.
        let name = [ErrorCorrection::Medium, ErrorCorrection::Low, ErrorCorrection::High, ErrorCorrection::Quartile];
        let symbol = Symbol::encode(&text, name[usize::from(level)]).expect("it fits at every level");
        let pixels = pixels(symbol.png(module(size)).expect("the image can be encoded"));
        let grey = |x: usize, y: usize| if pixels[y][x] { 0 } else { 0xff };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(pixels.len(), pixels.len(), grey);
        let [code] = &image.detect_grids()[..] else { panic!("one code was to be found") };
        let (read, content) = code.decode().expect("the code is readable");
        prop_assert_eq!((read.version.0, usize::from(read.mask), read.ecc_level), (symbol.version(), symbol.mask(), level));
        prop_assert_eq!(content, text);
    }
}
