//! How ill a masked symbol can be read (ISO/IEC 18004, clause 7.8.3, table 11): the mask with the fewest points is taken.
//!
//! All modules of a row are looked at in one step. "The module x columns on" is the row shifted by x; "the module y rows on" is
//! the word of that row. Whoever wants to see the rules one module at a time finds them so in `reference.rs`, with which the tests compare.

use crate::layout::Row;

/// Points for a run of five; one more for each module beyond.
const N1: u32 = 3;
/// Points for a block of two by two.
const N2: u32 = 3;
/// Points for what looks like a finder pattern.
const N3: u32 = 40;
/// Points for each 5 % away from as many dark as light modules.
const N4: u32 = 10;

/// Light modules before or after the pattern of rule 3. They may lie in the quiet zone, which is light and four wide.
const LIGHT_AREA: usize = 4;
/// The pattern of rule 3: dark, light, dark three wide, light, dark.
const FINDER: [bool; 7] = [true, false, true, true, true, false, true];

/// The points of a symbol with as many columns as rows.
pub(crate) fn penalty(rows: &[Row]) -> u32 {
    runs(rows) + N2 * blocks(rows) + N3 * finder_like(rows) + N4 * imbalance(rows)
}

/// Rule 1, rows and columns: the points for five and more modules of one colour in line.
fn runs(rows: &[Row]) -> u32 {
    let inside = first_modules(rows.len());
    let (mut fives, mut runs, mut above) = (0, 0, 0);
    for window in rows.array_windows() {
        let five = five_alike(window) & inside;
        fives += five.count_ones();
        runs += (five & !above).count_ones();
        above = five;
    }
    let inside = first_modules(rows.len() - 4);
    for row in rows {
        let five = five_alike(&[*row, row >> 1, row >> 2, row >> 3, row >> 4]) & inside;
        fives += five.count_ones();
        runs += (five & !(five << 1)).count_ones();
    }
    // A run of 5 + n modules has 1 + n fives.
    fives + (N1 - 1) * runs
}

fn five_alike(modules: &[Row; 5]) -> Row {
    let all_dark = modules.iter().fold(Row::MAX, |dark, module| dark & module);
    all_dark | !any_dark(modules)
}

fn any_dark(modules: &[Row]) -> Row {
    modules.iter().fold(0, |dark, module| dark | module)
}

/// Rule 2: blocks of two by two modules of one colour; they may overlap.
fn blocks(rows: &[Row]) -> u32 {
    let inside = first_modules(rows.len() - 1);
    let alike = |[above, below]: &[Row; 2]| {
        let (both, any) = (above & below, above | below);
        ((both & both >> 1) | !(any | any >> 1)) & inside
    };
    rows.array_windows().map(|pair| alike(pair).count_ones()).sum()
}

/// Rule 3, rows and columns: dark and light as 1:1:3:1:1, with a light area four modules wide on either side, or both.
fn finder_like(rows: &[Row]) -> u32 {
    let mut around = [0; Row::BITS as usize + 2 * LIGHT_AREA];
    around[LIGHT_AREA..][..rows.len()].copy_from_slice(rows);
    let mut found = 0;
    for window in around[..rows.len() + 2 * LIGHT_AREA].array_windows() {
        found += finder_at(window).count_ones();
    }
    for row in rows {
        let (mut window, row) = ([0; LIGHT_AREA + FINDER.len() + LIGHT_AREA], *row);
        for (place, shifted) in window.iter_mut().enumerate() {
            *shifted =
                if place < LIGHT_AREA { row << (LIGHT_AREA - place) } else { row >> (place - LIGHT_AREA) };
        }
        found += finder_at(&window).count_ones();
    }
    found
}

/// Given a pattern's modules with the light areas around it.
fn finder_at(modules: &[Row; LIGHT_AREA + FINDER.len() + LIGHT_AREA]) -> Row {
    let (before, rest) = modules.split_at(LIGHT_AREA);
    let (inside, after) = rest.split_at(FINDER.len());
    let matches = |found, (module, is_dark): (&Row, bool)| found & if is_dark { *module } else { !module };
    inside.iter().zip(FINDER).fold(Row::MAX, matches) & !(any_dark(before) & any_dark(after))
}

/// Rule 4: how many whole steps of 5 % the dark modules are from half of all.
fn imbalance(rows: &[Row]) -> u32 {
    let dark: u32 = rows.iter().map(|row| row.count_ones()).sum();
    let all = u32::try_from(rows.len() * rows.len()).unwrap_or(u32::MAX);
    // The number of modules is odd, so that no symbol lies on the border of two steps, which the standard gives to both.
    (2 * dark).abs_diff(all) * 10 / all
}

/// A word with the modules 0 to `count` - 1 set.
fn first_modules(count: usize) -> Row {
    Row::MAX >> (Row::BITS as usize - count)
}

#[cfg(test)]
mod tests;
