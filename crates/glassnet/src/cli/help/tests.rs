//! Every text of the help is there in both languages, and is what it was.

use super::*;
use crate::cli::Cli;
use clap::CommandFactory;
use std::collections::BTreeSet;
use std::path::Path;

/// Compares with a file below `expect/`; with GLASSNET_EXPECT set, writes it instead.
pub(in crate::cli) fn expect(name: &str, language: Language, text: &str) {
    let file = format!("src/cli/expect/{name}.{}.txt", language.name());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&file);
    if std::env::var_os("GLASSNET_EXPECT").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == text, "{file} differs (set GLASSNET_EXPECT=1 to write it anew):\n{text}");
}

/// Walks all verbs, with their paths.
fn each(command: &Command, path: &str, look: &mut impl FnMut(&Command, &str)) {
    look(command, path);
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        each(verb, format!("{path} {}", verb.get_name()).trim_start(), look);
    }
}

#[test]
fn every_text_is_there_in_chinese_and_none_too_many() {
    let mut wanted = BTreeSet::new();
    each(&Cli::command(), "", &mut |command, path| {
        let mut want = |argument: &str| wanted.insert((path.to_owned(), argument.to_owned()));
        assert!(command.get_about().is_some(), "\"{path}\" has no help");
        assert!(command.get_long_about().is_none(), "\"{path}\" has a second paragraph");
        want(ABOUT);
        if command.get_after_help().is_some() {
            want(AFTER);
        }
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            assert!(argument.get_help().is_some(), "\"{path}\" {} has no help", argument.get_id());
            want(argument.get_id().as_str());
        }
    });
    let there: BTreeSet<_> = zh::keys().map(|(v, a)| (v.to_owned(), a.to_owned())).collect();
    let lacking: Vec<_> = wanted.difference(&there).collect();
    let left_over: Vec<_> = there.difference(&wanted).collect();
    assert!(
        lacking.is_empty() && left_over.is_empty(),
        "lacking {lacking:?}, left over {left_over:?}"
    );
    assert_eq!(there.len(), zh::keys().count(), "a text stands twice");
}

#[test]
fn the_help_of_every_verb() {
    for language in Language::BOTH {
        let mut command = grammar::command(language).term_width(100);
        command.build();
        let mut text = String::new();
        each(&command, "", &mut |verb, path| {
            let help = verb.clone().term_width(100).render_help();
            text += &format!("### glassnet {path}\n\n{help}\n");
        });
        expect("help", language, &text);
    }
}

#[test]
fn no_english_is_left_in_chinese_help() {
    let mut command = grammar::command(Language::Zh);
    command.build();
    each(&command, "", &mut |verb, path| {
        let help = verb.clone().render_help().to_string();
        for word in [
            "Usage",
            "Options",
            "OPTIONS",
            "Arguments",
            "Commands",
            "COMMAND",
            "default:",
            "possible values",
        ] {
            assert!(!help.contains(word), "glassnet {path}: {word} in\n{help}");
        }
    });
}
