//! The result of ADD (SPEC, "Section 5: Result Types"), in the version that was asked for.

use super::config::Config;
use super::failure::{CniError, DECODE};
use crate::protocol::Attached;
use model::cluster::Attachment;
use model::net::Family;
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// What was before in the chain, with what we added.
pub(super) fn document(
    config: &Config,
    version: &str,
    attached: &Attached,
    netns: &str,
) -> Result<String, CniError> {
    let mut result = match &config.prev_result {
        None => Map::new(),
        Some(Value::Object(previous)) => previous.clone(),
        Some(_) => return Err(CniError::new(DECODE, "prevResult is not an object")),
    };
    result.insert("cniVersion".to_owned(), json!(version));
    let interfaces = list(&mut result, "interfaces")?;
    let first = interfaces.len();
    let Attached { attachment, network, mtu } = attached;
    let mut container = json!({
        "name": attachment.id.interface, "mac": attachment.mac, "sandbox": netns,
    });
    if version == "1.1.0" {
        container["mtu"] = json!(mtu);
    }
    interfaces.extend([
        json!({ "name": network.bridge, "mac": network.bridge_mac() }),
        json!({ "name": attachment.id.host_link() }),
        container,
    ]);
    let ips = list(&mut result, "ips")?;
    for pool in &network.pools {
        let Some(address) = attachment.address(pool.family()) else { continue };
        let mut ip = json!({
            "interface": first + 2,
            "address": format!("{address}/{}", pool.subnet.prefix_len()),
            "gateway": pool.gateway,
        });
        if version.starts_with("0.") {
            ip["version"] = json!(if pool.family() == Family::V4 { "4" } else { "6" });
        }
        ips.push(ip);
    }
    let routes = list(&mut result, "routes")?;
    for pool in network.pools.iter().filter(|_| attachment.default_route) {
        routes.push(json!({ "dst": pool.family().everything(), "gw": pool.gateway }));
    }
    if !config.dns.is_null() && !result.contains_key("dns") {
        result.insert("dns".to_owned(), config.dns.clone());
    }
    Ok(format!("{}\n", Value::Object(result)))
}

fn list<'a>(result: &'a mut Map<String, Value>, key: &str) -> Result<&'a mut Vec<Value>, CniError> {
    let value = result.entry(key).or_insert_with(|| json!([]));
    if value.is_null() {
        *value = json!([]);
    }
    value
        .as_array_mut()
        .ok_or_else(|| CniError::new(DECODE, format!("prevResult: {key} is not a list")))
}

/// Addresses of ours that the earlier result does not hold.
pub(super) fn lacking(previous: &Value, attachment: &Attachment) -> Vec<String> {
    let ips = previous.get("ips").and_then(Value::as_array).into_iter().flatten();
    let told: Vec<IpAddr> =
        ips.filter_map(|ip| ip.get("address")?.as_str()?.split('/').next()?.parse().ok()).collect();
    let lacking = attachment.addresses.iter().filter(|address| !told.contains(address));
    lacking.map(|address| format!("prevResult does not hold {address}")).collect()
}
