//! What was promised, beside what was measured.

use crate::statistics::Middle;
use std::fmt;

/// All promises that were looked at.
#[derive(Default)]
pub(crate) struct Targets(Vec<(String, String, bool)>);

impl Targets {
    pub(crate) fn at_most(&mut self, what: &str, limit: f64, measured: Middle) {
        self.0.push((what.to_owned(), measured.to_string(), measured.at_most(limit)));
    }

    pub(crate) fn at_least(&mut self, what: &str, limit: f64, measured: Middle) {
        self.0.push((what.to_owned(), measured.to_string(), measured.at_least(limit)));
    }

    pub(crate) fn say(&mut self, what: &str, measured: String, met: bool) {
        self.0.push((what.to_owned(), measured, met));
    }
}

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| target | measured | |\n|---|---|---|")?;
        for (what, measured, met) in &self.0 {
            writeln!(f, "| {what} | {measured} | {} |", if *met { "met" } else { "**not met**" })?;
        }
        Ok(())
    }
}
