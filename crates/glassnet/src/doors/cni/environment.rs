//! The environment that the SPEC defines ("Parameters").

use super::failure::{CniError, ENVIRONMENT};
use model::cluster::{AttachmentId, ContainerId};
use model::net::LinkName;
use std::ffi::OsString;

/// Reads one variable.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Add,
    Del,
    Check,
    Gc,
    Status,
    Version,
}

fn invalid(message: impl Into<String>) -> CniError {
    CniError::new(ENVIRONMENT, message)
}

/// The variable's text, if it is set and not empty.
pub(super) fn text(lookup: Lookup<'_>, name: &str) -> Result<Option<String>, CniError> {
    match lookup(name).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(Err(_)) => Err(invalid(format!("{name} is not UTF-8"))),
    }
}

fn required(lookup: Lookup<'_>, name: &str) -> Result<String, CniError> {
    text(lookup, name)?.ok_or_else(|| {
        invalid(format!("{name} is not set; the runtime has to set it for this command"))
    })
}

pub(super) fn command(lookup: Lookup<'_>) -> Result<Command, CniError> {
    Ok(match required(lookup, "CNI_COMMAND")?.as_str() {
        "ADD" => Command::Add,
        "DEL" => Command::Del,
        "CHECK" => Command::Check,
        "GC" => Command::Gc,
        "STATUS" => Command::Status,
        "VERSION" => Command::Version,
        other => {
            return Err(invalid(format!(
                "CNI_COMMAND is {other:?}; this plugin knows ADD, DEL, CHECK, GC, STATUS and VERSION"
            )));
        }
    })
}

/// `CNI_CONTAINERID` and `CNI_IFNAME`, both checked.
pub(super) fn attachment(lookup: Lookup<'_>) -> Result<AttachmentId, CniError> {
    let container: ContainerId = required(lookup, "CNI_CONTAINERID")?
        .parse()
        .map_err(|error| invalid(format!("CNI_CONTAINERID: {error}")))?;
    let interface: LinkName = required(lookup, "CNI_IFNAME")?
        .parse()
        .map_err(|error| invalid(format!("CNI_IFNAME: {error}")))?;
    Ok(AttachmentId { container, interface })
}

/// `CNI_NETNS`, where the command cannot do without.
pub(super) fn netns(lookup: Lookup<'_>) -> Result<String, CniError> {
    required(lookup, "CNI_NETNS")
}

/// `CNI_ARGS`: `KEY=VALUE` pairs with `;` between. Keys we do not know are engines' own, and are
/// passed over whether or not `IgnoreUnknown` says so.
pub(super) fn arguments(lookup: Lookup<'_>) -> Result<Vec<(String, String)>, CniError> {
    let Some(text) = text(lookup, "CNI_ARGS")? else { return Ok(Vec::new()) };
    let pair = |pair: &str| {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| invalid(format!("CNI_ARGS holds {pair:?}, which is no KEY=VALUE")))?;
        Ok((key.trim().to_ascii_uppercase(), value.trim().to_owned()))
    };
    text.split(';').filter(|pair| !pair.trim().is_empty()).map(pair).collect()
}
