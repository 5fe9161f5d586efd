//! The level (级别, a colour on a screen) of a person's electronic pass.
//!
//! Owns the rule. Pure: the facts are handed in. It is read anew each time and stored nowhere, so that a level never outlives its facts.
//!
//! The city's published levels, and what of them can be told:
//!
//! | level | published rule | here |
//! |---|---|---|
//! | `ALLOW_LOCAL`, green | household registration or registered residence permit in the city | the resident identity card was first given in the city; a household that moved, and a residence permit, are not recorded |
//! | `ALLOW_VISITOR`, blue | from outside the city, not from an outbreak area | everybody else; no list of outbreak areas is kept |
//! | `TEMPORARY`, yellow | fever without quarantine, or identity data tied to an outbreak area | a fever is declared in the health block, where that is collected |
//! | `DENY`, red | in quarantine | never: nobody records a quarantine yet, and a fact that is not recorded is not invented |

/// What the rule looks at besides the pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Circumstances {
    /// The resident identity card is of the city.
    pub(crate) from_city: bool,
    /// The registration declares a fever.
    pub(crate) fever_declared: bool,
}

/// The level of a person's pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// There is no pass.
    None,
    /// Somebody of the city, who may pass.
    AllowLocal,
    /// Somebody from elsewhere, who may pass.
    AllowVisitor,
    /// May pass for now; the community has to follow up.
    Temporary,
}

/// Decides on the level of somebody who has a pass, issued here or by another channel, or has none.
pub(crate) fn level(pass_exists: bool, circumstances: Circumstances) -> Level {
    match circumstances {
        _ if !pass_exists => Level::None,
        Circumstances { fever_declared: true, .. } => Level::Temporary,
        Circumstances { from_city: true, .. } => Level::AllowLocal,
        Circumstances { from_city: false, .. } => Level::AllowVisitor,
    }
}

#[cfg(test)]
mod tests {
    use super::{Circumstances, Level, level};

    #[test]
    fn the_whole_decision_table_holds() {
        // Pass, of the city, fever.
        let table = [
            ((false, false, false), Level::None),
            ((false, false, true), Level::None),
            ((false, true, false), Level::None),
            ((false, true, true), Level::None),
            ((true, false, false), Level::AllowVisitor),
            ((true, false, true), Level::Temporary),
            ((true, true, false), Level::AllowLocal),
            ((true, true, true), Level::Temporary),
        ];
        for ((pass_exists, from_city, fever_declared), expected) in table {
            let circumstances = Circumstances { from_city, fever_declared };
            assert_eq!(level(pass_exists, circumstances), expected, "{pass_exists} {circumstances:?}");
        }
    }
}
