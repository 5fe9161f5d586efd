//! Whether records and chain are as the service wrote them. Pure: rows come in, findings come out, one row's at a time, so that a chain of
//! any length takes the same memory.
//!
//! There are two passes. One over the records, in any order: each must have a good MAC, and a place in the chain or one that it waits
//! for. One over the places, in their order: positions without gaps, each with its record, each with the link that follows from the place
//! before. After a place that is not right the inspection goes on from what stands there, so that one change is told once and the
//! next one is found as well.
//!
//! What cannot be found: that the last records were cut off together with their places and the head. Whoever noted a head elsewhere
//! finds that too. And a record that was removed before it had a place, which takes a second at most: the copy that wrote it looks after that
//! (`unplaced.rs`).

use std::{fmt, mem};

use uuid::Uuid;

use crate::{
    chain::{Head, Link},
    record::{Mac, Signed},
};

/// A record, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// The record.
    pub signed: Signed,
    /// Its position, if it has one.
    pub position: Option<i64>,
    /// It is about to get one.
    pub waits: bool,
}

/// A place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its position.
    pub position: i64,
    /// The link with its key; `None` where what is stored has not the form of one.
    pub link: Option<Mac>,
    /// The record that stands here.
    pub record: Uuid,
    /// That record's MAC as it is stored now: `None` when there is no such record, `Some(None)` for one that has not the form of a MAC.
    pub mac: Option<Option<Mac>>,
}

/// Something that no service of ours did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The record at this position is not as the service wrote it.
    Changed {
        /// Its position.
        position: i64,
        /// Its id.
        record: Uuid,
    },
    /// A record that no service wrote.
    Foreign {
        /// Its id.
        record: Uuid,
    },
    /// A record of the service without a place in the chain.
    Unplaced {
        /// Its id.
        record: Uuid,
    },
    /// The record at this position is not there any more.
    Removed {
        /// Its position.
        position: i64,
        /// Its id.
        record: Uuid,
    },
    /// Places are not there.
    Gap {
        /// The first.
        from: i64,
        /// The last.
        to: i64,
    },
    /// The record at this position does not follow from those before it: it, or the place before, was put there by somebody else.
    Misplaced {
        /// Its position.
        position: i64,
        /// Its id.
        record: Uuid,
    },
    /// Nor does any record at the positions after a misplaced one, up to where the chain is right in itself again.
    MisplacedOn {
        /// The first after the one that was named.
        from: i64,
        /// The last.
        to: i64,
    },
    /// A table of the audit is not there, and so nothing can be said of what stood in it.
    NoTable {
        /// Its name.
        table: &'static str,
    },
    /// The row of the head is not there, or not readable: where the chain ended is not known.
    NoHead,
    /// The chain goes on behind its head.
    Beyond {
        /// The first position there.
        position: i64,
    },
    /// The head is not what the chain is at its position.
    WrongHead {
        /// That position.
        position: i64,
    },
    /// The chain was longer once than it is now.
    CutOff {
        /// The position that it had reached.
        expected: i64,
        /// The one that it reaches now.
        found: i64,
    },
    /// The chain was another one at this position.
    Rewritten {
        /// The position.
        position: i64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { position, record } => {
                write!(f, "position {position}: record {record} was changed")
            }
            Self::Foreign { record } => {
                write!(
                    f,
                    "record {record} was inserted: no key of the ring signed it as it is, and it has no position"
                )
            }
            Self::Unplaced { record } => {
                write!(f, "record {record} is genuine, but its position was removed")
            }
            Self::Removed { position, record } => {
                write!(f, "position {position}: record {record} was removed")
            }
            Self::Gap { from, to } if from == to => write!(f, "position {from} was removed"),
            Self::Gap { from, to } => write!(f, "positions {from} to {to} were removed"),
            Self::Misplaced { position, record } => write!(
                f,
                "position {position}: record {record} does not follow from what stands before it: it was inserted, moved or put in another's place, or one before it was removed and the rest renumbered"
            ),
            Self::MisplacedOn { from, to } if from == to => {
                write!(f, "position {from}: nor does the record there follow")
            }
            Self::MisplacedOn { from, to } => {
                write!(f, "positions {from} to {to}: nor does any record there follow")
            }
            Self::NoTable { table } => write!(f, "the table {table} was removed"),
            Self::NoHead => {
                write!(
                    f,
                    "the row of audit_head was removed, or changed beyond reading: nobody can say where the chain ended"
                )
            }
            Self::Beyond { position } => {
                write!(
                    f,
                    "position {position} lies behind the head: it was inserted, or the head was set back"
                )
            }
            Self::WrongHead { position } => {
                write!(f, "the head is not what the chain is at position {position}")
            }
            Self::CutOff { expected, found } => {
                write!(f, "the chain was cut off: it reached position {expected}, and ends at {found}")
            }
            Self::Rewritten { position } => {
                write!(f, "the chain is not the one that was noted at position {position}")
            }
        }
    }
}

