//! Which network configuration engines take: of those in their directory the first by name, whoever
//! has left it there (kubespray#2122, kubernetes#87884).

use super::seen::{Configuration, Seen};
use model::explain::Finding;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The name of our plugin.
const PLUGIN: &str = "glassnet";

/// Where engines look, unless `NETCONFPATH` names another.
const DIRECTORY: &str = "/etc/cni/net.d";

/// Files that engines take before ours, or that nobody can read. Where there is none of ours, nobody
/// means to use us.
pub(super) fn left_over(seen: &Seen) -> Vec<Finding> {
    let of_ours = |one: &&Configuration| {
        one.plugins.as_ref().is_ok_and(|plugins| plugins.iter().any(|plugin| plugin == PLUGIN))
    };
    let Some(ours) = seen.configurations.iter().find(of_ours) else { return Vec::new() };
    let broken = seen.configurations.iter().filter_map(|one| {
        let why = one.plugins.as_ref().err()?.clone();
        Some(Finding::BrokenConfiguration { file: show(&one.file), why })
    });
    let mut findings: Vec<Finding> = broken.collect();
    let first = seen.configurations.iter().find(|one| one.plugins.is_ok());
    if let Some(Configuration { file, plugins: Ok(plugins) }) =
        first.filter(|one| one.file != ours.file)
    {
        findings.push(Finding::OtherConfiguration {
            file: show(file),
            plugins: plugins.join(", "),
            ours: show(&ours.file),
        });
    }
    findings
}

fn show(file: &Path) -> String {
    file.display().to_string()
}

/// The configurations in the order in which engines take them. No directory is none.
pub(super) fn read() -> Vec<Configuration> {
    let directory = std::env::var_os("NETCONFPATH").map_or_else(|| DIRECTORY.into(), PathBuf::from);
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    let taken = |file: &Path| {
        let ending = file.extension().and_then(|ending| ending.to_str());
        matches!(ending, Some("conf" | "conflist" | "json"))
    };
    files.retain(|file| taken(file));
    files.sort();
    let read = |file: PathBuf| {
        let bytes = std::fs::read(&file).map_err(|error| error.to_string());
        Configuration { plugins: bytes.and_then(|bytes| plugins(&bytes)), file }
    };
    files.into_iter().map(read).collect()
}

/// The types of a configuration's plugins: of a list, or of the one plugin that it is.
fn plugins(bytes: &[u8]) -> Result<Vec<String>, String> {
    if bytes.trim_ascii().is_empty() {
        return Err("the file is empty".to_owned());
    }
    let document: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let list = document["plugins"].as_array();
    let all = list.map_or_else(|| vec![&document], |list| list.iter().collect());
    let kinds = all.iter().map(|plugin| plugin["type"].as_str().map(str::to_owned));
    match kinds.collect::<Option<Vec<String>>>() {
        Some(kinds) if !kinds.is_empty() => Ok(kinds),
        _ => Err("it names no plugin".to_owned()),
    }
}
