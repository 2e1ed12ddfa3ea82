//! `glassnet lab`: several hosts on this one computer. The work is done by the crate of that name;
//! here are its verbs, and how people name a machine or a link.

mod across;
mod drops;
mod exec;
mod ls;
mod place;
mod power;
mod progress;
mod services;
mod trace;
mod up;

use super::output::Output;
use super::{DONE, Outcome};
use clap::{Args, Subcommand};

/// Build and use labs: several hosts on this one computer
#[derive(Args)]
#[command(arg_required_else_help = false)]
pub(super) struct Lab {
    #[command(subcommand)]
    verb: LabVerb,
}

#[derive(Subcommand)]
enum LabVerb {
    Up(up::Up),
    Down(up::Down),
    Ls(ls::Ls),
    Exec(exec::Exec),
    Trace(trace::Trace),
    Kill(power::Kill),
    Start(power::Start),
    Cut(power::Cut),
    Mend(power::Mend),
    Stop(services::Stop),
    Freeze(services::Freeze),
    Thaw(services::Thaw),
    Drop(drops::Drop),
    Pass(drops::Pass),
    Schema(Schema),
}

/// Print the JSON schema of lab files
#[derive(Args)]
struct Schema {}

impl Lab {
    pub(super) fn run(self, out: &Output) -> Outcome {
        match self.verb {
            LabVerb::Up(verb) => verb.run(out),
            LabVerb::Down(verb) => verb.run(out),
            LabVerb::Ls(verb) => verb.run(out),
            LabVerb::Exec(verb) => verb.run(out),
            LabVerb::Trace(verb) => verb.run(out),
            LabVerb::Kill(verb) => verb.run(out),
            LabVerb::Start(verb) => verb.run(out),
            LabVerb::Cut(verb) => verb.run(out),
            LabVerb::Mend(verb) => verb.run(out),
            LabVerb::Stop(verb) => verb.run(out),
            LabVerb::Freeze(verb) => verb.run(out),
            LabVerb::Thaw(verb) => verb.run(out),
            LabVerb::Drop(verb) => verb.run(out),
            LabVerb::Pass(verb) => verb.run(out),
            LabVerb::Schema(Schema {}) => out.raw(lab::schema()).and(DONE),
        }
    }
}
