//! Cases that once differed, made as small as they go, and some that a person wrote.

use drift::case::Case;
use drift::compare::Verdict;
use drift::play::play;
use std::path::Path;

#[test]
fn what_once_differed_agrees() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let mut wrong = Vec::new();
    for file in files {
        let case: Case = serde_json::from_slice(&std::fs::read(&file).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        play(&case, |outcome, _| {
            if !matches!(outcome.verdict, Verdict::Agrees { .. }) {
                let words = outcome.in_words(&case.packets[outcome.packet]);
                wrong.push(format!("{}: {words}", file.display()));
            }
        })
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
