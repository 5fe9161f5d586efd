//! What a run found, for people (Markdown) and programs (JSON).

use std::{fmt::Write as _, fs, path::Path};

use serde::Serialize;

use crate::{
    Failure,
    case::Goal,
    compare::Measured,
    plot::{self, Line},
};

/// A run.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Hardware, kernel, settings: name and value.
    pub facts: Vec<(String, String)>,
    /// Comparisons.
    pub rows: Vec<Row>,
    /// Single numbers with a goal.
    pub scalars: Vec<Scalar>,
    /// Latency against offered load.
    pub curves: Vec<Curve>,
    /// Cases with a wrong answer, or a store that is not as it should be: what was wrong.
    pub failed: Vec<String>,
}

/// One case.
#[derive(Debug, Serialize)]
pub struct Row {
    /// On what.
    pub engine: &'static str,
    /// What.
    pub case: String,
    /// How it came out.
    pub measured: Measured,
    /// Beside what.
    pub baseline: Option<(String, Measured)>,
    /// The median of the turns' ratios.
    pub ratio: Option<f64>,
    /// What the ratio should be: at least, and hoped for.
    pub goal: Option<(f64, f64)>,
    /// Whether both are reached.
    pub met: Option<(bool, bool)>,
}

/// A number that needs no baseline.
#[derive(Debug, Serialize)]
pub struct Scalar {
    /// On what.
    pub engine: &'static str,
    /// What.
    pub case: String,
    /// The number.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
    /// What it should be, if less is better.
    pub goal: Option<(f64, f64)>,
    /// Whether both are reached.
    pub met: Option<(bool, bool)>,
}

/// Latency at several offered loads.
#[derive(Debug, Serialize)]
pub struct Curve {
    /// Whose.
    pub name: String,
    /// Calls a second, and milliseconds within which 50 and 99 % were answered.
    pub points: Vec<(f64, f64, f64)>,
}

impl Row {
    /// A row with its goal judged.
    #[must_use]
    pub fn new(
        engine: &'static str,
        case: &str,
        measured: Measured,
        baseline: Option<(String, Measured)>,
        ratio: Option<f64>,
        goal: Option<Goal>,
    ) -> Self {
        let met = goal.zip(ratio).map(|(goal, ratio)| goal.met(ratio));
        let goal = goal.map(|goal| (goal.at_least, goal.aim));
        Self { engine, case: case.to_owned(), measured, baseline, ratio, goal, met }
    }
}

impl Scalar {
    /// A number with its goal judged.
    #[must_use]
    pub fn new(engine: &'static str, case: &str, value: f64, unit: &'static str, goal: Option<Goal>) -> Self {
        let met = goal.map(|goal| goal.met(value));
        let goal = goal.map(|goal| (goal.at_least, goal.aim));
        Self { engine, case: case.to_owned(), value, unit, goal, met }
    }
}

impl Report {
    /// Names of the cases that miss what they must reach.
    #[must_use]
    pub fn missed(&self) -> Vec<String> {
        let rows = self.rows.iter().map(|row| (row.engine, &row.case, row.met));
        let scalars = self.scalars.iter().map(|scalar| (scalar.engine, &scalar.case, scalar.met));
        let missed = rows.chain(scalars).filter(|(_, _, met)| met.is_some_and(|(at_least, _)| !at_least));
        missed.map(|(engine, case, _)| format!("{engine}: {case}")).collect()
    }

    /// Takes what was measured for nothing: of a smoke, whose numbers say only that there are some.
    pub fn disregard(&mut self) {
        for row in &mut self.rows {
            (row.ratio, row.goal, row.met) = (None, None, None);
        }
        for scalar in &mut self.scalars {
            (scalar.goal, scalar.met) = (None, None);
        }
    }

