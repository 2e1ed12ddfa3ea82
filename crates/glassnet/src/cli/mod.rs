//! What people type: the verbs, a file each, and how they are answered.
//!
//! ```text
//! arguments ─ language ─ grammar ──▶ a verb ──▶ api.sock, attach.sock, lab, …
//!                           │           └──▶ Output: words for people, or one JSON document
//!                           └─ Usage ──▶ Error ──▶ what, where, what to try, [code]
//! ```
//!
//! Exit codes: 0 it is done, 1 it is not, 2 the command line was not understood; `lab exec` ends
//! as its command does, `doctor` and `cidr overlaps` with 1 if they found something, `cidr contains`
//! with 1 if it does not, and `trace` with 1 if the packet or its answer does not arrive and 3 if that
//! cannot be told. To add a verb: a file here, a line in [`Verb`], its Chinese help in
//! [`help`], its sentences in `model::explain`.

mod ask;
mod attach;
mod capture;
mod cidr;
mod completions;
mod demo;
mod detach;
mod doctor;
mod error;
mod explain;
mod grammar;
mod help;
mod lab;
mod language;
mod ls;
mod man;
mod netns;
mod network;
mod node;
mod output;
mod panic;
mod publish;
mod rate;
mod reach;
mod snapshot;
mod status;
mod table;
mod trace;
mod usage;
mod version;

pub(crate) use trace::advice;

use clap::{ArgAction, Parser, Subcommand};
use error::Error;
use output::Output;
use std::ffi::OsString;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

/// A container network you can see through
#[derive(Parser)]
#[command(
    name = "glassnet",
    disable_help_flag = true,
    disable_help_subcommand = true,
    disable_version_flag = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
struct Cli {
    /// Answer with one JSON document
    #[arg(long, global = true, display_order = 900)]
    json: bool,

    /// Answer in this language instead of the locale's
    #[arg(long, global = true, display_order = 901, value_name = "LANG", value_parser = ["en", "zh"])]
    lang: Option<String>,

    /// Print help
    #[arg(long, short, global = true, display_order = 902, action = ArgAction::Help)]
    help: Option<bool>,

    /// Print the version
    #[arg(long, short = 'V', display_order = 903)]
    version: bool,

    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    Network(network::Network),
    Attach(attach::Attach),
    Detach(detach::Detach),
    Ls(ls::Ls),
    Status(status::Status),
    Trace(trace::Trace),
    Reach(reach::Reach),
    Snapshot(snapshot::Snapshot),
    Capture(capture::Capture),
    Cidr(cidr::Cidr),
    Node(node::Node),
    Lab(lab::Lab),
    Demo(demo::Demo),
    Doctor(doctor::Doctor),
    Explain(explain::Explain),
    Completions(completions::Completions),
    Man(man::Man),
    Help(help::Help),
    Version(version::Version),
}

/// What becomes of a verb: the exit code when it is done.
type Outcome = Result<ExitCode, Error>;

const DONE: Outcome = Ok(ExitCode::SUCCESS);

pub(crate) fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    // A lab's first process is no command of a person: it comes before all that follows.
    if arguments.get(1).is_some_and(|verb| verb == ::lab::init::VERB) {
        return ::lab::init::run(arguments.into_iter().skip(2));
    }
    let language = language::choose(&arguments, |name| std::env::var(name).ok());
    let out = Output::new(language::wants_json(&arguments), language);
    panic::tell_in(language);
    let verb = AssertUnwindSafe(|| match capture::extcap::asks(&arguments) {
        true => capture::extcap::run(arguments, &out),
        false => run_verb(arguments, &out),
    });
    match std::panic::catch_unwind(verb) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => error.tell(&out),
        Err(_) => panic::ended(&out),
    }
}

fn run_verb(arguments: Vec<OsString>, out: &Output) -> Outcome {
    #[cfg(debug_assertions)]
    if std::env::var_os("GLASSNET_TEST_PANIC").is_some() {
        panic!("asked for by a test");
    }
    match grammar::read(arguments, out.language)? {
        grammar::Read::Help(text) => out.text("help", &text).and(DONE),
        grammar::Read::Verb(verb) => verb.run(out),
    }
}

impl Verb {
    fn run(self, out: &Output) -> Outcome {
        match self {
            Self::Network(verb) => verb.run(out),
            Self::Attach(verb) => verb.run(out),
            Self::Detach(verb) => verb.run(out),
            Self::Ls(verb) => verb.run(out),
            Self::Status(verb) => verb.run(out),
            Self::Trace(verb) => verb.run(out),
            Self::Reach(verb) => verb.run(out),
            Self::Snapshot(verb) => verb.run(out),
            Self::Capture(verb) => verb.run(out),
            Self::Cidr(verb) => verb.run(out),
            Self::Node(verb) => verb.run(out),
            Self::Lab(verb) => verb.run(out),
            Self::Demo(verb) => verb.run(out),
            Self::Doctor(verb) => verb.run(out),
            Self::Explain(verb) => verb.run(out),
            Self::Completions(verb) => verb.run(out),
            Self::Man(verb) => verb.run(out),
            Self::Help(verb) => verb.run(out),
            Self::Version(verb) => verb.run(out),
        }
    }
}
