//! What is told of one chain: a bounded number of lines, whatever was done to it.

use std::{
    collections::HashMap,
    mem::{Discriminant, discriminant},
};

use entrypass_audit::{Finding, Verified};

/// Findings of one kind that are told; the others are counted. Of each kind some, so that none is hidden by many of another.
const MOST_OF_A_KIND: u64 = 10;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Report {
    lines: Vec<String>,
    of_a_kind: HashMap<Discriminant<Finding>, u64>,
    untold: u64,
    end: Vec<String>,
}

impl Report {
    /// Takes `finding` down, or counts it.
    pub(super) fn add(&mut self, finding: &Finding) {
        let count = self.of_a_kind.entry(discriminant(finding)).or_default();
        *count += 1;
        if *count <= MOST_OF_A_KIND {
            self.lines.push(finding.to_string());
        } else {
            self.untold += 1;
        }
    }

    /// Takes down what it all came to.
    pub(super) fn end(&mut self, verified: &Verified) {
        self.end.extend(verified.unjudged.iter().map(ToString::to_string));
        self.end.push(summary(verified));
    }

    /// Takes down why there was no end.
    pub(super) fn broke_off(&mut self, why: &str) {
        self.end.push(format!("BROKEN: {why}"));
    }

    /// What is to be told.
    pub(super) fn lines(self) -> Vec<String> {
        let mut lines = self.lines;
        if self.untold > 0 {
            lines.push(format!(
                "and {} more; only the first {MOST_OF_A_KIND} of each kind are told",
                self.untold
            ));
        }
        lines.extend(self.end);
        lines
    }
}

fn summary(Verified { head, waiting, findings, unjudged }: &Verified) -> String {
    let waiting = match waiting {
        0 => String::new(),
        1 => ", 1 more waits for its position".to_owned(),
        more => format!(", {more} more wait for their positions"),
    };
    match findings {
        0 if !unjudged.is_empty() => {
            "NOT VERIFIED: the key ring lacks keys, so that nobody can say whether the chain is good"
                .to_owned()
        }
        // That there is no head is a finding.
        0 => head.map_or_else(String::new, |head| {
            format!("good up to position {}{waiting}; note {head}", head.position)
        }),
        1 => "BROKEN: 1 finding".to_owned(),
        more => format!("BROKEN: {more} findings"),
    }
}

#[cfg(test)]
mod tests {
    use entrypass_audit::{Finding, Head, Verified};

    use super::Report;

    #[test]
    fn a_flood_of_one_kind_is_counted_and_hides_no_other() {
        let mut report = Report::default();
        for number in 0..1000 {
            report.add(&Finding::Gap { from: 2 * number, to: 2 * number });
        }
        report.add(&Finding::WrongHead { position: 7 });
        let verified = Verified { head: Some(Head::EMPTY), waiting: 0, findings: 1001, unjudged: Vec::new() };
        report.end(&verified);
        let lines = report.lines();
        assert_eq!(lines.len(), 13);
        assert!(lines[..10].iter().all(|line| line.ends_with("was removed")), "{lines:?}");
        let other = "the head is not what the chain is at position 7";
        let more = "and 990 more; only the first 10 of each kind are told";
        assert_eq!(lines[10..], [other, more, "BROKEN: 1001 findings"]);
    }
}