impl Filed {
    /// What is wrong with it, by a function that says whether a MAC is that of some bytes.
    pub fn inspect(&self, matches: impl FnOnce(&Mac, &[u8]) -> bool) -> Option<Finding> {
        let record = self.signed.record.id;
        match (self.signed.is_genuine(matches), self.position) {
            (true, None) if !self.waits => Some(Finding::Unplaced { record }),
            (true, _) => None,
            (false, Some(position)) => Some(Finding::Changed { position, record }),
            (false, None) => Some(Finding::Foreign { record }),
        }
    }
}

/// The pass over the places of a chain up to a head.
#[derive(Debug)]
pub struct Walk {
    last: Head,
    head: Option<Head>,
    expect: Option<Head>,
    /// What stands at `last` is not known to be right in itself: what follows cannot be told from it.
    uncertain: bool,
    /// The first and the last of the places before, as far as none of them follows: what was renumbered is told once.
    misplaced: Option<(i64, i64)>,
    good: u64,
}

impl Walk {
    /// A walk up to `head`, or over all there is where that is not known, with what was noted earlier, if anything was.
    #[must_use]
    pub fn new(head: Option<Head>, expect: Option<Head>) -> Self {
        Self { last: Head::EMPTY, head, expect, uncertain: false, misplaced: None, good: 0 }
    }

    /// How many places were good so far.
    #[must_use]
    pub fn good(&self) -> u64 {
        self.good
    }

    /// Looks at the place after the last one, and tells what is wrong.
    pub fn step(&mut self, place: &Place, matches: impl FnOnce(&Mac, &[u8]) -> bool) -> Vec<Finding> {
        let Place { position, link, record, mac } = *place;
        let (mut findings, mut misplaced) = (Vec::new(), false);
        let next = self.last.position.wrapping_add(1);
        if position > next {
            findings.push(Finding::Gap { from: next, to: position - 1 });
            self.uncertain = true;
        }
        let follows = |link: Option<Mac>, mac: Option<Mac>| {
            link.zip(mac).is_some_and(|(link, mac)| matches(&link, &self.last.next_bytes(&mac)))
        };
        match mac {
            None => findings.push(Finding::Removed { position, record }),
            _ if position < next => misplaced = true,
            // What stands before is missing: whether this follows cannot be told.
            Some(_) if self.uncertain => {}
            Some(mac) => misplaced = !follows(link, mac),
        }
        let link = Link(link.map_or([0; 32], |link| link.code));
        (self.last, self.uncertain) = (Head { position, link }, false);
        if self.expect.is_some_and(|expect| expect.position == position && expect.link != link) {
            findings.push(Finding::Rewritten { position });
        }
        self.good += u64::from(findings.is_empty() && !misplaced);
        let run = self.misplaced.filter(|_| misplaced).map_or(position, |(first, _)| first);
        let before = mem::replace(&mut self.misplaced, misplaced.then_some((run, position)));
        if misplaced && before.is_none() {
            findings.insert(0, Finding::Misplaced { position, record });
        }
        if !misplaced {
            findings.splice(0..0, rest(before));
        }
        findings
    }

    /// What is wrong at the end, after the last place.
    #[must_use]
    pub fn end(&self) -> Vec<Finding> {
        let Self { last, head, expect, misplaced, .. } = self;
        let mut findings: Vec<_> = rest(*misplaced).into_iter().collect();
        // Without a head, the last place is the end that there is.
        let head = head.as_ref().unwrap_or(last);
        if last.position < head.position {
            findings.push(Finding::Gap { from: last.position + 1, to: head.position });
        } else if last != head {
            findings.push(Finding::WrongHead { position: head.position });
        }
        match expect {
            Some(expect) if expect.position > head.position => {
                findings.push(Finding::CutOff { expected: expect.position, found: head.position });
            }
            // No place has this position.
            Some(expect) if expect.position == 0 && *expect != Head::EMPTY => {
                findings.push(Finding::Rewritten { position: 0 });
            }
            _ => {}
        }
        findings
    }
}

/// What is to be told of a run of misplaced records, the first of which was named.
fn rest(run: Option<(i64, i64)>) -> Option<Finding> {
    let (first, to) = run.filter(|(first, last)| last > first)?;
    Some(Finding::MisplacedOn { from: first + 1, to })
}

#[cfg(test)]
mod tests;
