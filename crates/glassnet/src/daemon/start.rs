//! From wherever the last run stopped to a daemon that answers.

use super::book::Book;
use super::cluster::{self, Cluster};
use super::kernel_words::kernel_said;
use super::record::{Held, Record, Stage};
use super::{
    Daemon, Options, api, facts, failpoint, forward, listen, lock, look, metrics, queue, reap,
    reconcile, status, watch,
};
use crate::protocol::{API_SOCKET, ATTACH_SOCKET, QUEUE_DIRECTORY};
use anyhow::Context as _;
use model::explain::Notice;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex, RwLock};
use std::time::{Duration, Instant};
use store::{BootId, Journal, Opened, Origin, Queue, StateDirectory, StoreError};

/// Runs the daemon until the process ends.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    start_logs(options);
    crate::api::is_daemon_at(&options.run_directory);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("cannot start the runtime that serves api.sock and ::1")?;
    let daemon = open(options, runtime.handle().clone())?;
    daemon.take_up().map_err(anyhow::Error::new)?;
    let (attach, api) = listeners(&options.run_directory)?;

    let reaper = daemon.clone();
    std::thread::Builder::new().name("reap".to_owned()).spawn(move || reap::serve(&reaper))?;
    let watcher = daemon.clone();
    std::thread::Builder::new().name("watch".to_owned()).spawn(move || watch::serve(&watcher))?;
    let (waiting, directory) = (daemon.clone(), options.state_directory.join(QUEUE_DIRECTORY));
    std::thread::Builder::new()
        .name("queue".to_owned())
        .spawn(move || queue::serve(&waiting, &directory))?;
    let served = daemon.clone();
    runtime.spawn(async move {
        if let Err(error) = api::serve(api, served).await {
            tracing::error!(%error, "api.sock is not served any more");
        }
    });
    if let Some(cluster) = daemon.cluster.clone() {
        let (serving, of) = (daemon.clone(), cluster.clone());
        std::thread::Builder::new()
            .name("cluster".to_owned())
            .spawn(move || cluster::serve(&serving, &of))?;
        let (proving, of) = (daemon.clone(), cluster.clone());
        std::thread::Builder::new()
            .name("prove".to_owned())
            .spawn(move || cluster::prove(&proving, &of))?;
        runtime.spawn(cluster::answer_traces(cluster.clone()));
        runtime.spawn(cluster::follow(cluster));
    }
    daemon.reaper.wake();
    // Without systemd there is nobody to tell.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    tracing::info!(run = %options.run_directory.display(), "ready");
    listen::serve(attach, daemon);
    Ok(())
}

fn start_logs(options: &Options) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("GLASSNET_LOG")
        .unwrap_or_else(|_| EnvFilter::new(&options.log_level));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if options.json_logs {
        logs.json().init();
    } else {
        logs.with_ansi(false).init();
    }
}

/// A predecessor that was killed just now may take a moment to let go.
fn lock_state(options: &Options) -> Result<StateDirectory, StoreError> {
    const PATIENCE: Duration = Duration::from_secs(3);
    let started = Instant::now();
    loop {
        match StateDirectory::lock(&options.state_directory) {
            Err(StoreError::Locked { .. }) if started.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            outcome => return outcome,
        }
    }
}

fn open(options: &Options, runtime: tokio::runtime::Handle) -> anyhow::Result<Arc<Daemon>> {
    let directory = Arc::new(lock_state(options)?);
    let boot = BootId::of_this_host()?;
    let Opened { journal, records, origin, findings } =
        Journal::<Record>::open(&directory, "journal", boot)?;
    let mut book = Book::default();
    records.iter().for_each(|record| book.note(record));
    match origin {
        Origin::New | Origin::ThisBoot => {}
        Origin::OtherBoot(_) | Origin::UnknownBoot => {
            if !of_this_boot(origin)? {
                tracing::info!(void = book.held.len(), "leases of an earlier boot are void");
                book.new_boot();
            }
            journal.compact(|| book.snapshot())?;
        }
    }
    let found = |finding: &store::Finding| Notice::FoundOnDisk { what: finding.to_string() };
    let mut warnings: Vec<Notice> = findings.iter().map(found).collect();
    warnings.extend(directory.findings().iter().map(found));
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let queue = Queue::open(options.state_directory.join(QUEUE_DIRECTORY))?;
    let cluster = match &options.cluster {
        Some(settings) => {
            let snapshot = options.state_directory.join("cluster.json");
            let settings = settings.clone();
            Some(Arc::new(Cluster::new(settings, boot.to_string(), snapshot, runtime.clone())?))
        }
        None => None,
    };
    let own_netns = kernel::NetNs::current()?.inode()?;
    Ok(Arc::new(Daemon {
        book: Mutex::new(book),
        gone: Condvar::new(),
        journal,
        queue,
        draining: Mutex::default(),
        kernel: Mutex::new(kernel::Sockets::open_here()?),
        world: RwLock::new(()),
        facts: Mutex::default(),
        blocked: Mutex::default(),
        accept_in_foreign_chains: options.accept_in_foreign_chains,
        cluster,
        shown: Mutex::default(),
        forwarders: forward::Forwarders::new(runtime),
        reaper: reap::Reaper::default(),
        metrics: metrics::Metrics::new(),
        notes: Mutex::new(status::Notes { warnings, drift: Vec::new() }),
        own_changes: AtomicU64::new(0),
        own_netns,
        started: std::time::SystemTime::now(),
    }))
}

