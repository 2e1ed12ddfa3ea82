//! `glassnet snapshot`: all network namespaces of this machine in a file, which can be asked elsewhere.

use super::error::Error;
use super::output::Output;
use super::{DONE, Outcome};
use crate::machine::{Machine, What};
use clap::{Args, ValueEnum};
use model::explain::{Text, TraceText};
use serde::Serialize;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Write the state of all network namespaces into a file, for glassnet trace --state
#[derive(Args)]
#[command(
    after_help = "The file has addresses, routes, rules, sockets and names of this machine, so only \
its owner may read it. Nothing in it takes root to read once it is written.

With --mask, what is named stands there by others, everywhere the same: whoever shares a prefix shares one as
long afterwards, and private, link-local and other special addresses stay such. Ports, settings and the order of \
things stay; comments go. What cannot be masked truthfully counts as not modelled. The file does not tell what \
stands for what; --words does.

Examples:
  glassnet snapshot -o monday.json
  glassnet snapshot -o monday.json --mask addresses,names --words mine.json
  glassnet trace web db --port 5432 --state monday.json"
)]
pub(super) struct Snapshot {
    /// The file, which is JSON
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Put others in the place of these
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    mask: Vec<Masked>,

    /// Write what stands for what into a file, to find things again
    #[arg(long, value_name = "FILE", requires = "mask")]
    words: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Masked {
    /// IP and MAC addresses
    Addresses,
    /// Of the host, containers, links, chains, tables, sets and processes
    Names,
}

impl Snapshot {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let mut machine = Machine::here().map_err(Error::Kernel)?;
        let mut taken = machine.snapshot(|_| true);
        if !self.mask.is_empty() {
            let is = |what| self.mask.contains(&what);
            let what = What { addresses: is(Masked::Addresses), names: is(Masked::Names) };
            let (masked, words) =
                taken.masked(what).map_err(|error| Error::File("/dev/urandom".into(), error))?;
            if let Some(path) = &self.words {
                write(path, &words).map_err(|error| Error::File(path.clone(), error))?;
            }
            taken = masked;
        }
        write(&self.output, &taken).map_err(|error| Error::File(self.output.clone(), error))?;
        let unread: Vec<_> = taken
            .namespaces
            .iter()
            .flat_map(|of| of.unread.iter().map(move |unread| (&of.id, unread)))
            .collect();
        let missing: Vec<_> = unread
            .iter()
            .map(|(id, unread)| json!({ "namespace": id, "part": unread.part, "why": unread.why }))
            .collect();
        let (count, path) = (taken.namespaces.len(), self.output.display().to_string());
        out.document(&json!({
            "file": path, "host": taken.host, "namespaces": count, "unread": missing,
            "masked": taken.masked,
        }))?;
        let written = TraceText::Written { count, host: taken.host.clone(), path };
        out.say(&Text::Verbatim(&written.say(out.language)))?;
        if let Some((id, first)) = unread.first() {
            let (part, place, why) = (first.word(), id.to_string(), first.why.clone());
            let missing = TraceText::NotWritten { count: unread.len(), part, place, why };
            out.say(&Text::Verbatim(&missing.say(out.language)))?;
        }
        DONE
    }
}

/// Whole or not at all: a file of that name is replaced when the new one is written.
pub(super) fn write(path: &Path, taken: &impl Serialize) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(name);
    let written = fill(&beside, taken).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // It tells nothing that the error does not.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

fn fill(path: &Path, taken: &impl Serialize) -> io::Result<()> {
    let file: File =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let mut file = BufWriter::new(file);
    serde_json::to_writer(&mut file, taken)?;
    file.write_all(b"\n")?;
    file.into_inner()?.sync_all()
}
