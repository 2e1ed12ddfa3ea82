//! Looks at the kernel again whenever somebody else changed something.
//!
//! Our own changes are told from others' where the kernel says whose they are: always of nftables,
//! so that a wiped table is back at once however busy we are. What it does not say (a link went up,
//! and routes came with it) may be ours; while we change things ourselves, that is put off.

use super::{Daemon, lock};
use kernel::monitor::{Event, Monitor};
use model::explain::Notice;
use model::host::nft::TABLE;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Events come in bursts; this long after the first they are looked at together.
const GATHER: Duration = Duration::from_millis(20);
/// After changes of our own the look is put off until they have ceased for this long …
const QUIET: Duration = Duration::from_secs(1);
/// … but not for longer than this.
const LATEST: Duration = Duration::from_secs(10);
/// After a look that found nothing, this many times as long as it took belongs to others: it holds
/// them up, and events that mean nothing come by the hundred.
const REST: u32 = 20;
/// With nothing put off there is nothing to wake up for.
const LONG: Duration = Duration::from_secs(24 * 3600);

/// When to look again because of what may or may not concern us.
#[derive(Default)]
struct Plan {
    /// Since when something is to be looked at.
    first: Option<Instant>,
    due: Option<Instant>,
    rested: Option<Instant>,
}

impl Plan {
    /// Something happened; if it may have been us, there is time until we are quiet.
    fn look_after(&mut self, ours: bool) {
        let now = Instant::now();
        let first = *self.first.get_or_insert(now);
        let at = if ours { (now + QUIET).min(first + LATEST) } else { now };
        let at = self.rested.map_or(at, |rested| rested.max(at));
        self.due = Some(match self.due {
            Some(due) if !ours => due.min(at),
            _ => at,
        });
    }

    fn is_due(&self) -> bool {
        self.due.is_some_and(|due| due <= Instant::now())
    }

    fn patience(&self) -> Duration {
        self.due.map_or(LONG, |due| due.saturating_duration_since(Instant::now()))
    }

    fn looked(&mut self, took: Duration, in_vain: bool) {
        *self = Self { rested: in_vain.then(|| Instant::now() + took * REST), ..Self::default() };
    }
}

/// Watches until the kernel cannot be watched any more.
pub(super) fn serve(daemon: &Arc<Daemon>) {
    let mut monitor = match open(daemon) {
        Ok(monitor) => monitor,
        Err(error) => {
            tracing::error!(%error, "cannot watch the kernel; changes by others are not mended");
            return;
        }
    };
    let mut seen = daemon.own_changes.load(Ordering::Acquire);
    let mut plan = Plan::default();
    // What changed between the start's own look and now was told to nobody.
    plan.look_after(false);
    loop {
        let tunnels = lock(&daemon.facts).tunnels.clone();
        if let Err(error) = monitor.hear_peers(tunnels) {
            tracing::warn!(%error, "changes of the ways to other nodes are not heard of");
        }
        let mut events = match monitor.wait(plan.patience()) {
            Ok(events) => events,
            Err(error) => {
                tracing::error!(%error, "cannot watch the kernel any more");
                return;
            }
        };
        if !events.is_empty() {
            // A transaction is told of as a whole, so of one that changed our tables nothing follows.
            if !events.iter().any(is_of_ours) {
                std::thread::sleep(GATHER);
            }
            // Whatever it is that came meanwhile, it is seen by the same look.
            events.extend(monitor.take().unwrap_or_default());
            relevant(daemon, &mut events);
        }
        let now = daemon.own_changes.load(Ordering::Acquire);
        let ours = now != seen;
        seen = now;
        let tampered: Vec<&Event> = events.iter().filter(|event| is_of_ours(event)).collect();
        if tampered.is_empty() {
            if !events.is_empty() {
                plan.look_after(ours);
            }
            if !plan.is_due() {
                continue;
            }
        }
        let started = Instant::now();
        match daemon.reconcile() {
            Ok(mended) => {
                let took = started.elapsed();
                plan.looked(took, mended.is_empty());
                tell(&tampered, &mended, took);
            }
            Err(failure) => {
                tracing::warn!(%failure, "cannot compare the host with what it should be");
                plan.looked(QUIET / REST, true);
            }
        }
        if let Err(failure) = daemon.sweep() {
            tracing::warn!(%failure, "cannot look for namespaces that are gone");
        }
        // What the comparison itself changed comes back as events of ours.
        seen = daemon.own_changes.load(Ordering::Acquire);
    }
}

fn open(daemon: &Daemon) -> kernel::Result<Monitor> {
    let own = lock(&daemon.kernel).ports()?;
    Monitor::open_in(kernel::NetNs::current()?.as_fd(), &own)
}

/// Somebody else changed one of our own tables.
fn is_of_ours(event: &Event) -> bool {
    matches!(event, Event::Nft { table, .. } if table == TABLE)
}

fn tell(tampered: &[&Event], mended: &[Notice], took: Duration) {
    for event in tampered {
        let Event::Nft { family, by, .. } = event else { continue };
        let family = family.map_or("", |family| family.as_str());
        tracing::warn!(
            table = format!("{family} {TABLE}"),
            %by,
            mended = mended.len(),
            milliseconds = took.as_millis(),
            "somebody else changed a table of ours; it is as it should be again"
        );
    }
}

/// Leaves those that may concern us.
fn relevant(daemon: &Daemon, events: &mut Vec<Event>) {
    let facts = lock(&daemon.facts);
    let foreign = |event: &Event| match event {
        Event::Link { name, master } => {
            facts.foreign_links.contains(name)
                && !facts.strangers.values().any(|strangers| strangers.contains(name))
                && !master.is_some_and(|master| facts.bridges.contains(&master))
        }
        Event::Port { name, bridge, settings } => {
            !bridge.is_some_and(|bridge| facts.bridges.contains(&bridge))
                || facts.ports.get(name) == Some(settings)
        }
        Event::Setting { link: -1 } => false,
        Event::Setting { link } => {
            let ours = |link| facts.bridges.contains(&link) || facts.tunnels.contains(&link);
            !u32::try_from(*link).is_ok_and(ours)
        }
        _ => false,
    };
    events.retain(|event| !foreign(event));
}
