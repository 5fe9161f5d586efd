//! The table of cases: what is called, beside which baseline, and what ratio is wanted.

use crate::{
    baseline::{pgbench::Script, work::Work},
    world::Rpc,
};

/// A case: both sides have turns one after the other, and the ratio is of their medians.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// What it is called in the table; words of `--cases` are looked for in it.
    pub name: &'static str,
    /// What is called.
    pub rpc: Rpc,
    /// Calls at once.
    pub width: Many,
    /// Beside what.
    pub baseline: Baseline,
    /// What the ratio should be.
    pub goal: Option<Goal>,
    /// What each right answer leaves behind: service, what counts it, and how many.
    pub wrote: &'static [(&'static str, &'static str, u64)],
}

/// How many calls are under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Many {
    /// As many as the command line says.
    Usual,
    /// So many, on 8 connections.
    InFlight(usize),
}

/// What a case is measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// The bare echo.
    Echo,
    /// pgbench.
    Pgbench(Script),
    /// Bare work on all processors.
    Bare(Work),
    /// The same calls, one at a time.
    OneAtATime,
}

/// A wanted ratio. More is better, but for [`Goal::at_most`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// What must be reached.
    pub at_least: f64,
    /// What is hoped for.
    pub aim: f64,
    /// Less is better: `at_least` is then an upper bound.
    pub less: bool,
}

impl Goal {
    /// More is better.
    #[must_use]
    pub const fn at_least(at_least: f64, aim: f64) -> Self {
        Self { at_least, aim, less: false }
    }

    /// Less is better.
    #[must_use]
    pub const fn at_most(at_most: f64, aim: f64) -> Self {
        Self { at_least: at_most, aim, less: true }
    }

    /// Whether `value` reaches what must be, and what is hoped for.
    #[must_use]
    pub fn met(&self, value: f64) -> (bool, bool) {
        let reaches = |bound: f64| if self.less { value <= bound } else { value >= bound };
        (reaches(self.at_least), reaches(self.aim))
    }
}

const REGISTRATIONS: &str = "SELECT count(*) FROM registrations";
const REVISIONS: &str = "SELECT count(*) FROM revisions";
const CODES: &str = "SELECT count(*) FROM codes";
const TRAVELLERS: &str = "SELECT count(*) FROM travellers";
const BONDS: &str = "SELECT count(*) FROM companions";
const VERIFICATIONS: &str = "SELECT count(*) FROM verifications";
const APPLICATIONS: &str = "SELECT count(*) FROM applications";
const ANSWERS: &str = "SELECT count(*) FROM answers WHERE sealed IS NOT NULL";
/// Registrations beyond the first of a person: nobody of these travellers has two.
const DOUBLED: &str = "SELECT count(*) - count(DISTINCT traveller_id) FROM registrations";

/// What reads must not change.
const NOTHING: &[(&str, &str, u64)] = &[
    ("registration", REGISTRATIONS, 0),
    ("registration", REVISIONS, 0),
    ("registration", ANSWERS, 0),
    ("qr", CODES, 0),
    ("epass", APPLICATIONS, 0),
];

const SUBMITTED: &[(&str, &str, u64)] = &[
    ("registration", TRAVELLERS, 1),
    ("registration", REGISTRATIONS, 1),
    ("registration", REVISIONS, 1),
    ("registration", ANSWERS, 1),
    ("registration", DOUBLED, 0),
    ("qr", CODES, 1),
];

const fn read(name: &'static str, rpc: Rpc, baseline: Baseline, goal: Option<Goal>) -> Case {
    Case { name, rpc, width: Many::Usual, baseline, goal, wrote: NOTHING }
}