/// Whether what the journal holds is of the running boot. If neither the journal nor its copy of the
/// header can say, the kernel can: what it holds with our mark was made in this boot, by a daemon
/// that wrote to this journal. Voiding the leases of living containers would cost them their links.
pub(super) fn of_this_boot(origin: Origin) -> anyhow::Result<bool> {
    Ok(match origin {
        Origin::New | Origin::ThisBoot => true,
        Origin::OtherBoot(_) => false,
        Origin::UnknownBoot => {
            let host = look::host()?;
            let ours = host.links.iter().any(model::host::link::Link::is_ours)
                || host.nft.tables.iter().any(|table| table.name == model::host::nft::TABLE);
            tracing::warn!(
                ours,
                "the journal does not say of which boot it is; the kernel holds what is ours or not"
            );
            ours
        }
    })
}

impl Daemon {
    /// Goes on from what the journal says and the kernel holds.
    fn take_up(&self) -> Result<(), crate::protocol::Failure> {
        let mut host = look::host().map_err(|error| kernel_said(&error))?;
        let by_link = look::forwarding_by_link(&host).map_err(|error| kernel_said(&error))?;
        host.sysctls.extend(by_link);
        *lock(&self.facts) = facts::facts(&host, |link| reconcile::accept_ra(&host, link));
        self.write(&self.found_settings(&host))?;

        let held: Vec<Held> = self.book().held.values().cloned().collect();
        let mut unfinished = Vec::new();
        for held in &held {
            match held.stage {
                // Nobody was told of it, so nobody will miss it.
                Stage::Leased => {
                    unfinished.push(Record::Detaching { id: held.attachment.id.clone() });
                }
                Stage::Detaching => {}
                Stage::Attached => self.forwarders.open(&held.attachment.publish, &held.attachment),
            }
        }
        self.forwarders.serve();
        self.write(&unfinished)?;
        failpoint::START_INTENTS.hit();
        // Takes down together what one by one would wait for the kernel's readers each time. The
        // reaper and the queue of detaches go on once we answer: neither may put that off.
        self.reconcile()?;
        if self.leaked(&host) {
            // No lease keeps their names from being used again.
            self.reap()?;
        }
        self.sweep()
    }

    /// Whether there are links of ours that the journal knows nothing of, for it was lost.
    fn leaked(&self, host: &model::host::Namespace<model::host::Unknown>) -> bool {
        let book = self.book();
        let bridges = book.networks.values().map(|network| network.bridge.clone());
        let ids = book.held.values().map(|held| &held.attachment.id);
        let links = ids.flat_map(|id| [id.host_link(), id.shaper_link()]);
        let known: std::collections::BTreeSet<_> = bridges.chain(links).collect();
        host.links.iter().any(|link| link.is_ours() && !known.contains(&link.name))
    }

    /// The settings we are about to change and have not noted yet, as they are.
    fn found_settings(&self, host: &model::host::Namespace<model::host::Unknown>) -> Vec<Record> {
        let book = self.book();
        let mut records = Vec::new();
        let forwards = host.sysctls.get(&"net/ipv4/ip_forward".to_owned());
        if forwards.is_some_and(|found| found.value == "0")
            && !book.found.contains_key("net/ipv4/ip_forward")
        {
            records.push(Record::LinksClosed { links: facts::foreign_links(host) });
        }
        let advertised = &lock(&self.facts).advertised_links;
        for sysctl in &host.sysctls {
            let will_change = match sysctl.path.split('/').collect::<Vec<_>>()[..] {
                ["net", "ipv4", "ip_forward"] | ["net", "ipv6", "conf", "all", "forwarding"] => {
                    true
                }
                // Turned on for all links, it is turned on for each.
                ["net", _, "conf", _, "forwarding"] => true,
                ["net", "ipv6", "conf", link, "accept_ra"] => {
                    advertised.iter().any(|advertised| advertised.as_str() == link)
                }
                _ => false,
            };
            if will_change && !book.found.contains_key(&sysctl.path) {
                let (path, value) = (sysctl.path.clone(), sysctl.value.clone());
                records.push(Record::SettingFound { path, value });
            }
        }
        records
    }

