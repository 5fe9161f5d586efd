use proptest::{collection::vec, prelude::*};

use super::{blocks, finder_like, imbalance, penalty, runs};
use crate::{
    layout::Row,
    reference::{self, modules, parsed},
};

/// A square as wide as the line, with the line as its third row.
fn with_row(line: &str, others: impl Fn(usize, usize) -> bool) -> Vec<Row> {
    let width = line.len();
    let other = |y| (0..width).map(|x| Row::from(others(x, y)) << x).sum();
    let mut rows: Vec<Row> = (0..width).map(other).collect();
    rows[2] = parsed([line])[0];
    rows
}

fn checkerboard(x: usize, y: usize) -> bool {
    (x + y).is_multiple_of(2)
}

fn light(_: usize, _: usize) -> bool {
    false
}

fn transposed(rows: &[Row]) -> Vec<Row> {
    let column = |x| (0..).zip(rows).map(|(y, row)| (row >> x & 1) << y).sum();
    (0..rows.len()).map(column).collect()
}

#[test]
fn a_run_costs_three_points_from_five_modules_on_and_one_for_each_more() {
    let table = [
        ("#.#.#.#", 0),
        ("####.#.", 0),
        ("....#.#", 0),
        ("#####.#", 3),
        (".#####.", 3),
        ("#......", 4),
        ("#######", 5),
        ("#####.#####", 6),
        ("#####......", 7),
        (".####..####", 0),
    ];
    for (line, points) in table {
        let rows = with_row(line, checkerboard);
        assert_eq!(runs(&rows), points, "{line} as a row");
        assert_eq!(runs(&transposed(&rows)), points, "{line} as a column");
        assert_eq!(reference::runs(&modules(&rows)), points, "{line}, one by one");
    }
    assert_eq!(runs(&parsed(["#####"; 5])), 10 * 3, "every row and every column");
    assert_eq!(runs(&[0; 61]), 2 * 61 * 59, "as wide as there is");
}

#[test]
fn blocks_of_one_colour_may_overlap() {
    let table: [([&str; 5], u32); 6] = [
        (["#.#.#", ".#.#.", "#.#.#", ".#.#.", "#.#.#"], 0),
        (["##.#.", "##.#.", "..#.#", "#.#.#", ".#.#."], 1),
        (["#.#.#", "#..#.", "...#.", "#.#.#", ".#.##"], 1),
        (["###.#", "###.#", "#.#.#", ".#.#.", "#.#.#"], 2),
        (["###.#", "###.#", "###.#", ".#.#.", "#.#.#"], 4),
        (["....."; 5], 16),
    ];
    for (lines, count) in table {
        let rows = parsed(lines);
        assert_eq!(blocks(&rows), count, "{lines:?}");
        assert_eq!(blocks(&transposed(&rows)), count, "{lines:?} transposed");
        assert_eq!(reference::blocks(&modules(&rows)), count, "{lines:?}, one by one");
    }
}

#[test]
fn what_looks_like_a_finder_pattern_counts_once_if_light_on_a_side() {
    let table = [
        // At both edges, where the quiet zone is the light area.
        ("#.###.#", 1),
        ("#.###.#....", 1),
        ("....#.###.#", 1),
        ("....#.###.#....", 1),
        ("#....#.###.#...#", 1),
        ("#...#.###.#....#", 1),
        ("#...#.###.#...#", 0),
        ("#.#.###.#.#", 0),
        ("##.###.##", 0),
        ("#.####.#", 0),
        ("#.##.##", 0),
        ("#.###.#.###.#", 2),
        ("#.###.#....#.###.#", 2),
        (".#.###.#.......", 1),
    ];
    for (line, count) in table {
        let rows = with_row(line, light);
        assert_eq!(finder_like(&rows), count, "{line} as a row");
        assert_eq!(finder_like(&transposed(&rows)), count, "{line} as a column");
        assert_eq!(reference::finder_like(&modules(&rows)), count, "{line}, one by one");
    }
}

#[test]
fn each_whole_step_of_five_percent_from_the_half_counts() {
    // Of 441 modules: 45 % are 198.45, 55 % are 242.55, 40 % are 176.4.
    let table =
        [(220, 0), (221, 0), (242, 0), (243, 1), (199, 0), (198, 1), (177, 1), (176, 2), (0, 9), (441, 9)];
    for (dark, steps) in table {
        let modules: Vec<Vec<bool>> = (0..21).map(|y| (0..21).map(|x| 21 * y + x < dark).collect()).collect();
        let row = |row: &Vec<bool>| (0..).zip(row).map(|(x, dark)| Row::from(*dark) << x).sum();
        let rows: Vec<Row> = modules.iter().map(row).collect();
        assert_eq!(reference::imbalance(&modules), steps, "{dark}, one by one");
        // All of one colour is the only border of two steps that there is, and no symbol.
        if !matches!(dark, 0 | 441) {
            assert_eq!(imbalance(&rows), steps, "{dark}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_rule_scores_as_one_module_at_a_time(
        version in 1_u32..=11,
        words in vec(any::<Row>(), 61),
        // With a pattern that would come up too seldom.
        finders in vec((0_usize..61, 0_u32..61), 0..20),
    ) {
        let width = 17 + 4 * version;
        let mut rows: Vec<Row> =
            words[..width as usize].iter().map(|word| word & (Row::MAX >> (64 - width))).collect();
        for (y, x) in finders {
            if let Some(row) = rows.get_mut(y) && x + 11 <= width {
                *row = *row & !(0x7ff << x) | 0b101_1101 << x;
            }
        }
        for rows in [transposed(&rows), rows] {
            let points = reference::penalties(&modules(&rows));
            prop_assert_eq!([runs(&rows), 3 * blocks(&rows), 40 * finder_like(&rows), 10 * imbalance(&rows)], points);
            prop_assert_eq!(penalty(&rows), points.iter().sum::<u32>());
        }
    }
}
