//! Commands that people can paste into a shell.

use crate::machine::Machine;
use model::host::NamespaceId;

/// A command that is to be carried out in a namespace. Where nobody can tell how to get there, what has
/// to be filled in stands in capitals.
pub(super) fn inside(machine: &Machine, of: &NamespaceId, command: &str) -> String {
    with(machine.prefix(of), command)
}

/// The same with what it begins with.
pub(in crate::cli) fn with(prefix: Option<String>, command: &str) -> String {
    let prefix = prefix.unwrap_or_else(|| "nsenter -t PID -n ".to_owned());
    format!("{prefix}{command}")
}

/// A name as a word of a shell. Links, tables and chains of others may be called by anything.
pub(in crate::cli) fn word(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:@".contains(&byte);
    if !name.is_empty() && name.bytes().all(plain) {
        return name.to_owned();
    }
    format!("'{}'", name.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_and_no_command() {
        for (name, wanted) in [
            ("eth0.1", "eth0.1"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(reboot)", "'$(reboot)'"),
            ("it's;", "'it'\\''s;'"),
        ] {
            assert_eq!(word(name), wanted);
        }
    }
}
