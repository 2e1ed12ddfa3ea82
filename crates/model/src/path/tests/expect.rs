//! A path is compared with the text in `expect/NAME.txt`, a hop a line, so that a change shows as
//! a difference of lines. `GLASSNET_EXPECT=write` writes the files anew, to be read by eye before
//! they are kept.

use super::Path;
use std::fs;

pub(super) fn expect(name: &str, path: &Path) {
    let file = format!("{}/src/path/tests/expect/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let is = format!("{path}\n");
    if std::env::var("GLASSNET_EXPECT").is_ok_and(|wish| wish == "write") {
        fs::write(&file, &is).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert!(is == expected, "{name} is\n{is}\nand {file} says\n{expected}");
}
