use proptest::prelude::*;
use qrcode::{
    Color, EcLevel, QrCode, Version, bits,
    canvas::{Canvas, MaskPattern, Module},
    ec,
};

use super::{ErrorCorrection, LENGTH_AT_EVERY_LEVEL, Layout, Mask, NotEncodable, Symbol};
use crate::reference::{Modules, counts, modules, parsed, penalties};

const LEVELS: [ErrorCorrection; 4] =
    [ErrorCorrection::Low, ErrorCorrection::Medium, ErrorCorrection::Quartile, ErrorCorrection::High];

const PATTERNS: [MaskPattern; 8] = [
    MaskPattern::Checkerboard,
    MaskPattern::HorizontalLines,
    MaskPattern::VerticalLines,
    MaskPattern::DiagonalLines,
    MaskPattern::LargeCheckerboard,
    MaskPattern::Fields,
    MaskPattern::Diamonds,
    MaskPattern::Meadow,
];

/// All 45 characters, over and over; without a run of digits for which numeric mode would be shorter.
fn text(length: usize) -> String {
    "A1B2C3D4E5F6G7H8I9J0K1LMNOPQRSTUVWXYZ $%*+-./:".chars().cycle().take(length).collect()
}

fn of_colors(colors: &[Color]) -> Modules {
    let width = colors.len().isqrt();
    colors.chunks(width).map(|row| row.iter().map(|color| *color == Color::Dark).collect()).collect()
}

fn of_modules(canvas: &Canvas, width: usize) -> impl Iterator<Item = Module> {
    let width = i16::try_from(width).expect("small");
    (0..width).flat_map(move |y| (0..width).map(move |x| canvas.get(x, y)))
}

/// The symbol as `qrcode` draws it, with each mask.
fn drawn(text: &str, level: ErrorCorrection) -> (Version, Vec<Modules>) {
    let level = EcLevel::from(level);
    let bits = bits::encode_auto(text.as_bytes(), level).expect("the text fits");
    let version = bits.version();
    let (data, correction) = ec::construct_codewords(&bits.into_bytes(), version, level).expect("it fits");
    let mut canvas = Canvas::new(version, level);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(&data, &correction);
    let masked = PATTERNS.into_iter().map(|pattern| {
        let mut masked = canvas.clone();
        masked.apply_mask(pattern);
        of_colors(&masked.into_colors())
    });
    (version, masked.collect())
}

/// The first of those with the fewest points.
fn best(masked: &[Modules], points: impl Fn(&Modules) -> u32) -> usize {
    let points: Vec<u32> = masked.iter().map(points).collect();
    (0..points.len()).min_by_key(|mask| points[*mask]).expect("there are eight")
}

/// Rule 4 as `qrcode` has it: 2 points for each percent, where the standard has 10 for each whole 5 percent.
fn points_of_qrcode(modules: &Modules) -> u32 {
    let [runs, blocks, finders, _] = penalties(modules);
    let (dark, all) = counts(modules);
    runs + blocks + finders + (dark * 200 / all).abs_diff(100)
}

#[test]
fn the_example_of_the_standard() {
    // Annex I of ISO/IEC 18004.
    let picture = "
        #######..#.##.#######
        #.....#..####.#.....#
        #.###.#.#.....#.###.#
        #.###.#.##....#.###.#
        #.###.#.#.###.#.###.#
        #.....#.#...#.#.....#
        #######.#.#.#.#######
        ........#..##........
        #.#####..#..#.#####..
        ...#.#.##.#.#..#.##..
        ..#...##.#.#.#..#####
        ....#....#.....####..
        ...######..#.#..#....
        ........#.#####..##..
        #######..##.#.##.....
        #.....#.#.#####...#.#
        #.###.#.#...#..#.##..
        #.###.#.##..#..#.....
        #.###.#.#.##.#..#.#..
        #.....#........##.##.
        #######.####.#..#.#..";
    let symbol = Symbol::encode("01234567", ErrorCorrection::Medium).expect("it fits");
    assert_eq!((symbol.version(), symbol.mask()), (1, 0b010));
    assert_eq!(symbol.rows(), parsed(picture.split_whitespace()));
}

