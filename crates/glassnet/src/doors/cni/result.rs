//! What ADD answers (SPEC, "ADD Success"): the bridge, the host's end, the container's end, behind
//! whatever earlier plugins made. The shape follows the version: up to 0.4.0 each address names
//! its family, from 1.1.0 each interface its MTU.

use super::previous::Previous;
use super::version::Version;
use crate::protocol::Attached;
use model::net::Family;
use serde_json::{Map, Value, json};

/// `netns` is what `CNI_NETNS` said; `dns` what the configuration says.
pub(super) fn success(
    attached: &Attached,
    version: Version,
    netns: &str,
    dns: Map<String, Value>,
    previous: Previous,
) -> Value {
    let Attached { attachment, network, mtu } = attached;
    let Previous { mut interfaces, mut ips, mut routes, mut rest } = previous;

    interfaces.push(json!({ "name": network.bridge, "mac": network.bridge_mac() }));
    // The kernel chooses the host end's MAC; nobody needs to know it.
    interfaces.push(json!({ "name": attachment.id.host_link() }));
    let inside = interfaces.len();
    interfaces.push(json!({
        "name": attachment.id.interface,
        "mac": attachment.mac,
        "sandbox": netns,
    }));
    if version >= Version::V1_1_0 {
        for interface in &mut interfaces[inside - 2..] {
            interface["mtu"] = json!(mtu);
        }
    }

    for pool in &network.pools {
        let Some(address) = attachment.address(pool.family()) else { continue };
        let prefix = attachment.prefix(network, address);
        ips.push(json!({ "address": prefix, "gateway": pool.gateway, "interface": inside }));
        if attachment.default_route {
            routes.push(json!({ "dst": pool.family().everything(), "gw": pool.gateway }));
        }
    }
    ips.iter_mut().for_each(|ip| name_the_family(ip, version));

    let said = rest.get("dns").and_then(Value::as_object).is_some_and(|dns| !dns.is_empty());
    if !said {
        rest.insert("dns".to_owned(), dns.into());
    }
    rest.insert("cniVersion".to_owned(), version.as_str().into());
    rest.insert("interfaces".to_owned(), interfaces.into());
    rest.insert("ips".to_owned(), ips.into());
    rest.insert("routes".to_owned(), routes.into());
    rest.into()
}

fn name_the_family(ip: &mut Value, version: Version) {
    let Some(ip) = ip.as_object_mut() else { return };
    if version >= Version::V1_0_0 {
        ip.remove("version");
        return;
    }
    let prefix = ip.get("address").and_then(Value::as_str).and_then(|text| text.parse().ok());
    if let Some(prefix) = prefix {
        let number = match Family::of_prefix(&prefix) {
            Family::V4 => "4",
            Family::V6 => "6",
        };
        ip.insert("version".to_owned(), number.into());
    }
}
