//! Help in the user's language, and the verb `help`.
//!
//! English help stands at the verbs themselves, as doc comments. For another language the built
//! grammar is walked and each text replaced from a table, and with the texts what `clap` would say
//! in English of its own: headings, defaults, possible values. A test fails when the table lacks a
//! text or has one too many.

#[cfg(test)]
mod tests;
mod zh;

use super::error::Error;
use super::output::Output;
use super::{DONE, Outcome, grammar};
use clap::{Arg, Args, Command};
use model::explain::Language;
use std::ffi::OsStr;
#[cfg(test)]
pub(super) use tests::expect;

/// What the help of a command is called in the table, where an argument would stand.
const ABOUT: &str = "";
/// The part after the options.
const AFTER: &str = "+";

/// Print the help of a verb
#[derive(Args)]
pub(super) struct Help {
    /// The verb, such as `network create`
    #[arg(value_name = "VERB")]
    verb: Vec<String>,
}

impl Help {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let mut command = grammar::command(out.language);
        command.build();
        let mut found = &mut command;
        for word in &self.verb {
            found = found
                .find_subcommand_mut(word)
                .ok_or_else(|| Error::NoSuchVerb(self.verb.join(" ")))?;
        }
        out.text("help", &found.render_help().to_string()).and(DONE)
    }
}

/// The grammar with its texts in this language.
pub(super) fn translate(command: Command, language: Language) -> Command {
    match language {
        Language::En => command,
        Language::Zh => chinese(command, ""),
    }
}

/// `path` is the verb: "network create".
fn chinese(mut command: Command, path: &str) -> Command {
    if let Some(about) = zh::find(path, ABOUT) {
        command = command.about(about);
    }
    if let Some(after) = zh::find(path, AFTER) {
        command = command.after_help(after);
    }
    let usage = usage(&command, path);
    // Under a heading of its own, `clap` would sort arguments by name.
    let positions: Vec<_> = command.get_positionals().map(|arg| arg.get_id().clone()).collect();
    for (position, id) in positions.into_iter().enumerate() {
        command = command.mut_arg(id, |arg| arg.display_order(position));
    }
    command = command
        .override_usage(usage)
        .subcommand_help_heading("命令")
        .subcommand_value_name("命令")
        .help_template("{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}")
        .mut_args(|arg| chinese_argument(arg, path));
    command.mut_subcommands(|verb| {
        let path = format!("{path} {}", verb.get_name());
        chinese(verb, path.trim_start())
    })
}

/// The line that shows how a verb is used, with its words in Chinese.
fn usage(command: &Command, path: &str) -> String {
    let bin = format!("glassnet {path}");
    let mut alone = command.clone().bin_name(bin.trim_end());
    let usage = alone.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").replace("COMMAND", "命令");
    // Options that every verb has are not known to it yet.
    let arguments = usage.strip_prefix(bin.trim_end()).unwrap_or(&usage);
    let arguments = arguments.replacen(" [OPTIONS]", "", 1);
    format!("{} [选项]{arguments}", bin.trim_end())
}

fn chinese_argument(arg: Arg, path: &str) -> Arg {
    let Some(text) = zh::find(path, arg.get_id().as_str()) else { return arg };
    let heading = if arg.is_positional() { "参数" } else { "选项" };
    if !arg.get_action().takes_values() {
        let text = match arg.get_env() {
            Some(name) => format!("{text} [环境变量：{}]", name.to_string_lossy()),
            None => text.to_owned(),
        };
        return arg.help(text).help_heading(heading).hide_env(true);
    }
    let mut text = text.to_owned();
    let mut add = |what: &str, values: Vec<String>| {
        if !values.is_empty() {
            text += &format!(" [{what}：{}]", values.join("、"));
        }
    };
    add("可选值", arg.get_possible_values().iter().map(|v| v.get_name().to_owned()).collect());
    let shown = |value: &OsStr| value.to_string_lossy().into_owned();
    add("默认", arg.get_default_values().iter().map(|value| shown(value)).collect());
    add("环境变量", arg.get_env().into_iter().map(shown).collect());
    arg.help(text)
        .help_heading(heading)
        .hide_possible_values(true)
        .hide_default_value(true)
        .hide_env(true)
}
