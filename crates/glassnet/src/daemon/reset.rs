//! `glassnet node reset`: everything of ours goes, and the host's settings are what they were.

use super::Options;
use super::book::Book;
use super::kernel_words::in_words;
use super::record::Record;
use anyhow::Context as _;
use kernel::apply::{Applier, Outcome};
use model::diff::{self, Step};
use model::host::{Actual, NamespaceId, Sysctl, Wanted};
use std::collections::BTreeMap;
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
    // Forwarding first: with it off, nothing passes where rules are missing.
    let mut found: Vec<_> = book.found.iter().collect();
    found.sort_by_key(|(path, _)| !path.ends_with("forward") && !path.ends_with("forwarding"));
    steps.splice(
        0..0,
        found.into_iter().map(|(path, value)| Step {
            namespace: NamespaceId::Host,
            change: diff::Change::SetSysctl {
                sysctl: Sysctl::new(path.as_str(), value.as_str()),
                before: None,
            },
        }),
    );
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
    Ok(said)
}
