//! Plots as SVG, written by hand: two axes and some lines are less text than it would take to describe them to a library.

use std::fmt::Write as _;

/// Size of a plot, and of what is around its lines.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const MARGIN: f64 = 60.0;
/// Marks on each axis.
const MARKS: u32 = 5;
/// Of a line of the legend, below the axes: it hides nothing there.
const LEGEND: f64 = 16.0;
/// One for each line; every other line is dashed, to be told apart in print as well.
const COLOURS: [&str; 8] =
    ["#1b6ca8", "#c0392b", "#27824a", "#8e44ad", "#b8860b", "#555555", "#008b8b", "#d35400"];

/// A line with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it shows.
    pub name: String,
    /// Its points from left to right.
    pub points: Vec<(f64, f64)>,
}

/// A plot of `lines` over axes that begin at 0.
#[must_use]
pub fn svg(title: &str, across: &str, up: &str, lines: &[Line]) -> String {
    let points = || lines.iter().flat_map(|line| line.points.iter());
    let most_across = round_up(points().map(|point| point.0).fold(0.0, f64::max));
    let most_up = round_up(points().map(|point| point.1).fold(0.0, f64::max));
    let place = |(x, y): (f64, f64)| {
        let across = MARGIN + x / most_across * (WIDTH - 2.0 * MARGIN);
        (across, HEIGHT - MARGIN - y / most_up * (HEIGHT - 2.0 * MARGIN))
    };
    let height = lines.iter().fold(HEIGHT, |height, _| height + LEGEND);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    text(&mut out, (WIDTH / 2.0, 24.0), "middle", "#000", title);
    text(&mut out, (WIDTH / 2.0, HEIGHT - 14.0), "middle", "#000", across);
    text(&mut out, (8.0, MARGIN - 16.0), "start", "#000", up);
    for mark in 0..=MARKS {
        let part = f64::from(mark) / f64::from(MARKS);
        let (x, bottom) = place((part * most_across, 0.0));
        let (left, y) = place((0.0, part * most_up));
        segment(&mut out, ("#ddd", false), &[(x, bottom), place((part * most_across, most_up))]);
        segment(&mut out, ("#ddd", false), &[(left, y), place((most_across, part * most_up))]);
        text(&mut out, (x, bottom + 16.0), "middle", "#000", &number(part * most_across));
        text(&mut out, (left - 6.0, y + 4.0), "end", "#000", &number(part * most_up));
    }
    for (nth, line) in lines.iter().enumerate() {
        let colour = COLOURS[nth % COLOURS.len()];
        let places: Vec<_> = line.points.iter().map(|point| place(*point)).collect();
        let is_dashed = nth % 2 == 1;
        segment(&mut out, (colour, is_dashed), &places);
        for (x, y) in places {
            push(&mut out, format_args!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>\n"));
        }
        let row = f64::from(u32::try_from(nth).unwrap_or_default()).mul_add(LEGEND, HEIGHT + 6.0);
        segment(&mut out, (colour, is_dashed), &[(MARGIN, row - 4.0), (MARGIN + 30.0, row - 4.0)]);
        text(&mut out, (MARGIN + 38.0, row), "start", colour, &line.name);
    }
    out.push_str("</svg>\n");
    out
}

fn segment(out: &mut String, (colour, is_dashed): (&str, bool), points: &[(f64, f64)]) {
    let dashes = if is_dashed { " stroke-dasharray=\"5 3\"" } else { "" };
    let points: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    push(
        out,
        format_args!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"{dashes}/>\n",
            points.join(" ")
        ),
    );
}

fn text(out: &mut String, (x, y): (f64, f64), anchor: &str, colour: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    push(
        out,
        format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{text}</text>\n"
        ),
    );
}

fn push(out: &mut String, written: std::fmt::Arguments<'_>) {
    // Writing into a text cannot fail.
    let _ = out.write_fmt(written);
}

/// The next 1, 2 or 5 times a power of ten.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps.into_iter().find(|step| *step >= value).unwrap_or(value)
}

fn number(value: f64) -> String {
    if value >= 10.0 || value == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::{Line, round_up, svg};

    #[test]
    fn points_stand_where_the_axes_say() {
        let line = Line { name: "p99 <CheckDocument>".to_owned(), points: vec![(0.0, 0.0), (100.0, 5.0)] };
        let drawn = svg("latency", "calls a second", "ms", &[line]);
        assert!(drawn.contains("cx=\"60.0\" cy=\"360.0\""), "the origin: {drawn}");
        assert!(drawn.contains("cx=\"660.0\" cy=\"60.0\""), "the far corner: {drawn}");
        assert!(drawn.contains("p99 &lt;CheckDocument>"));
    }

    #[test]
    fn axes_end_at_round_numbers() {
        for (value, rounded) in [(0.0, 1.0), (3.0, 5.0), (1000.0, 1000.0), (1001.0, 2000.0), (0.03, 0.05)] {
            assert!((round_up(value) - rounded).abs() < 1e-9, "{value}");
        }
    }
}
