//! What of a lab is meant: `[LAB/]HOST`, `[LAB/]HOST/CONTAINER`, `[LAB/]LINK`. The lab may be left
//! out where there is one only.

use crate::cli::error::Error;

/// A lab, and what is named in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) lab: String,
    pub(super) part: String,
}

/// Finds the place among the labs of this computer.
pub(super) fn find(text: &str) -> Result<Place, Error> {
    let labs = lab::names()?;
    among(text, labs).map_err(Error::WhichLab)
}

/// A first part that is a lab's name is one. If no lab can be meant, gives those there are.
fn among(text: &str, labs: Vec<String>) -> Result<Place, Vec<String>> {
    let split = text.split_once('/').map(|(lab, part)| (lab.to_owned(), part));
    let (lab, part) = match (split, labs.as_slice()) {
        (Some((lab, part)), known) if known.contains(&lab) => (lab, part),
        (_, [only]) => (only.clone(), text),
        // No such lab: the lab's own error says which there are.
        (Some((lab, part)), [_, ..]) => (lab, part),
        _ => return Err(labs),
    };
    Ok(Place { lab, part: part.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, labs: &[&str]) -> Option<String> {
        let labs = labs.iter().map(|lab| (*lab).to_owned()).collect();
        among(text, labs).ok().map(|place| format!("{}: {}", place.lab, place.part))
    }

    #[test]
    fn the_lab_may_be_left_out_if_there_is_one() {
        assert_eq!(find("alpha", &["two"]).as_deref(), Some("two: alpha"));
        assert_eq!(find("two/alpha", &["two"]).as_deref(), Some("two: alpha"));
        assert_eq!(find("alpha/web", &["two"]).as_deref(), Some("two: alpha/web"));
        assert_eq!(find("two/alpha/web", &["two", "x"]).as_deref(), Some("two: alpha/web"));
        assert_eq!(find("alpha.eth0", &["two"]).as_deref(), Some("two: alpha.eth0"));
    }

    #[test]
    fn with_none_or_several_it_must_be_named() {
        assert_eq!(find("alpha", &[]), None);
        assert_eq!(find("two/alpha", &[]), None);
        assert_eq!(find("alpha", &["two", "x"]), None);
        assert_eq!(find("tow/alpha", &["two", "x"]).as_deref(), Some("tow: alpha"));
    }
}
