//! `glassnet trace`: where a packet would go from any place of this machine, and where its answer, hop by
//! hop, from the state of the machine alone.
//!
//! ```text
//! FROM ── sender ──┐                            ┌─▶ view: words, grouped by namespace
//! TO ── receiver ──┼─▶ Question ─▶ model::path ─┤   cure: what to do about it
//!      (resolve) ──┘      machine: parts ──▲    └─▶ document: JSON (docs/trace.schema.json)
//!                         across: other nodes
//! ```

mod across;
mod beyond;
pub(super) mod command;
pub(super) mod cure;
mod document;
mod lessons;
mod port;
mod receiver;
mod resolve;
mod sender;
mod sent;
pub(super) mod state;
mod view;
mod walk;
mod ways;
mod what_if;
mod wrong;

pub(super) use sent::Sent;
use ways::Ways;
use what_if::Then;
pub(super) use wrong::Wrong;

use super::Outcome;
use super::error::Error;
use super::output::Output;
use crate::machine::Machine;
use beyond::{Beyond, Trip};
use clap::Args;
use cure::Advice;
use document::Document;
use lessons::Lessons;
use model::explain::{Cure, Language, TraceText};
use model::host::NamespaceId;
use model::net::Family;
use model::path::{End, Path, Place, Question};
use std::path::PathBuf;
use std::process::ExitCode;

/// Say where a packet would go, where its answer, and why
#[derive(Args)]
#[command(after_help = "FROM and TO are places, as for glassnet capture:
  web, pod:default/web   a container or pod: of glassnet, containerd, Docker, Podman, a lab
  netns:blue, /run/...   a namespace by its name or path, or a process in it by its number
  host                   this host
TO may also be an address; another node of the cluster, or a place there: NODE or NODE/PLACE; or a host
name: that is looked up as FROM would, in its /etc/hosts and with its name servers.

Where the packet goes on to another node of the cluster, that node's daemon is asked, through the store.

Nothing is sent. The exit code is 0 if the packet arrives, and its answer too; 1 if one of them does
not; 3 if that cannot be told, since it leaves what was looked at or meets what is not modelled.
With --if it is that of the packet after the changes.

Changes are written as [in PLACE: ]VERB WHAT, of the host if no place is named:
  add|delete route, rule, address, neighbour, fdb   in the words of ip and bridge
  set link NAME up|down|mtu N|address MAC           delete link NAME
  set sysctl NAME=VALUE                             flush connections
  delete rule handle N                              a rule of nftables, or of iptables-nft
  flush chain|delete table [FAMILY] TABLE ...       set policy [FAMILY] TABLE CHAIN accept|drop

Examples:
  glassnet trace web 10.88.0.9 --port 80
  glassnet trace pod:default/web db.default.svc.cluster.local --port 5432
  glassnet trace web beta/db --port 5432
  glassnet trace host 192.0.2.254 --layers
  glassnet trace web 192.0.2.254 --explain
  glassnet trace 192.0.2.254 192.0.2.1 --in eth0 --port 8080
  glassnet trace web db --port 5432 --state monday.json
  glassnet trace web db --port 5432 --if 'in db: delete rule handle 12'")]
pub(super) struct Trace {
    /// Who sends: a place, an address of one, or with --in the address of somebody outside
    #[arg(value_name = "FROM")]
    from: String,

    /// Where to: an address, a place or a host name
    #[arg(value_name = "TO")]
    to: String,

    #[command(flatten)]
    packet: Sent,

    /// To an IPv4 address
    #[arg(short = '4', long = "ipv4")]
    v4: bool,

    /// To an IPv6 address
    #[arg(short = '6', long = "ipv6", conflicts_with = "v4")]
    v6: bool,

    /// The packet comes in by this link of the host, or of another place
    #[arg(long = "in", value_name = "LINK[@PLACE]")]
    link: Option<String>,

    /// Only the way there
    #[arg(long)]
    one_way: bool,

    /// Ask a snapshot instead of this machine (see glassnet snapshot)
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// And what would come of it after a change, made in memory only: may be given several times
    #[arg(long = "if", value_name = "CHANGE")]
    changes: Vec<String>,

    /// Only predict; nothing else is done yet
    #[arg(long)]
    predict: bool,

    /// All headers of the packet, wherever one changed
    #[arg(long)]
    layers: bool,

