//! `--if CHANGE`: the same question once more, of the machine as it would be.

use super::Wrong;
use super::beyond::Beyond;
use super::ways::Ways;
use crate::cli::error::Error;
use crate::machine::Machine;
use model::change::{Change, Changed};
use model::host::NamespaceId;
use model::path::{Path, Question};

/// What would come of it.
pub(super) struct Then {
    pub(super) changes: Vec<String>,
    pub(super) ways: Ways,
}

/// `None` if no change was asked for.
pub(super) fn then(
    machine: &mut Machine,
    texts: &[String],
    question: &Question,
    one_way: bool,
    beyond: Option<&mut Beyond>,
) -> Result<Option<Then>, Error> {
    if texts.is_empty() {
        return Ok(None);
    }
    let read = |text: &String| {
        let find = |name: &str| machine.find(name, |_| false).ok().map(|found| found.id);
        Change::read(text, &NamespaceId::Host, find)
    };
    let refused = |fault| Error::Trace(Wrong::Change(fault));
    let changes = texts.iter().map(read).collect::<Result<Vec<_>, _>>().map_err(refused)?;
    let host = machine.host.clone();
    let mut changed = Changed::new(machine, &changes).map_err(refused)?;
    let ways = Ways::walk(&host, &mut changed, question, one_way, beyond);
    let changes = changes.into_iter().map(|change| change.text).collect();
    Ok(Some(Then { changes, ways }))
}

/// How many hops two ways have in common from their beginning.
pub(super) fn common(one: &Path, other: &Path) -> usize {
    one.hops.iter().zip(&other.hops).take_while(|(one, other)| one == other).count()
}