#[test]
fn every_version_level_and_mask_is_drawn_as_by_qrcode() {
    for version in 1_u8..=11 {
        let normal = Version::Normal(version.into());
        let layout = Layout::of(normal).expect("the version is drawn");
        assert_eq!(layout.width, usize::from(17 + 4 * version));
        let mut canvas = Canvas::new(normal, EcLevel::L);
        canvas.draw_all_functional_patterns();
        let free = of_modules(&canvas, layout.width).filter(|module| *module == Module::Empty).count();
        // Whole codewords alone: the remainder bits are to stay light.
        let codewords: Vec<u8> =
            (0..u32::try_from(free / 8).expect("small")).map(|at| (at * 167).to_le_bytes()[0]).collect();
        let placed = layout.placed(codewords.iter());
        for level in LEVELS {
            for (mask, pattern) in Mask::ALL.into_iter().zip(PATTERNS) {
                let mut canvas = Canvas::new(normal, level.into());
                canvas.draw_all_functional_patterns();
                canvas.draw_data(&codewords, &[]);
                canvas.apply_mask(pattern);
                let rows = layout.masked(&placed, mask, level);
                assert!(
                    modules(&rows[..layout.width]) == of_colors(&canvas.into_colors()),
                    "version {version}, {level:?}, {mask:?}"
                );
                assert!(rows[layout.width..].iter().all(|row| *row == 0), "nothing beyond the width");
            }
        }
    }
}

#[test]
fn no_other_versions_are_drawn() {
    for version in [Version::Normal(0), Version::Normal(12), Version::Normal(-1), Version::Micro(2)] {
        assert!(Layout::of(version).is_none(), "{version:?}");
    }
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
        assert_eq!(symbol.rows().len(), 17 + 4 * version);
    }
}

#[test]
fn the_longest_text_fits_and_a_longer_one_is_refused() {
    let table = [
        (ErrorCorrection::Low, 468),
        (ErrorCorrection::Medium, 366),
        (ErrorCorrection::Quartile, 259),
        (ErrorCorrection::High, LENGTH_AT_EVERY_LEVEL),
    ];
    for (level, length) in table {
        assert_eq!(Symbol::encode(&text(length), level).map(|symbol| symbol.version()), Ok(11), "{level:?}");
        // What no longer fits version 11, and what fits none.
        for length in [length + 1, 5000] {
            let refused = Symbol::encode(&text(length), level).err();
            assert_eq!(refused, Some(NotEncodable::TooLong), "{level:?} {length}");
        }
    }
}

#[test]
fn a_text_outside_the_alphanumeric_set_is_refused() {
    for text in ["fsp1:", "FSP1:_", "FSP1:\n", "粤", "FSP1:\u{ff21}"] {
        let error = Symbol::encode(text, ErrorCorrection::default()).err();
        assert_eq!(error, Some(NotEncodable::NotAlphanumeric), "{text:?}");
    }
}

fn any_level() -> impl Strategy<Value = ErrorCorrection> {
    proptest::sample::select(&LEVELS[..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_mask_is_the_first_with_the_fewest_points(text in "[0-9A-Z $%*+./:-]{0,200}", level in any_level()) {
        let symbol = Symbol::encode(&text, level).expect("it fits at every level");
        let (version, masked) = drawn(&text, level);
        prop_assert_eq!(Version::Normal(i16::try_from(symbol.version()).expect("small")), version);
        prop_assert_eq!(symbol.mask(), best(&masked, |modules| penalties(modules).iter().sum()));
        prop_assert!(modules(symbol.rows()) == masked[symbol.mask()]);
        // `qrcode` itself differs from that by its rule 4, and by nothing else.
        let one_call = QrCode::with_error_correction_level(&text, level.into()).expect("it fits");
        prop_assert!(of_colors(&one_call.into_colors()) == masked[best(&masked, points_of_qrcode)]);
    }

    #[test]
    fn no_text_is_a_reason_to_panic(text in any::<String>(), long in "[0-9]{0,8000}|[0-9A-Z:]{0,5000}", level in any_level()) {
        for text in [text, long] {
            let fits = Symbol::encode(&text, level).is_ok();
            prop_assert!(fits || text.len() > LENGTH_AT_EVERY_LEVEL || !text.bytes().all(super::is_alphanumeric));
        }
    }
}
