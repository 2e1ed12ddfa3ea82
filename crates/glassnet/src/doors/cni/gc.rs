//! GC (SPEC, "`GC`: Clean up any stale resources"): what this configuration attached to this
//! network and the engine does not name any more is detached.
//!
//! Without the list nothing is known to be stale, so nothing is collected (`cnitool gc` sends none:
//! libcni has run a DEL for whatever it had attached by then). A list that is `null` is empty,
//! since that is how Go writes an empty one.

use super::World;
use super::configuration::Configuration;
use super::field::Field;
use super::refusal::Refusal;
use crate::protocol::{Request, Response};
use model::cluster::AttachmentId;

/// The second name is that of an error in an earlier SPEC; libcni sends both.
const VALID: [&str; 2] = ["cni.dev/valid-attachments", "cni.dev/attachments"];

pub(super) fn gc(configuration: &Configuration<'_>, world: &World<'_>) -> Result<(), Refusal> {
    let said = configuration.root.object()?;
    let Some(key) = VALID.into_iter().find(|key| said.contains_key(*key)) else { return Ok(()) };
    let mut keep = Vec::new();
    if let Some(list) = configuration.root.member(key)? {
        for item in list.items()? {
            keep.extend(valid(&item)?);
        }
    }
    let request = Request::Collect {
        runtime: configuration.name.to_owned(),
        network: configuration.network()?,
        keep,
    };
    match (world.ask)(&request, None)? {
        Response::Collected { .. } => Ok(()),
        Response::Failed(failure) => Err(failure.into()),
        other => Err(Refusal::unexpected(&other)),
    }
}

/// `None` for a name under which nothing can be attached: then it is none of ours.
fn valid(item: &Field<'_>) -> Result<Option<AttachmentId>, Refusal> {
    let text = |key: &str| match item.member(key)? {
        Some(field) => field.text(),
        None => Err(item.invalid(format_args!("it has no {key}"))),
    };
    let (container, interface) = (text("containerID")?, text("ifname")?);
    let id = container.parse().ok().zip(interface.parse().ok());
    Ok(id.map(|(container, interface)| AttachmentId { container, interface }))
}
