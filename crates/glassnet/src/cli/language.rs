//! Which language to answer in. It must be known before the command line is read, since mistakes
//! in that are told in it too.

use model::explain::Language;
use std::ffi::{OsStr, OsString};

/// `--lang` if it is there, else the locale for messages (`locale(7)`), else English.
pub(super) fn choose(
    arguments: &[OsString],
    variable: impl Fn(&str) -> Option<String>,
) -> Language {
    let locale = || {
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|name| variable(name).filter(|value| !value.is_empty()))
    };
    asked(arguments).or_else(locale).map_or(Language::En, |name| Language::from_locale(&name))
}

/// The value of `--lang`, wherever it stands before `--`.
fn asked(arguments: &[OsString]) -> Option<String> {
    let mut own = own(arguments);
    while let Some(argument) = own.next() {
        let Some(argument) = argument.to_str() else { continue };
        if argument == "--lang" {
            return own.next().and_then(|value| value.to_str()).map(str::to_owned);
        }
        if let Some(value) = argument.strip_prefix("--lang=") {
            return Some(value.to_owned());
        }
    }
    None
}

/// Whether a JSON document is wanted, asked of a command line that may be mistaken elsewhere.
pub(super) fn wants_json(arguments: &[OsString]) -> bool {
    own(arguments).any(|argument| argument == "--json")
}

/// The arguments that are ours: what follows `--` belongs to another program.
fn own(arguments: &[OsString]) -> impl Iterator<Item = &OsStr> {
    arguments.iter().skip(1).map(OsString::as_os_str).take_while(|argument| *argument != "--")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(arguments: &[&str], variables: &[(&str, &str)]) -> Language {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        super::choose(&arguments, variable)
    }

    #[test]
    fn the_option_goes_before_the_locale() {
        let chinese = [("LANG", "zh_CN.UTF-8")];
        assert_eq!(choose(&["glassnet", "ls"], &[]), Language::En);
        assert_eq!(choose(&["glassnet", "ls"], &chinese), Language::Zh);
        assert_eq!(choose(&["glassnet", "--lang", "en", "ls"], &chinese), Language::En);
        assert_eq!(choose(&["glassnet", "ls", "--lang=zh"], &[]), Language::Zh);
        assert_eq!(
            choose(&["glassnet", "lab", "exec", "a", "--", "x", "--lang=zh"], &[]),
            Language::En
        );
    }

    #[test]
    fn the_more_special_variable_goes_before_the_general() {
        let variables = [("LC_ALL", ""), ("LC_MESSAGES", "en_GB.UTF-8"), ("LANG", "zh_CN.UTF-8")];
        assert_eq!(choose(&["glassnet"], &variables), Language::En);
        assert_eq!(choose(&["glassnet"], &[("LC_ALL", "zh_CN"), variables[1]]), Language::Zh);
    }
}
