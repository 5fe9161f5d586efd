//! Bare work without any call: the same libraries that the program uses, or would.

use std::{hint::black_box, time::Instant};

use ed25519_dalek::{Signer as _, SigningKey};
use fast_qr::{ECL, QRBuilder};

use crate::{Failure, drive::Until};

/// What is done again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// An Ed25519 signature over as many bytes as a token has.
    Sign,
    /// Its strict verification.
    Verify,
    /// A QR code of `fast_qr`, level Q, 6 pixels a module, as a PNG of 1 bit by `png`: the symbol that `RenderQrCode` draws.
    Draw,
}

/// How often all processors together do `work` in a second; each does it so many times where calls are counted.
pub fn rate(work: Work, until: Until) -> Result<f64, Failure> {
    let threads = std::thread::available_parallelism()?.get();
    let counted: Vec<Result<f64, String>> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(move || one(work, until))).collect();
        let joined = running.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.map(|rate| rate.unwrap_or_else(|_| Err("it panicked".to_owned()))).collect()
    });
    Ok(counted.into_iter().sum::<Result<f64, String>>()?)
}

/// How often one thread does it in a second.
fn one(work: Work, until: Until) -> Result<f64, String> {
    let key = SigningKey::from_bytes(&[0x5e; 32]);
    let public = key.verifying_key();
    // As much as a token signs.
    let message = [7_u8; 60];
    let signature = key.sign(&message);
    let (began, mut count) = (Instant::now(), 0_u32);
    while match until {
        Until::Elapsed(lasting) => began.elapsed() < lasting,
        Until::Calls(calls) => u64::from(count) < calls,
    } {
        match work {
            Work::Sign => drop(black_box(key.sign(black_box(&message)))),
            Work::Verify => {
                let verified = public.verify_strict(black_box(&message), &signature);
                verified.map_err(|error| error.to_string())?;
            }
            Work::Draw => drop(black_box(draw(count)?)),
        }
        count += 1;
    }
    Ok(f64::from(count) / began.elapsed().as_secs_f64())
}

/// A text of a token's length and alphabet, another with each number.
fn text(number: u32) -> String {
    let mut text = format!("FSP1:{number:010}{}", "7KHP48AS10027BC3".repeat(11));
    text.truncate(188);
    text
}

fn draw(number: u32) -> Result<Vec<u8>, String> {
    const PIXELS: usize = 6;
    const QUIET: usize = 4;
    let symbol = QRBuilder::new(text(number)).ecl(ECL::Q).build().map_err(|error| format!("{error:?}"))?;
    let side = (symbol.size + 2 * QUIET) * PIXELS;
    let stride = side.div_ceil(8);
    let mut bits = vec![0xff_u8; stride * side];
    for row in 0..symbol.size {
        let first = (row + QUIET) * PIXELS * stride;
        for column in (0..symbol.size).filter(|column| symbol[row][*column].value()) {
            for pixel in (column + QUIET) * PIXELS..(column + QUIET + 1) * PIXELS {
                bits[first + pixel / 8] &= !(0x80 >> (pixel % 8));
            }
        }
        for line in 1..PIXELS {
            bits.copy_within(first..first + stride, first + line * stride);
        }
    }
    let side = u32::try_from(side).map_err(|error| error.to_string())?;
    let mut image = Vec::new();
    let mut encoder = png::Encoder::new(&mut image, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    // As the program sets them: what is compared is making the symbol, and not how hard it is squeezed.
    encoder.set_compression(png::Compression::Fast);
    encoder.set_filter(png::Filter::Up);
    let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
    writer.write_image_data(&bits).map_err(|error| error.to_string())?;
    writer.finish().map_err(|error| error.to_string())?;
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::{draw, text};

    #[test]
    fn the_picture_is_a_whole_symbol_of_version_9() {
        let image = draw(3).expect("a picture");
        let decoder = png::Decoder::new(std::io::Cursor::new(image));
        let reader = decoder.read_info().expect("a PNG");
        // 17 + 4 * 9 modules and twice the quiet zone of 4, 6 pixels each: as RenderQrCode has them.
        assert_eq!(reader.info().width, (53 + 8) * 6);
        assert_ne!(text(3), text(4));
    }
}
