//! Codes out of pictures: drawn, turned, and as a telephone would take them.

use std::fs;

use image::{GrayImage, Luma, codecs::jpeg::JpegEncoder, imageops};
use qrcode::{Color, EcLevel, QrCode};

use super::{AT, decided, issuer::token, place, thumbprint, verdicts, verify};

/// The code as it is offered: level Q, a quiet zone of four modules.
fn drawn(text: &str, module: u32) -> GrayImage {
    let symbol = QrCode::with_error_correction_level(text, EcLevel::Q).expect("a token fits a QR code");
    let (width, colors) = (symbol.width(), symbol.to_colors());
    let side = (u32::try_from(width).expect("small") + 8) * module;
    GrayImage::from_fn(side, side, |x, y| {
        let at = |pixels: u32| (pixels / module).checked_sub(4).map(|place| place as usize);
        let dark = at(x)
            .zip(at(y))
            .is_some_and(|(x, y)| x < width && y < width && colors[y * width + x] == Color::Dark);
        Luma([if dark { 0 } else { 255 }])
    })
}

/// What a point of the photograph shows: the printed code on a table, seen askew.
fn seen(code: &GrayImage, x: f64, y: f64) -> f64 {
    // Turned by 20 degrees around the middle of the photograph, and further away at the top.
    let (sin, cos) = 20_f64.to_radians().sin_cos();
    let (x, y) = (x - 600.0, y - 450.0);
    let depth = 1.0 - y / 3_000.0;
    let (x, y) = ((x * cos + y * sin) * depth, (y * cos - x * sin) * depth);
    let scale = f64::from(code.width()) / 520.0;
    let (x, y) = ((x + 260.0) * scale, (y + 260.0) * scale);
    let inside = |value: f64| (0.0..f64::from(code.width())).contains(&value);
    if !inside(x) || !inside(y) {
        return 140.0;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "both are inside the picture"
    )]
    let pixel = code.get_pixel(x as u32, y as u32);
    f64::from(pixel.0[0])
}

/// The photograph: dim light that falls from one side, a grainy sensor, out of focus.
fn photograph(code: &GrayImage) -> GrayImage {
    let mut noise = 1_u32;
    let taken = GrayImage::from_fn(1_200, 900, |x, y| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = f64::from(noise >> 24) / 8.0 - 16.0;
        let light = 0.35 + f64::from(x) / 3_000.0;
        let value = (30.0 + seen(code, x.into(), y.into()) * 0.8) * light + grain;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped before")]
        Luma([value.clamp(0.0, 255.0) as u8])
    });
    imageops::fast_blur(&taken, 1.5)
}

fn jpeg(picture: &GrayImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 60).encode_image(picture).expect("a JPEG");
    bytes
}

#[test]
fn codes_are_read_from_pictures() {
    let place = place();
    let code = drawn(&token(4), 8);
    let turned = imageops::rotate90(&code);
    let half = imageops::thumbnail(&code, code.width() / 2, code.height() / 2);
    for (name, picture) in [("code.png", &code), ("turned.png", &turned), ("half.png", &half)] {
        picture.save(place.path(name)).expect("a PNG");
    }
    fs::write(place.path("photograph.jpg"), jpeg(&photograph(&code))).expect("written");
    for name in ["code.png", "turned.png", "half.png", "photograph.jpg"] {
        let (code, decisions) = decided(&place, &["--image", name]);
        assert_eq!((code, verdicts(&decisions)), (Some(0), vec!["VALID"]), "{name}");
        assert_eq!(decisions[0]["source"], name);
    }
}

#[test]
fn the_kind_of_picture_is_seen_in_it_and_not_in_its_name() {
    let place = place();
    fs::write(place.path("upload"), jpeg(&drawn(&token(1), 6))).expect("written");
    assert_eq!(verdicts(&decided(&place, &["--image", "upload"]).1), ["REVOKED"]);
}

#[test]
fn a_picture_of_several_codes_has_several_answers() {
    let place = place();
    let codes = [1, 4].map(|number| drawn(&token(number), 6));
    let mut both = GrayImage::from_pixel(codes[0].width() * 2, codes[0].height(), Luma([255]));
    for (number, code) in (0_i64..).zip(&codes) {
        imageops::overlay(&mut both, code, number * i64::from(code.width()), 0);
    }
    both.save(place.path("both.png")).expect("a PNG");
    let (code, decisions) = decided(&place, &["--image", "both.png", &token(5)]);
    let mut found = verdicts(&decisions);
    found.sort_unstable();
    assert_eq!((code, found), (Some(2), vec!["REVOKED", "VALID", "VALID"]));
}

#[test]
fn a_small_code_in_a_large_photograph_is_found() {
    let place = place();
    let mut large = GrayImage::from_pixel(3_000, 2_250, Luma([170]));
    imageops::overlay(&mut large, &drawn(&token(4), 4), 1_900, 1_500);
    fs::write(place.path("large.jpg"), jpeg(&large)).expect("written");
    assert_eq!(verdicts(&decided(&place, &["--image", "large.jpg"]).1), ["VALID"]);
}

#[test]
fn what_is_no_picture_of_a_code_is_told_in_one_line_and_stops_no_other() {
    let place = place();
    GrayImage::from_pixel(300, 300, Luma([255])).save(place.path("blank.png")).expect("a PNG");
    fs::write(place.path("text.png"), "no picture").expect("written");
    fs::write(place.path("huge.png"), huge()).expect("written");
    for (name, expected) in [
        ("blank.png", "no QR code can be read in the picture"),
        ("text.png", "this is no PNG or JPEG picture that can be read"),
        ("huge.png", "the picture has more than 50000000 pixels"),
        ("missing.png", "the picture cannot be read: No such file"),
    ] {
        let arguments =
            ["--bundle", "bundle", "--trust", &thumbprint(), "--at", AT, "--image", name, &token(4)];
        let (code, told, wrong) = verify(&place, &arguments);
        assert_eq!((code, wrong.as_str()), (Some(3), ""), "{name}: {told}");
        assert!(told.starts_with("text 1: VALID\n"), "{told}");
        let last = told.lines().last().expect("a line");
        assert!(last.starts_with(&format!("{name}: {expected}")), "{told}");
        let (code, decisions) = decided(&place, &["--image", name, &token(4)]);
        assert_eq!((code, decisions[0]["verdict"].as_str()), (Some(3), Some("VALID")), "{name}");
        let error = decisions[1]["error"].as_str().expect("an error");
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_picture_that_was_made_smaller_smoothly_is_read() {
    let place = place();
    for (side, filter) in [
        (183, imageops::FilterType::Triangle),
        (244, imageops::FilterType::Triangle),
        (183, imageops::FilterType::Lanczos3),
        (200, imageops::FilterType::CatmullRom),
    ] {
        let smaller = imageops::resize(&drawn(&token(4), 6), side, side, filter);
        smaller.save(place.path("smaller.png")).expect("a PNG");
        let (code, decisions) = decided(&place, &["--image", "smaller.png"]);
        assert_eq!((code, verdicts(&decisions)), (Some(0), vec!["VALID"]), "{side} {filter:?}");
    }
}

/// The front of a PNG that says it has 2^31 - 1 by 2^31 - 1 pixels.
fn huge() -> Vec<u8> {
    let mut bytes = Vec::new();
    drawn("A", 1).write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png).expect("a PNG");
    bytes[16..24].copy_from_slice(b"\x7f\xff\xff\xff\x7f\xff\xff\xff");
    let crc = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    bytes
}

/// The check value of a PNG's chunk (PNG specification, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}
