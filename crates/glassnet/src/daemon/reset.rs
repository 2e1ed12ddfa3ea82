//! `glassnet node reset`: everything of ours goes, and the host's settings are what they were.

use super::Options;
use super::book::Book;
use super::kernel_words::in_words;
use super::record::Record;
use crate::protocol::{API_SOCKET, ATTACH_SOCKET};
use anyhow::Context as _;
use kernel::apply::{Applier, Outcome};
use model::diff::{self, Step};
use model::host::{Actual, NamespaceId, Sysctl, Wanted};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use store::{BootId, Journal, Opened, StateDirectory};

/// Takes everything away, and says each thing it did. The daemon must not run: it would mend it.
pub(crate) fn reset(options: &Options) -> anyhow::Result<Vec<String>> {
    let directory = Arc::new(StateDirectory::lock(&options.state_directory)?);
    let Opened { records, origin, .. } =
        Journal::<Record>::open(&directory, "journal", BootId::of_this_host()?)?;
    let mut book = Book::default();
    records.iter().for_each(|record| book.note(record));
    if !super::start::of_this_boot(origin)? {
        book.new_boot();
    }

    let mut actual = Actual::default();
    actual.namespaces.insert(NamespaceId::Host, super::look::host()?);
    let mut steps = diff::diff(&Wanted::default(), &actual).steps;
    let host = actual.namespace(NamespaceId::Host);
    let passages = model::plan::passage::changes(&Default::default(), &host.nft);
    if !passages.is_empty() {
        let change = diff::Change::Nft(passages);
        steps.push(Step { namespace: NamespaceId::Host, change });
    }
    steps.splice(0..0, settings(&book)?);
    let mut sockets = kernel::Sockets::open_here()?;
    let mut applier = Applier::new(&mut sockets, &BTreeMap::new())?.repeatable();
    let mut said = Vec::new();
    for step in &steps {
        match applier.apply(std::slice::from_ref(step), &mut |_, _, _| Ok(())) {
            Ok(outcomes) if outcomes == [Outcome::AlreadyGone] => {}
            Ok(_) => said.push(in_words(&step.change)),
            Err(failure) => {
                said.push(format!("could not {}: {}", in_words(&step.change), failure.error));
            }
        }
    }
    let queue = options.state_directory.join(crate::protocol::QUEUE_DIRECTORY);
    let journal = ["journal", "journal.boot"].map(|name| options.state_directory.join(name));
    for path in journal.into_iter().chain([queue]) {
        let removed = match std::fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => std::fs::remove_dir_all(&path),
            Ok(_) => std::fs::remove_file(&path),
            Err(_) => continue,
        };
        removed.with_context(|| format!("cannot remove {}", path.display()))?;
        said.push(format!("remove {}", path.display()));
    }
    said.extend(remove_sockets(&options.run_directory)?);
    Ok(said)
}

/// Settings that are not as they were found. Forwarding first: with it off, nothing passes where
/// rules are missing. It is turned off for all links at once, which writes over each link's own, so
/// those follow.
fn settings(book: &Book) -> anyhow::Result<Vec<Step>> {
    let mut found: Vec<(&String, &String)> = book.found.iter().collect();
    found.sort_by_key(|(path, _)| match path.split('/').collect::<Vec<_>>()[..] {
        ["net", "ipv4", "ip_forward"] | ["net", _, "conf", "all", _] => 0,
        [.., "forwarding"] => 1,
        _ => 2,
    });
    let all_at_once = |path: &str| path.ends_with("ip_forward") || path.contains("/all/");
    let paths: Vec<String> = found.iter().map(|(path, _)| (*path).clone()).collect();
    let there = kernel::observe::sysctls(&kernel::Sockets::open_here()?, &paths)?;
    let turned = found.iter().any(|(path, value)| {
        all_at_once(path) && there.get(path).is_some_and(|now| now.value != **value)
    });
    let differs = |path: &String, value: &String| {
        // A link that is gone has taken its settings along.
        let Some(now) = there.get(path) else { return false };
        now.value != *value || (turned && path.ends_with("/forwarding") && !all_at_once(path))
    };
    let steps = found.into_iter().filter(|(path, value)| differs(path, value));
    let step = |(path, value): (&String, &String)| Step {
        namespace: NamespaceId::Host,
        change: diff::Change::SetSysctl {
            sysctl: Sysctl::new(path.as_str(), value.as_str()),
            before: there.get(path).map(|now| now.value.clone()),
        },
    };
    Ok(steps.map(step).collect())
}

/// The daemon's sockets, and their directory if nothing else is in it. What somebody still listens
/// on is left: systemd keeps its sockets while the daemon rests.
fn remove_sockets(directory: &Path) -> anyhow::Result<Vec<String>> {
    let listened = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
    let mut said = Vec::new();
    for name in [ATTACH_SOCKET, API_SOCKET] {
        let path = directory.join(name);
        let shown = path.display().to_string();
        if listened.lines().any(|line| line.ends_with(&shown)) || !path.exists() {
            continue;
        }
        std::fs::remove_file(&path).with_context(|| format!("cannot remove {shown}"))?;
        said.push(format!("remove {shown}"));
    }
    // Not empty, or not there: either is well.
    if std::fs::remove_dir(directory).is_ok() {
        said.push(format!("remove {}", directory.display()));
    }
    Ok(said)
}
