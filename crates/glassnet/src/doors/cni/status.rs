//! STATUS (SPEC, "`STATUS`: Check plugin status"): 50 if no ADD could be served, 51 if existing
//! containers may suffer too. A daemon that is down is 50: what it has set up goes on without it.

use super::World;
use super::configuration::Configuration;
use super::refusal::Refusal;
use super::wishes::Wishes;
use crate::client::NoAnswer;
use crate::protocol::{Code, Request, Response};

pub(super) fn status(configuration: &Configuration<'_>, world: &World<'_>) -> Result<(), Refusal> {
    // A configuration that ADD would refuse is better refused before there is a container.
    configuration.all_keys_known()?;
    configuration.default_route()?;
    configuration.dns()?;
    Wishes::read(configuration, "")?;
    let request = Request::Ready { network: configuration.network()? };
    let failure = match (world.ask)(&request, None) {
        Ok(Response::Done) => return Ok(()),
        Ok(Response::Failed(failure)) => failure,
        Ok(other) => return Err(Refusal::unexpected(&other)),
        Err(answer @ (NoAnswer::Down { .. } | NoAnswer::Silent { .. } | NoAnswer::Odd { .. })) => {
            return Err(Refusal::NotReady { code: 50, message: answer.to_string() });
        }
    };
    let code = match failure.code {
        Code::Kernel | Code::Differs => 51,
        Code::InvalidRequest
        | Code::NoNetwork
        | Code::Exists
        | Code::InUse
        | Code::Exhausted
        | Code::Taken
        | Code::NoNamespace
        | Code::Storage
        | Code::Blocked
        | Code::Busy
        | Code::Node
        | Code::Cluster => 50,
    };
    Err(Refusal::NotReady { code, message: failure.message })
}