    /// Say of each step what happens there, for who does not know it yet
    #[arg(long)]
    explain: bool,
}

/// A question and what it was understood from.
struct Understood {
    from: String,
    to: String,
    /// What was taken for what, for people.
    notes: Vec<TraceText>,
    question: Question,
}

/// What came of it.
struct Traced {
    understood: Understood,
    ways: Ways,
    /// As it would be after the changes.
    then: Option<Then>,
    /// What to do, if one of them does not arrive.
    advice: Option<Advice>,
    /// Questions to other nodes.
    trips: Vec<Trip>,
    /// Of each hop and the end of each way, if that was asked for.
    lessons: Lessons,
}

impl Trace {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let mut machine = match &self.state {
            Some(path) => state::read(path)?,
            None => Machine::here().map_err(Error::Kernel)?,
        };
        // Of a snapshot nobody else can tell.
        let mut beyond = self.state.is_none().then(|| Beyond::new(out.language));
        let mut understood = self.understand(&mut machine, out.language, beyond.as_mut())?;
        let mut ways = walk::walk(&mut machine, &mut understood, self.one_way, beyond.as_mut());
        ways.name_holders(&mut machine);
        let told = beyond.as_mut().and_then(|beyond| beyond.advice.take());
        let advice = told.or_else(|| cure::cure(&mut machine, ways.last()));
        let (changes, question) = (&self.changes, &understood.question);
        let notes = beyond.as_mut().map(|beyond| std::mem::take(&mut beyond.notes));
        understood.notes.extend(notes.into_iter().flatten());
        let mut then =
            what_if::then(&mut machine, changes, question, self.one_way, beyond.as_mut())?;
        if let Some(then) = &mut then {
            then.ways.name_holders(&mut machine);
        }
        let lessons = Lessons::of(&ways, then.as_ref(), self.explain);
        let trips = beyond.map(|beyond| beyond.trips).unwrap_or_default();
        let traced = Traced { understood, ways, then, advice, trips, lessons };
        let code = traced.code();
        out.document(&Document::of(&traced, &machine, out.language))?;
        out.drawn(|language, colour| {
            view::draw(&traced, &machine, &view::Style { language, colour, layers: self.layers })
        })?;
        Ok(code)
    }

    fn understand(
        &self,
        machine: &mut Machine,
        language: Language,
        beyond: Option<&mut Beyond>,
    ) -> Result<Understood, Error> {
        let sender = sender::find(machine, &self.from, self.link.as_deref(), language)?;
        let family = match (self.v4, self.v6) {
            (true, _) => Some(Family::V4),
            (_, true) => Some(Family::V6),
            _ => None,
        };
        let receiver = receiver::find(machine, &sender, &self.to, family, beyond)?;
        let question = Question {
            origin: sender.origin,
            source: sender.source,
            ..self.packet.question(sender.id, receiver.address)
        };
        let notes = state::note(machine).into_iter().chain(receiver.note).collect();
        Ok(Understood { from: sender.said, to: receiver.said, notes, question })
    }
}

impl Traced {
    fn code(&self) -> ExitCode {
        let ways = self.then.as_ref().map_or(&self.ways, |then| &then.ways);
        let worst = ways.ends().map(|end| match end {
            End::Delivered { .. } => 0,
            End::Dropped { .. } => 1,
            End::Left { .. } | End::Unknown { .. } => 3,
        });
        ExitCode::from(worst.max().unwrap_or(0))
    }
}

/// What people call a namespace, in the way that it can be typed.
fn called(machine: &Machine, id: &NamespaceId) -> String {
    match (id, machine.names(id).first()) {
        (NamespaceId::Host, _) => format!("host ({})", machine.host),
        (NamespaceId::Inode(inode), Some(name)) => format!("{name} [{inode}]"),
        _ => id.to_string(),
    }
}

/// The same of a place, which may be on another host.
fn called_at(machine: &Machine, at: &Place, language: Language) -> String {
    if at.host == machine.host {
        return called(machine, &at.namespace);
    }
    let place = at.namespace.to_string();
    TraceText::OfNode { node: at.host.clone(), place }.say(language)
}

/// What to do about a packet that does not arrive, for whoever asks this machine from elsewhere.
pub(crate) fn advice(machine: &mut Machine, path: &Path) -> Option<(Cure, Option<String>)> {
    cure::cure(machine, path).map(|advice| (advice.cure, advice.command))
}
