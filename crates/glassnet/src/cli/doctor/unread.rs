//! What could not be read, so that the other checks say nothing about it.

use super::seen::Seen;
use model::explain::{Finding, Who};
use std::collections::BTreeMap;

/// The parts, each once, with the namespaces that they are of.
pub(super) fn parts(seen: &Seen) -> Vec<Finding> {
    let mut parts: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    let mut words = BTreeMap::new();
    for (id, about) in &seen.about {
        for unread in &about.unread {
            parts.entry((&unread.part, &unread.why)).or_default().push(id.to_string());
            words.insert(&unread.part[..], unread.word());
        }
    }
    let findings = parts.into_iter().filter_map(|((part, why), places)| {
        let (part, why) = (words.get(part)?.clone(), why.to_owned());
        Some(Finding::NotRead { part, places: Who(places), why })
    });
    findings.collect()
}