    /// Writes `results.json` and `results.md` into `folder`.
    pub fn write(&self, folder: &Path) -> Result<(), Failure> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("results.json"), serde_json::to_vec_pretty(self)?)?;
        fs::write(folder.join("results.md"), self.markdown()?)?;
        if !self.curves.is_empty() {
            let drawn =
                plot::svg("latency against offered load", "calls offered a second", "ms", &self.lines());
            fs::write(folder.join("latency.svg"), drawn)?;
        }
        let sizes = self.sizes();
        if !sizes.is_empty() {
            let up = "µs of processor time a call, program and database";
            fs::write(
                folder.join("size.svg"),
                plot::svg("cost against data size", "travellers", up, &sizes),
            )?;
        }
        Ok(())
    }

    /// p50 and p99 of each curve.
    fn lines(&self) -> Vec<Line> {
        let line = |curve: &Curve, what: &str, y: fn(&(f64, f64, f64)) -> f64| Line {
            name: format!("{}, {what}", curve.name),
            points: curve.points.iter().map(|point| (point.0, y(point))).collect(),
        };
        let both = |curve: &Curve| [line(curve, "p50", |at| at.1), line(curve, "p99", |at| at.2)];
        self.curves.iter().flat_map(both).collect()
    }

    /// Cost over size, of the cases that were compared in it.
    fn sizes(&self) -> Vec<Line> {
        let size =
            |text: &str| text.strip_suffix(" travellers").and_then(|number| number.parse::<f64>().ok());
        let cost = |measured: &Measured| measured.server_us + measured.database_us;
        let line = |row: &Row| {
            let ((name, many), (few, baseline)) = (row.case.rsplit_once(", ")?, row.baseline.as_ref()?);
            let points = vec![(size(few)?, cost(baseline)), (size(many)?, cost(&row.measured))];
            Some(Line { name: name.to_owned(), points })
        };
        self.rows.iter().filter_map(line).collect()
    }

    /// The tables.
    pub fn markdown(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        for (name, value) in &self.facts {
            writeln!(out, "- {name}: {value}")?;
        }
        writeln!(
            out,
            "\n| | case | a second | p50 / p99 / p99.9 ms | CPU a call µs: program + database (client) | MiB | errors | baseline | baseline a second | its CPU a call µs: server + database | ratio | at least | aim | |"
        )?;
        writeln!(out, "|---|---|---:|---|---|---:|---|---|---:|---|---:|---:|---:|---|")?;
        for row in &self.rows {
            row.write(&mut out)?;
        }
        writeln!(out, "\n| | case | | at most | aim | |\n|---|---|---:|---:|---:|---|")?;
        for Scalar { engine, case, value, unit, goal, met } in &self.scalars {
            let (at_most, aim) = bounds(*goal);
            writeln!(out, "| {engine} | {case} | {value:.3} {unit} | {at_most} | {aim} | {} |", mark(*met))?;
        }
        for what in &self.failed {
            writeln!(out, "\nFAILED: {what}")?;
        }
        for Curve { name, points } in &self.curves {
            writeln!(
                out,
                "\n{name}: offered calls a second, p50 and p99 in ms\n\n| | | |\n|---:|---:|---:|"
            )?;
            for (rate, p50, p99) in points {
                writeln!(out, "| {rate:.0} | {p50:.2} | {p99:.2} |")?;
            }
        }
        Ok(out)
    }
}

impl Row {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        let Self { engine, case, measured, baseline, ratio, goal, met } = self;
        let errors: Vec<_> = measured.codes.iter().filter(|(code, _)| **code != 0).collect();
        let errors = if errors.is_empty() { "0".to_owned() } else { format!("{errors:?}") };
        let latency = measured
            .latency_ms
            .map_or(String::new(), |[p50, p99, p999]| format!("{p50:.2} / {p99:.2} / {p999:.2}"));
        let Measured { rate, server_us, database_us, client_us, resident_mib, .. } = measured;
        write!(
            out,
            "| {engine} | {case} | {rate:.0} | {latency} | {server_us:.0} + {database_us:.0} ({client_us:.0}) | {resident_mib:.0} | {errors} "
        )?;
        match baseline {
            Some((name, it)) => {
                write!(out, "| {name} | {:.0} | {:.0} + {:.0} ", it.rate, it.server_us, it.database_us)?;
            }
            None => write!(out, "| | | ")?,
        }
        let (at_least, aim) = bounds(*goal);
        let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
        writeln!(out, "| {ratio} | {at_least} | {aim} | {} |", mark(*met))
    }
}

fn bounds(goal: Option<(f64, f64)>) -> (String, String) {
    goal.map_or((String::new(), String::new()), |(at_least, aim)| (at_least.to_string(), aim.to_string()))
}

fn mark(met: Option<(bool, bool)>) -> &'static str {
    match met {
        None => "",
        Some((true, true)) => "aim",
        Some((true, false)) => "met",
        Some((false, _)) => "MISSED",
    }
}

#[cfg(test)]
mod tests {
    use super::{Report, Scalar};
    use crate::case::Goal;

    #[test]
    fn what_is_missed_is_named_and_marked() {
        let goal = Some(Goal::at_most(40.0, 20.0));
        let scalar = |value| Scalar::new("SQLite", "memory", value, "MiB", goal);
        let report = Report { scalars: vec![scalar(30.0), scalar(50.0)], ..Report::default() };
        assert_eq!(report.missed(), ["SQLite: memory"]);
        let table = report.markdown().expect("a table");
        assert!(table.contains("| 30.000 MiB | 40 | 20 | met |"), "{table}");
        assert!(table.contains("| 50.000 MiB | 40 | 20 | MISSED |"), "{table}");
    }
}
