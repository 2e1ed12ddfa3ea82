//! A machine in a file gives the answers that it gave itself, to anybody.

use crate::stage::{Stage, text};
use crate::unprivileged::as_nobody;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn keep(stage: &Stage, path: &Path) {
    let output = stage.command("snapshot", &format!("-o {}", path.display())).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("network namespaces of"), "{}", text(&output));
    let mode = std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it tells what is the owner's business");
}

/// What an answer is about, but for when, and for what only the living machine can add.
fn told(mut document: Value) -> Value {
    document["question"]["time"] = Value::Null;
    document["question"]["notes"] = Value::Null;
    for end in document["ends"].as_array_mut().unwrap() {
        end["command"] = Value::Null;
    }
    document
}

#[test]
fn the_same_answers_as_from_the_machine() {
    let mut stage = Stage::new("kept");
    stage.serve(80);
    stage.sh("ip netns exec $r nft 'add table ip n; add chain ip n post { type nat hook postrouting priority 100; }; \
              add chain ip n passing { type filter hook forward priority 0; }; add rule ip n post oifname right masquerade; \
              add rule ip n passing tcp dport { 81, 82 } drop'");
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let file = directory.path().join("state.json");
    keep(&stage, &file);
    let questions = [
        ("$a $b --port 80", 0),
        ("$a $b --port 81", 1),
        ("$a $b -6", 0),
        ("$b 10.9.1.2", 0),
        ("192.0.2.7 10.9.2.2 --in left@$r --port 80", 1),
    ];
    let live = questions.map(|(words, _)| stage.trace(&format!("{words} --json")));
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    let ends = ["a", "r", "b"].map(|end| (format!("${end}"), stage.called(end)));
    // By now all is gone.
    drop(stage);
    for ((words, code), live) in questions.into_iter().zip(live) {
        let words =
            ends.iter().fold(words.to_owned(), |words, (end, name)| words.replace(end, name));
        let kept = as_nobody(&format!("trace {words} --json --state {}", file.display()));
        let document: Value = serde_json::from_slice(&kept.stdout).unwrap();
        if code == 0 || words.contains("81") {
            assert_eq!(
                (kept.status.code(), live.code()),
                (Some(code), code),
                "{words}: {document:#}"
            );
        }
        assert_eq!(told(document), told(live.document()), "{words}");
    }
    let said = as_nobody(&format!("trace {} db --state {}", ends[0].1, file.display()));
    assert_eq!(said.status.code(), Some(1));
    assert!(text(&said).contains("host names are not looked up"), "{}", text(&said));
    let said = as_nobody(&format!("trace {} 10.9.2.2 --state {}", ends[0].1, file.display()));
    assert!(text(&said).contains(" UTC\n"), "{}", text(&said));
}

#[test]
fn a_file_that_is_none() {
    let stage = Stage::new("damaged");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("state.json");
    keep(&stage, &file);
    let whole = std::fs::read(&file).unwrap();
    let mut newer: Value = serde_json::from_slice(&whole).unwrap();
    newer["glassnet_snapshot"] = json!(2);
    newer["version"] = json!("9.0");
    newer["namespaces"] = json!("in another form");
    let newer = serde_json::to_vec(&newer).unwrap();
    for (bytes, says) in [
        (&whole[..whole.len() / 2], "is no whole snapshot"),
        (b"", "is no whole snapshot"),
        (b"{}", "is no whole snapshot"),
        (br#"{"glassnet_snapshot":1,"version":"0.1.0","host":"x","time":0}"#, "namespaces"),
        (&newer[..], "was written by glassnet 9.0, which is newer"),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let words = format!("$a 10.9.2.2 --state {}", file.display());
        stage.trace(&words).says(1, &["[not-a-snapshot]", says]);
    }
    // What fails leaves nothing behind.
    let output = stage.command("snapshot", "-o /dev/null/nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("[file]"), "{}", text(&output));
    let left = std::fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(left, 1);
}
