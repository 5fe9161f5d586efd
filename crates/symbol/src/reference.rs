//! The rules of clause 7.8.3 one module at a time, slowly and as they read: what the tests hold `penalty.rs` against.

use crate::layout::Row;

/// Rows of modules, dark ones true.
pub(crate) type Modules = Vec<Vec<bool>>;

pub(crate) fn modules(rows: &[Row]) -> Modules {
    rows.iter().map(|row| (0..rows.len()).map(|x| row >> x & 1 == 1).collect()).collect()
}

/// `#` is dark.
pub(crate) fn parsed<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<Row> {
    let row = |line: &str| (0..).zip(line.chars()).map(|(x, module)| Row::from(module == '#') << x).sum();
    lines.into_iter().map(row).collect()
}

/// The points of each rule.
pub(crate) fn penalties(modules: &Modules) -> [u32; 4] {
    [runs(modules), 3 * blocks(modules), 40 * finder_like(modules), 10 * imbalance(modules)]
}

fn lines(modules: &Modules) -> impl Iterator<Item = Vec<bool>> {
    let columns = (0..modules.len()).map(|x| modules.iter().map(|row| row[x]).collect());
    modules.iter().cloned().chain(columns)
}

/// Rule 1: 3 + i points for a run of 5 + i.
pub(crate) fn runs(modules: &Modules) -> u32 {
    let points = |line: Vec<bool>| -> usize {
        line.chunk_by(|one, next| one == next).map(|run| if run.len() >= 5 { run.len() - 2 } else { 0 }).sum()
    };
    u32::try_from(lines(modules).map(points).sum::<usize>()).expect("a small number")
}

/// Rule 2.
pub(crate) fn blocks(modules: &Modules) -> u32 {
    let mut blocks = 0;
    for two in modules.windows(2) {
        for x in 1..modules.len() {
            let block = [two[0][x - 1], two[0][x], two[1][x - 1], two[1][x]];
            blocks += u32::from(block == [true; 4] || block == [false; 4]);
        }
    }
    blocks
}

/// Rule 3, with the quiet zone around.
pub(crate) fn finder_like(modules: &Modules) -> u32 {
    let mut found = 0;
    for line in lines(modules) {
        let line = [vec![false; 4], line, vec![false; 4]].concat();
        for at in 4..line.len() - 10 {
            let pattern = line[at..at + 7] == [true, false, true, true, true, false, true];
            let before = line[at - 4..at] == [false; 4];
            let after = line[at + 7..at + 11] == [false; 4];
            found += u32::from(pattern && (before || after));
        }
    }
    found
}

/// Rule 4: k of "50 ± 5k % to 50 ± 5(k + 1) %".
pub(crate) fn imbalance(modules: &Modules) -> u32 {
    let (dark, all) = counts(modules);
    (0..10).find(|k| (2 * dark).abs_diff(all) * 10 <= (k + 1) * all).expect("there is always one")
}

/// Dark modules, and all.
pub(crate) fn counts(modules: &Modules) -> (u32, u32) {
    let dark = modules.iter().flatten().filter(|dark| **dark).count();
    let number = |count| u32::try_from(count).expect("a small number");
    (number(dark), number(modules.len() * modules.len()))
}
