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
/// With nothing put off there is nothing to wake up for.
const LONG: Duration = Duration::from_secs(24 * 3600);

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
    let mut put_off: Option<Instant> = None;
    loop {
        let mut events = match monitor.wait(put_off.map_or(LONG, |_| QUIET)) {
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
        if events.is_empty() && put_off.is_none() {
            continue;
        }
        let tampered: Vec<&Event> = events.iter().filter(|event| is_of_ours(event)).collect();
        if !events.is_empty() && tampered.is_empty() && ours {
            let since = *put_off.get_or_insert_with(Instant::now);
            if since.elapsed() < LATEST {
                continue;
            }
        }
        put_off = None;
        let started = Instant::now();
        match daemon.reconcile() {
            Ok(mended) => tell(&tampered, &mended, started.elapsed()),
            Err(failure) => {
                tracing::warn!(%failure, "cannot compare the host with what it should be");
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
            !u32::try_from(*link).is_ok_and(|link| facts.bridges.contains(&link))
        }
        _ => false,
    };
    events.retain(|event| !foreign(event));
}