    /// Frees what was attached to a namespace that is no more: its link has died with it, and
    /// nobody will send a detach.
    pub(super) fn sweep(&self) -> Result<(), crate::protocol::Failure> {
        let links = self.links()?;
        let lost: Vec<Held> = {
            let book = self.book();
            let lost = book.held.values().filter(|held| {
                held.stage == Stage::Attached && !links.contains(&held.attachment.id.host_link())
            });
            lost.cloned().collect()
        };
        // The container that lives and has lost its link keeps its address until the engine
        // detaches it.
        let lives = |held: &Held| {
            let inode = kernel::NetNs::by_path(&held.netns).and_then(|netns| netns.inode());
            inode.is_ok_and(|inode| inode == held.netns_inode)
        };
        let dead: Vec<Held> = lost.into_iter().filter(|held| !lives(held)).collect();
        if dead.is_empty() {
            return Ok(());
        }
        let (mut works, mut last) = (Vec::new(), None);
        let mut book = self.book();
        for Held { attachment, netns, .. } in &dead {
            let id = &attachment.id;
            let attached = book.held.get(id).is_some_and(|held| held.stage == Stage::Attached);
            if !attached || book.at_work.contains(id) {
                continue;
            }
            tracing::info!(%id, netns, "its namespace is gone; freeing its lease");
            match self.note(&mut book, &Record::Detaching { id: id.clone() }) {
                Ok(ticket) => last = Some(ticket),
                Err(failure) => {
                    // The works end with the lock that this thread holds.
                    drop(book);
                    return Err(failure);
                }
            }
            works.push(self.begin_work(&mut book, id));
            self.forwarders.close(&attachment.publish);
        }
        drop(book);
        last.map_or(Ok(()), |ticket| self.wait(ticket))?;
        failpoint::SWEPT.hit();
        // Their rules, if they were not gone with the comparison before.
        self.reconcile().map(drop)
    }
}

/// The two sockets: systemd's, told apart by the ends of their paths, or our own.
fn listeners(directory: &Path) -> anyhow::Result<(UnixListener, UnixListener)> {
    let mut given = listenfd::ListenFd::from_env();
    if given.len() > 0 {
        let mut all = Vec::new();
        for number in 0..given.len() {
            let listener = given.take_unix_listener(number);
            all.extend(listener.context("systemd passed what is no listening Unix socket")?);
        }
        let mut take = |name: &str| {
            let is_it = |listener: &UnixListener| {
                let address = listener.local_addr();
                address.is_ok_and(|a| a.as_pathname().is_some_and(|path| path.ends_with(name)))
            };
            let place = all.iter().position(is_it);
            let listener = place.map(|place| all.swap_remove(place));
            listener.with_context(|| format!("systemd passed no {name}; the socket unit lists {ATTACH_SOCKET} and {API_SOCKET}"))
        };
        return Ok((take(ATTACH_SOCKET)?, take(API_SOCKET)?));
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(directory)
        .with_context(|| format!("cannot make the run directory {}", directory.display()))?;
    Ok((bind(&directory.join(ATTACH_SOCKET))?, bind(&directory.join(API_SOCKET))?))
}

/// A socket for root alone. It appears under its name only once it is: no other user gets in
/// between the bind and the mode.
fn bind(path: &Path) -> anyhow::Result<UnixListener> {
    let fresh = path.with_extension("new");
    let bind = || -> std::io::Result<UnixListener> {
        if fresh.exists() {
            std::fs::remove_file(&fresh)?;
        }
        let listener = UnixListener::bind(&fresh)?;
        failpoint::SOCKET_BOUND.hit();
        std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o600))?;
        std::fs::rename(&fresh, path)?;
        failpoint::SOCKET_NAMED.hit();
        Ok(listener)
    };
    bind().with_context(|| format!("cannot listen on {}", path.display()))
}
