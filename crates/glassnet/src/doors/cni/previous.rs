//! `prevResult`: on ADD what earlier plugins of the chain made, on CHECK what ADD answered in the
//! end (SPEC, "ADD Success"). What we do not know in it is kept and passed on.

use super::field::Field;
use super::refusal::Refusal;
use super::wishes::address;
use model::net::{IpNet, LinkName};
use serde_json::{Map, Value};
use std::net::IpAddr;

/// A result with its lists apart. Each item is an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Previous {
    pub(super) interfaces: Vec<Value>,
    pub(super) ips: Vec<Value>,
    pub(super) routes: Vec<Value>,
    /// All other keys.
    pub(super) rest: Map<String, Value>,
}

impl Previous {
    pub(super) fn read(field: &Field<'_>) -> Result<Self, Refusal> {
        let mut rest = field.object()?.clone();
        let mut list = |key, required: &str| -> Result<Vec<Value>, Refusal> {
            rest.remove(key);
            let Some(list) = field.member(key)? else { return Ok(Vec::new()) };
            let items = list.items()?;
            for item in &items {
                let Some(text) = item.member(required)? else {
                    return Err(item.invalid(format_args!("it has no {required}")));
                };
                match required {
                    "address" => drop(address(text.text()?).map_err(|why| text.invalid(why))?),
                    "dst" => drop(text.parsed::<IpNet>()?),
                    _ => drop(text.text()?),
                }
            }
            Ok(items.into_iter().map(|item| item.value.clone()).collect())
        };
        let interfaces = list("interfaces", "name")?;
        let ips = list("ips", "address")?;
        let routes = list("routes", "dst")?;
        Ok(Self { interfaces, ips, routes, rest })
    }

    /// Where a container's interface of that name is in the list of interfaces.
    pub(super) fn inside(&self, name: &LinkName) -> Option<usize> {
        self.interfaces.iter().position(|interface| {
            interface["name"] == name.as_str() && !sandbox(interface).is_empty()
        })
    }

    /// Whether it lists an interface of that name in the host.
    pub(super) fn has_outside(&self, name: &LinkName) -> bool {
        let mut interfaces = self.interfaces.iter();
        interfaces
            .any(|interface| interface["name"] == name.as_str() && sandbox(interface).is_empty())
    }

    /// The addresses of one of its interfaces.
    pub(super) fn addresses(&self, place: usize) -> Vec<IpAddr> {
        let of_it = self.ips.iter().filter(|ip| ip["interface"].as_u64() == Some(place as u64));
        of_it.filter_map(|ip| address(ip["address"].as_str()?).ok()).collect()
    }

    pub(super) fn has_default_route(&self) -> bool {
        let lengths = self.routes.iter().filter_map(|route| {
            route["dst"].as_str()?.parse::<IpNet>().ok().map(|dst| dst.prefix_len())
        });
        lengths.into_iter().any(|length| length == 0)
    }
}

/// Empty for an interface of the host.
pub(super) fn sandbox(interface: &Value) -> &str {
    interface["sandbox"].as_str().unwrap_or_default()
}
