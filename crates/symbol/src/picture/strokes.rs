//! SVG: every run of dark modules one stroke.

use std::fmt::Write as _;

use super::{ModuleSize, QUIET_ZONE};
use crate::Symbol;

impl Symbol {
    /// An SVG 1.1 document that is `module` pixels per module wide unless it is scaled, black on white.
    ///
    /// Each run of dark modules is one stroke. A rectangle for each module, as `qrcode` draws them, takes three
    /// times the bytes.
    #[must_use]
    pub fn svg(&self, module: ModuleSize) -> String {
        let side = self.rows().len() + 2 * QUIET_ZONE;
        let pixels = side * module.pixels();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"{pixels}\" height=\"{pixels}\" \
             viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
             <path stroke=\"#000\" d=\"{}\"/></svg>\n",
            self.strokes()
        )
    }

    /// SVG path data: a horizontal line of width 1 through every run of dark modules.
    fn strokes(&self) -> String {
        let mut path = String::new();
        for (y, row) in (QUIET_ZONE..).zip(self.rows()) {
            // In 128 bits there is a light module behind every run.
            let (mut modules, mut x) = (u128::from(*row), QUIET_ZONE);
            while modules != 0 {
                let light = modules.trailing_zeros();
                let dark = (modules >> light).trailing_ones();
                x += light as usize;
                // Writing into a `String` cannot fail.
                let _ = write!(path, "M{x} {y}.5h{dark}");
                x += dark as usize;
                modules >>= light + dark;
            }
        }
        path
    }
}