/// On PostgreSQL, everything in one process.
pub const ON_POSTGRES: &[Case] = &[
    read("CheckDocument", Rpc::Check, Baseline::Pgbench(Script::Select), Some(Goal::at_least(0.5, 1.0))),
    read(
        "GetEntryPass, two companions",
        Rpc::Pass,
        Baseline::Pgbench(Script::Select),
        Some(Goal::at_least(0.25, 0.5)),
    ),
    Case {
        name: "VerifyQrCode",
        rpc: Rpc::Verify,
        width: Many::Usual,
        baseline: Baseline::Echo,
        goal: Some(Goal::at_least(0.35, 0.6)),
        wrote: &[("qr", VERIFICATIONS, 1), ("qr", CODES, 0), ("registration", REGISTRATIONS, 0)],
    },
    Case {
        name: "SubmitRegistration",
        rpc: Rpc::Submit,
        width: Many::Usual,
        baseline: Baseline::Pgbench(Script::Submission),
        goal: Some(Goal::at_least(0.7, 2.0)),
        wrote: SUBMITTED,
    },
    read("RenderQrCode PNG", Rpc::Draw, Baseline::Bare(Work::Draw), Some(Goal::at_least(1.0, 5.0))),
    read("GetPrefill", Rpc::Prefill, Baseline::Pgbench(Script::Select), None),
    Case {
        name: "UpdateRegistration",
        rpc: Rpc::Amend,
        width: Many::Usual,
        baseline: Baseline::Pgbench(Script::Submission),
        goal: None,
        wrote: &[
            ("registration", REGISTRATIONS, 0),
            ("registration", REVISIONS, 1),
            ("registration", ANSWERS, 1),
            ("qr", CODES, 1),
        ],
    },
    Case {
        name: "BindCompanion, registered anew",
        rpc: Rpc::Bind,
        width: Many::Usual,
        baseline: Baseline::Pgbench(Script::Submission),
        goal: None,
        wrote: &[
            ("registration", TRAVELLERS, 1),
            ("registration", REGISTRATIONS, 1),
            ("registration", BONDS, 1),
            ("registration", ANSWERS, 1),
            ("registration", DOUBLED, 0),
        ],
    },
    Case {
        name: "CreateElectronicPassApplication",
        rpc: Rpc::Begin,
        width: Many::Usual,
        baseline: Baseline::Pgbench(Script::Submission),
        goal: None,
        wrote: &[("epass", APPLICATIONS, 1), ("registration", REGISTRATIONS, 0)],
    },
    Case {
        name: "ApplyForElectronicPass",
        rpc: Rpc::Apply,
        width: Many::Usual,
        baseline: Baseline::Pgbench(Script::Submission),
        goal: None,
        wrote: &[("epass", APPLICATIONS, 1), ("registration", REGISTRATIONS, 0)],
    },
    Case {
        name: "a mix",
        rpc: Rpc::Mix,
        width: Many::Usual,
        baseline: Baseline::Echo,
        goal: None,
        wrote: &[("registration", DOUBLED, 0)],
    },
];

/// On SQLite as it is without any configuration, everything in one process.
pub const ON_SQLITE: &[Case] = &[
    read("CheckDocument", Rpc::Check, Baseline::Echo, None),
    read("GetEntryPass, two companions", Rpc::Pass, Baseline::Echo, None),
    Case {
        name: "VerifyQrCode",
        rpc: Rpc::Verify,
        width: Many::Usual,
        baseline: Baseline::Echo,
        goal: None,
        wrote: &[("qr", VERIFICATIONS, 1), ("qr", CODES, 0), ("registration", REGISTRATIONS, 0)],
    },
    Case {
        name: "SubmitRegistration, 64 in flight",
        rpc: Rpc::Submit,
        width: Many::InFlight(64),
        baseline: Baseline::OneAtATime,
        goal: Some(Goal::at_least(4.0, 8.0)),
        // Both sides write.
        wrote: SUBMITTED,
    },
    Case {
        name: "UpdateRegistration",
        rpc: Rpc::Amend,
        width: Many::Usual,
        baseline: Baseline::Echo,
        goal: None,
        wrote: &[("registration", REVISIONS, 1), ("qr", CODES, 1)],
    },
    Case {
        name: "ApplyForElectronicPass",
        rpc: Rpc::Apply,
        width: Many::Usual,
        baseline: Baseline::Echo,
        goal: None,
        wrote: &[("epass", APPLICATIONS, 1)],
    },
    Case {
        name: "a mix",
        rpc: Rpc::Mix,
        width: Many::Usual,
        baseline: Baseline::Echo,
        goal: None,
        wrote: &[("registration", DOUBLED, 0)],
    },
];

#[cfg(test)]
mod tests {
    use super::Goal;

    #[test]
    fn a_goal_is_met_at_its_bound() {
        assert_eq!(Goal::at_least(0.5, 1.0).met(0.5), (true, false));
        assert_eq!(Goal::at_least(0.5, 1.0).met(0.49), (false, false));
        assert_eq!(Goal::at_most(3.0, 1.5).met(1.5), (true, true));
        assert_eq!(Goal::at_most(3.0, 1.5).met(3.1), (false, false));
    }
}
