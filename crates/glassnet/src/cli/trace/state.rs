//! `--state FILE`: a machine as a snapshot tells of it.

use super::Wrong;
use crate::cli::error::Error;
use crate::machine::{Machine, NoSnapshot, Snapshot};
use model::explain::{MaskedText, TraceText};
use std::path::Path;

pub(super) fn read(path: &Path) -> Result<Machine, Error> {
    snapshot(path).map(Machine::of)
}

pub(in crate::cli) fn snapshot(path: &Path) -> Result<Snapshot, Error> {
    let bytes = std::fs::read(path).map_err(|error| Error::File(path.to_owned(), error))?;
    let path = path.to_owned();
    Snapshot::parse(&bytes).map_err(|no| {
        Error::Trace(match no {
            NoSnapshot::Newer { version } => Wrong::StateNewer { path, version },
            NoSnapshot::Damaged { why } => Wrong::StateDamaged { path, why },
        })
    })
}

/// Of when the machine is, if it is not as it is now.
pub(in crate::cli) fn note(machine: &Machine) -> Option<TraceText> {
    let (host, time) = (machine.host.clone(), moment(machine.time?));
    let words = machine.masked.iter().filter_map(|what| match &what[..] {
        "addresses" => Some(MaskedText::Addresses),
        "names" => Some(MaskedText::Names),
        _ => None,
    });
    let masked: Vec<_> = words.collect();
    Some(match masked.is_empty() {
        true => TraceText::AsItWas { host, time },
        false => TraceText::AsItWasMasked { host, time, masked },
    })
}

/// Seconds since 1970 as a date and a time, UTC. The days are counted from 1 March of year 0, so that a
/// leap day is its year's last (<https://howardhinnant.github.io/date_algorithms.html>).
fn moment(seconds: u64) -> String {
    const DAY: u64 = 86_400;
    let days = seconds / DAY + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let minutes = seconds % DAY / 60;
    format!("{year}-{month:02}-{of_month:02} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_a_date() {
        for (seconds, wanted) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399, "2000-02-28 23:59 UTC"),
            (951_868_800, "2000-03-01 00:00 UTC"),
            (1_709_208_000, "2024-02-29 12:00 UTC"),
            (1_795_854_399, "2026-11-28 08:26 UTC"),
        ] {
            assert_eq!(moment(seconds), wanted);
        }
    }
}
