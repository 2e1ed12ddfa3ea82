//! From arguments to a verb.

use super::error::Error;
use super::usage::Usage;
use super::{Cli, Verb, help, version};
use clap::error::ErrorKind;
use clap::{Command, CommandFactory, FromArgMatches};
use model::explain::Language;
use std::ffi::OsString;
use std::io::IsTerminal;

/// What the arguments ask for.
pub(super) enum Read {
    /// This help.
    Help(String),
    Verb(Box<Verb>),
}

/// The grammar, with help in this language.
pub(super) fn command(language: Language) -> Command {
    help::translate(Cli::command(), language)
}

pub(super) fn read(arguments: Vec<OsString>, language: Language) -> Result<Read, Error> {
    let mut command = command(language);
    let spoken = spoken(&command, &arguments);
    let matches = command.try_get_matches_from_mut(arguments);
    match matches.and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches)) {
        Ok(Cli { verb: Some(verb), .. }) => Ok(Read::Verb(Box::new(verb))),
        Ok(_) => Ok(Read::Verb(Box::new(Verb::Version(version::Version {})))),
        Err(error) if shows_help(&error) => Ok(Read::Help(drawn(&error))),
        Err(error) => Err(Error::Usage(Usage { error, command: spoken })),
    }
}

/// Help was asked for, or nothing was.
fn shows_help(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// Help, in colours if stdout shows them.
fn drawn(error: &clap::Error) -> String {
    let help = error.render();
    if super::output::colour(std::io::stdout().is_terminal()) {
        help.ansi().to_string()
    } else {
        help.to_string()
    }
}

/// The verb that arguments begin with, as people call it: `glassnet network create`.
fn spoken(command: &Command, arguments: &[OsString]) -> String {
    let mut spoken = command.get_name().to_owned();
    let mut command = command;
    for argument in arguments.iter().skip(1).filter_map(|argument| argument.to_str()) {
        let Some(verb) = command.find_subcommand(argument) else { continue };
        spoken = format!("{spoken} {argument}");
        command = verb;
        if argument == "--" {
            break;
        }
    }
    spoken
}

#[cfg(test)]
mod tests;
