//! ADD (SPEC, "`ADD`: Add container to network, or apply modifications"). Everything that the
//! engine says is understood before the daemon is asked, so a refusal has changed nothing.

use super::World;
use super::configuration::Configuration;
use super::environment::Environment;
use super::previous::sandbox;
use super::refusal::Refusal;
use super::result;
use super::wishes::Wishes;
use crate::protocol::{AttachRequest, Request, Response};
use serde_json::Value;
use std::os::fd::AsFd;

pub(super) fn add(
    environment: &Environment,
    configuration: &Configuration<'_>,
    world: &World<'_>,
) -> Result<Value, Refusal> {
    configuration.all_keys_known()?;
    let id = environment.id()?;
    let previous = configuration.previous()?.unwrap_or_default();
    if let Some(place) = previous.inside(&id.interface) {
        let theirs = format!("prevResult.interfaces[{place}]");
        return Err(Refusal::Invalid {
            path: theirs,
            value: previous.interfaces[place].to_string().chars().take(200).collect(),
            why: format!(
                "a plugin earlier in the chain made {} in {} already; glassnet makes that interface \
                 itself, so take the other plugin out of the chain",
                id.interface,
                sandbox(&previous.interfaces[place]),
            ),
        });
    }
    let dns = configuration.dns()?;
    let Wishes { addresses, mac, publish, bandwidth } =
        Wishes::read(configuration, &environment.arguments)?;
    let default_route =
        configuration.default_route()?.unwrap_or_else(|| !previous.has_default_route());
    let request = Request::Attach(AttachRequest {
        id: id.clone(),
        network: configuration.network()?,
        runtime: configuration.name.to_owned(),
        netns: environment.netns.clone(),
        addresses,
        mac,
        publish,
        bandwidth,
        default_route,
    });
    let netns = (world.open)(&environment.netns)?;
    match (world.ask)(&request, Some(netns.as_fd()))? {
        Response::Attached(attached) => {
            Ok(result::success(&attached, configuration.version, &environment.netns, dns, previous))
        }
        Response::Failed(failure) => Err(failure.into()),
        other => Err(Refusal::unexpected(&other)),
    }
}
