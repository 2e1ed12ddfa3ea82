//! The kernel compared with what it should be, and mended.
//!
//! At the start, and whenever somebody else changed something. If nothing differs nothing is written,
//! so a restart disturbs no packet.

use super::kernel_words::kernel_said;
use super::record::{Held, Record, Stage};
use super::{Daemon, facts, lock, look};
use crate::protocol::Failure;
use model::diff::{self, Change, Diff, LinkChange, Step};
use model::explain::{Deed, Notice};
use model::host::link::GROUP_DOOMED;
use model::host::{Actual, Keyed as _, Namespace, NamespaceId, Unknown, Wanted};
use model::net::LinkName;
use model::plan;
use std::collections::BTreeSet;

impl Daemon {
    /// What the host should be. An attachment whose link is gone is left out: its container has
    /// died, or lost its link to somebody, and no link can be made into it from here.
    pub(super) fn wanted(&self, host: &Namespace<Unknown>) -> Wanted {
        let book = self.book();
        let there = |held: &&Held| {
            held.stage != Stage::Detaching && host.links.contains(&held.attachment.id.host_link())
        };
        let attachments = book.held.values().filter(there).map(|held| &held.attachment);
        let ways = self.cluster.as_ref().map(|cluster| cluster.ways()).unwrap_or_default();
        plan::host(&self.node(&book), book.networks.values(), attachments, &ways)
    }

    /// The difference between the host and what it should be, links that wait for the reaper aside.
    pub(super) fn difference(&self, mut host: Namespace<Unknown>) -> Diff {
        host.links.retain(|link| link.group != GROUP_DOOMED);
        let wanted = self.wanted(&host);
        leave_others_queues(&mut host, &wanted);
        let mut actual = Actual::default();
        actual.namespaces.insert(NamespaceId::Host, host);
        diff::diff(&wanted, &actual)
    }

    /// Compares and mends; gives what was found.
    pub(super) fn reconcile(&self) -> Result<Vec<Notice>, Failure> {
        let _alone = self.world.write();
        let mut host = look::host_and_hooks().map_err(|error| kernel_said(&error))?;
        let facts = facts::facts(&host, |link| accept_ra(&host, link));
        let moved = {
            let mut known = lock(&self.facts);
            let moved = known.out != facts.out
                || known.addresses != facts.addresses
                || known.underlay_mtu != facts.underlay_mtu;
            *known = facts;
            moved
        };
        if let Some(cluster) = self.cluster.as_ref().filter(|_| moved) {
            cluster.host_changed();
        }
        let mut found = Vec::new();
        match self.pass(&mut host) {
            Ok(passed) => found.extend(
                passed.iter().map(|step| Notice::WasMissing { deed: Deed::from(&step.change) }),
            ),
            Err(failure) => found.push(Notice::Failed { said: failure.message }),
        }
        let Diff { steps, conflicts } = self.difference(host);
        found.extend(conflicts.iter().map(Notice::from));
        let made: BTreeSet<&LinkName> = steps
            .iter()
            .filter_map(|step| match &step.change {
                Change::CreateLink(link) => Some(&link.name),
                _ => None,
            })
            .collect();
        for step in &steps {
            found.push(Notice::WasMissing { deed: Deed::from(&step.change) });
            if let Err(failure) = self.mend(step, &made) {
                tracing::warn!(%failure, "could not be mended");
                let (deed, said) = (Deed::from(&step.change), failure.message);
                found.push(Notice::NotMended { deed, said });
            }
        }
        if !found.is_empty() {
            tracing::info!(
                steps = steps.len(),
                first = %found[0],
                "the host was not as it should be"
            );
        }
        self.metrics.drift(steps.len());
        lock(&self.notes).drift.clone_from(&found);
        Ok(found)
    }

    /// A setting of a link that came later: what it was is noted before it is changed.
    fn note_found(&self, change: &Change) -> Result<(), Failure> {
        let Change::SetSysctl { sysctl, before: Some(before) } = change else { return Ok(()) };
        let known = {
            let book = self.book();
            let bridge = |link: &str| book.networks.values().any(|n| n.bridge.as_str() == link);
            book.found.contains_key(&sysctl.path) || sysctl.path.split('/').any(bridge)
        };
        if known {
            return Ok(());
        }
        let (path, value) = (sysctl.path.clone(), before.clone());
        self.write(&[Record::SettingFound { path, value }])
    }

    fn mend(&self, step: &Step, made: &BTreeSet<&LinkName>) -> Result<(), Failure> {
        let Change::DeleteLink { name } = &step.change else {
            self.note_found(&step.change)?;
            return self.carry_out(std::slice::from_ref(step), &[]);
        };
        if made.contains(name) {
            // It is made anew under its name in a moment.
            return self.carry_out(std::slice::from_ref(step), &[]);
        }
        // Leaked links are deleted together, like detached ones.
        let to = LinkChange { group: Some(GROUP_DOOMED), up: Some(false), ..LinkChange::default() };
        let change = Change::ChangeLink { name: name.clone(), to, from: LinkChange::default() };
        self.carry_out(&[Step { namespace: step.namespace.clone(), change }], &[])?;
        self.reaper.wake();
        Ok(())
    }
}

/// Where we limit nothing, a queue is another's: the CNI plugin `bandwidth` puts its own on our
/// links. None of ours is ever left over, as they come and go with their links.
pub(super) fn leave_others_queues(host: &mut Namespace<Unknown>, wanted: &Wanted) {
    let Some(wanted) = wanted.namespaces.get(&NamespaceId::Host) else { return };
    host.qdiscs.retain(|queue| wanted.qdiscs.contains(&queue.key()));
    host.filters.retain(|filter| wanted.filters.contains(&filter.link));
}

/// A link's `accept_ra` as it was read.
pub(super) fn accept_ra(host: &Namespace<Unknown>, link: &LinkName) -> Option<String> {
    let found = host.sysctls.get(&format!("net/ipv6/conf/{link}/accept_ra"))?;
    Some(found.value.clone())
}
