//! What the engine says in the environment (SPEC, "Parameters").

use super::refusal::Refusal;
use model::cluster::AttachmentId;
use std::ffi::OsString;

/// `CNI_COMMAND`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Add,
    Del,
    Check,
    Status,
    Gc,
    Version,
}

impl Command {
    const ALL: [Self; 6] =
        [Self::Add, Self::Del, Self::Check, Self::Status, Self::Gc, Self::Version];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Del => "DEL",
            Self::Check => "CHECK",
            Self::Status => "STATUS",
            Self::Gc => "GC",
            Self::Version => "VERSION",
        }
    }

    /// Variables that must be there and not empty.
    fn required(self) -> &'static [&'static str] {
        match self {
            Self::Add | Self::Check => &[CONTAINER, NETNS, INTERFACE],
            Self::Del => &[CONTAINER, INTERFACE],
            Self::Status | Self::Gc | Self::Version => &[],
        }
    }
}

const COMMAND: &str = "CNI_COMMAND";
const CONTAINER: &str = "CNI_CONTAINERID";
const NETNS: &str = "CNI_NETNS";
const INTERFACE: &str = "CNI_IFNAME";
const ARGUMENTS: &str = "CNI_ARGS";

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Environment {
    pub(super) command: Command,
    /// Empty if not said.
    pub(super) netns: String,
    /// Empty if not said.
    pub(super) arguments: String,
    id: Option<AttachmentId>,
}

impl Environment {
    pub(super) fn read(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, Refusal> {
        let text = |name: &'static str| {
            let value = variable(name).unwrap_or_default().into_string();
            value.map_err(|_| invalid(name, "it is not UTF-8 text"))
        };
        let named = text(COMMAND)?;
        let command = Command::ALL.into_iter().find(|command| command.as_str() == named);
        let command = command.ok_or_else(|| {
            let named: String = named.chars().take(40).collect();
            let known = Command::ALL.map(Command::as_str).join(", ");
            invalid(COMMAND, format!("{named:?} is no CNI command; there is {known}"))
        })?;
        let is_missing = |name: &&&'static str| variable(name).is_none_or(|value| value.is_empty());
        let missing: Vec<&str> = command.required().iter().filter(is_missing).copied().collect();
        if !missing.is_empty() {
            return Err(Refusal::Missing { verb: command.as_str(), names: missing.join(", ") });
        }
        let id = if command.required().is_empty() {
            None
        } else {
            let container = text(CONTAINER)?.parse().map_err(|why| invalid(CONTAINER, why))?;
            let interface = text(INTERFACE)?.parse().map_err(|why| invalid(INTERFACE, why))?;
            Some(AttachmentId { container, interface })
        };
        Ok(Self { command, netns: text(NETNS)?, arguments: text(ARGUMENTS)?, id })
    }

    /// Whom ADD, DEL and CHECK are about.
    pub(super) fn id(&self) -> Result<&AttachmentId, Refusal> {
        self.id.as_ref().ok_or_else(|| Refusal::Missing {
            verb: self.command.as_str(),
            names: [CONTAINER, INTERFACE].join(", "),
        })
    }
}

pub(super) fn invalid(name: &'static str, why: impl ToString) -> Refusal {
    Refusal::Environment { name, why: why.to_string() }
}
