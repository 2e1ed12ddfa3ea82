//! Lab files that are wrong, and all that is said about them: each file in
//! `refused/` has its report beside it, in English and in Chinese (`.zh.txt`).
//! `REWRITE=1` writes the reports anew.

use model::explain::Language;
use std::fs;
use std::path::Path;

#[test]
fn each_mistake_is_reported_in_the_same_words() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        let report = match lab::file::parse(name, &fs::read_to_string(&path).unwrap()) {
            Err(report) => report,
            Ok(topology) => panic!("{name} was accepted as {topology:?}"),
        };
        for (language, ending) in [(Language::En, "txt"), (Language::Zh, "zh.txt")] {
            let said = format!("{}\n", report.say(language));
            let beside = path.with_extension(ending);
            if std::env::var_os("REWRITE").is_some() {
                fs::write(&beside, &said).unwrap();
            }
            let expected = fs::read_to_string(&beside).unwrap_or_default();
            if said != expected {
                wrong.push(format!("--- {name} says\n{said}--- expected\n{expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Text nobody would write must be refused like any other, never panic.
#[test]
fn hostile_text_is_refused() {
    let bomb = "lab: x\nswitches:\n  a: &a { subnet: [x, x, x, x, x, x, x, x] }\n".to_owned()
        + &(0..30).map(|n| format!("  b{n}: [*a, *a, *a, *a, *a, *a]\n")).collect::<String>();
    let deep = format!("lab: {}{}", "[".repeat(100_000), "]".repeat(100_000));
    for text in ["", "\0", "---", "- a", "lab: [", "\u{feff}lab: x\n\tb: 1", &bomb, &deep] {
        assert!(lab::file::parse("x.yaml", text).is_err(), "{:?}", text.get(..40));
    }
}
