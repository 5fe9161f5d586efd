//! From a picture to the texts of the QR codes in it.

use std::{io, path::Path};

use image::{
    GrayImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits,
    imageops::{self, FilterType},
};

/// A picture has no more pixels: what the cameras of telephones take. It bounds the memory, at half a gigabyte for the deepest colours.
const MAX_PIXELS: u64 = 50_000_000;

/// A picture is looked at in these sizes, in pixels, one after the other, until a code is found. The first is enough for most, and takes
/// milliseconds; making a picture smaller also takes noise away. The last one is as large as any.
const SIZES: [u64; 3] = [2_000_000, 8_000_000, MAX_PIXELS];

/// A picture without a code that was found is also looked at so many times as wide, as far as it stays within the first size: the edges of
/// modules of a few grey pixels are lost between black and white.
const ENLARGED: [u32; 2] = [2, 3];

/// Why no code was read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PictureError {
    /// The file cannot be read.
    #[error("the picture cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// The file is no picture that is understood.
    #[error("this is no PNG or JPEG picture that can be read")]
    Unknown(#[source] ImageError),
    /// The picture is too large.
    #[error("the picture has more than 50000000 pixels")]
    TooLarge,
    /// There is no code.
    #[error("no QR code can be read in the picture: try it nearer, sharper, or in better light")]
    NoCode,
}

impl From<ImageError> for PictureError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::TooLarge,
            ImageError::IoError(error) => Self::Unreadable(error),
            error => Self::Unknown(error),
        }
    }
}

/// The texts of all codes that can be read in the picture, at least one.
pub(crate) fn codes(path: &Path) -> Result<Vec<String>, PictureError> {
    let picture = open(path)?;
    let pixels = u64::from(picture.width()) * u64::from(picture.height());
    let mut tried = 0;
    for size in SIZES.map(|size| size.min(pixels)) {
        if size > tried {
            let texts = read(&scaled(&picture, size, pixels));
            if !texts.is_empty() {
                return Ok(texts);
            }
        }
        tried = size;
    }
    for factor in ENLARGED {
        let (width, height) =
            (picture.width().saturating_mul(factor), picture.height().saturating_mul(factor));
        if u64::from(width) * u64::from(height) <= SIZES[0] {
            let texts = read(&imageops::resize(&picture, width, height, FilterType::CatmullRom));
            if !texts.is_empty() {
                return Ok(texts);
            }
        }
    }
    Err(PictureError::NoCode)
}

fn open(path: &Path) -> Result<GrayImage, PictureError> {
    let mut reader = ImageReader::open(path)?.with_guessed_format()?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg)) {
        return Err(PictureError::Unknown(ImageError::Unsupported(
            image::error::ImageFormatHint::Unknown.into(),
        )));
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_PIXELS * 8);
    reader.limits(limits);
    let decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PictureError::TooLarge);
    }
    Ok(image::DynamicImage::from_decoder(decoder)?.into_luma8())
}

/// The picture with about so many of its pixels.
fn scaled(picture: &GrayImage, wanted: u64, pixels: u64) -> GrayImage {
    if wanted >= pixels {
        return picture.clone();
    }
    let scaled = |side: u32| {
        let scaled = (u128::from(side).pow(2) * u128::from(wanted) / u128::from(pixels)).isqrt();
        u32::try_from(scaled).unwrap_or(side).max(1)
    };
    imageops::thumbnail(picture, scaled(picture.width()), scaled(picture.height()))
}

fn read(picture: &GrayImage) -> Vec<String> {
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let grey = |x, y| picture.get_pixel_checked(place(x), place(y)).map_or(0xff, |pixel| pixel.0[0]);
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    let grids = prepared.detect_grids();
    grids.iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect()
}
