//! The plugin's configuration (SPEC, "Configuration format" and "Deriving request configuration").
//!
//! ```json
//! { "cniVersion": "1.1.0", "name": "pods", "type": "glassnet", "network": "default",
//!   "capabilities": { "portMappings": true, "ips": true, "mac": true, "bandwidth": true } }
//! ```
//!
//! | key of ours | means | default |
//! |---|---|---|
//! | `network` | the glassnet network to attach to | `default` |
//! | `ips`, `mac` | address and MAC to ask for, unless the engine asks for others | none |
//! | `bandwidth` | as in the capability: rates in bit/s, bursts in bits | no limit |
//! | `defaultRoute` | whether the container's way out is this network | true, unless an earlier plugin made a default route |

use super::field::Field;
use super::previous::Previous;
use super::refusal::Refusal;
use super::version::Version;
use model::cluster::NetworkName;
use serde_json::{Map, Value};

const OURS: [&str; 5] = ["network", "ips", "mac", "bandwidth", "defaultRoute"];

/// Keys of the SPEC that a plugin may see.
const SPEC: [&str; 12] = [
    "cniVersion",
    "cniVersions",
    "name",
    "type",
    "capabilities",
    "runtimeConfig",
    "args",
    "prevResult",
    "dns",
    "disableCheck",
    "disableGC",
    "loadOnlyInlinedPlugins",
];

const CAPABILITIES: [&str; 4] = ["portMappings", "ips", "mac", "bandwidth"];

/// Keys that other plugins have, and where glassnet has the same.
const ELSEWHERE: [(&str, &str); 9] = [
    ("bridge", "glassnet names a network's bridge itself"),
    ("ipam", "glassnet leases addresses from the network's own subnets and calls no IPAM plugin"),
    ("ipMasq", "a network masquerades unless it was created with --no-masquerade"),
    ("isGateway", "a network's bridge is always its gateway"),
    ("isDefaultGateway", "use defaultRoute"),
    ("hairpinMode", "published ports are reachable from their own container without it"),
    ("mtu", "set it when creating the network: glassnet network create --mtu"),
    ("macspoofchk", "always on, unless the network was created with --allow-spoofing"),
    ("subnet", "set it when creating the network: glassnet network create --subnet"),
];

/// One configuration. Beyond what every verb needs, it is looked into only when asked.
pub(super) struct Configuration<'a> {
    pub(super) version: Version,
    /// The configuration's name, by which we know the engine's attachments from others'.
    pub(super) name: &'a str,
    pub(super) root: Field<'a>,
}

impl<'a> Configuration<'a> {
    pub(super) fn read(root: Field<'a>, version: Version) -> Result<Self, Refusal> {
        let absent = Refusal::Absent { path: "name", why: "a configuration is known by it" };
        let field = root.member("name")?.ok_or(absent)?;
        let name = field.text()?;
        let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if !first || name.len() > 255 || !name.bytes().all(inside) {
            return Err(field.invalid(
                "expected 1 to 255 letters, digits, '_', '.' and '-', starting with a letter or digit",
            ));
        }
        Ok(Self { version, name, root })
    }

    /// Refuses keys that would otherwise have no effect unseen.
    pub(super) fn all_keys_known(&self) -> Result<(), Refusal> {
        for (key, field) in self.root.members()? {
            let known = OURS.contains(&key.as_str()) || SPEC.contains(&key.as_str());
            let no_ipam = key == "ipam" && field.value.as_object().is_some_and(Map::is_empty);
            if known || no_ipam || key.starts_with("cni.dev/") {
                continue;
            }
            let elsewhere = ELSEWHERE.iter().find(|(other, _)| other == key);
            return Err(match elsewhere {
                Some((_, why)) => field.unsupported(why),
                None => field.unsupported(format_args!(
                    "glassnet has no such key; there is {}",
                    OURS.join(", ")
                )),
            });
        }
        let Some(runtime) = self.root.member("runtimeConfig")? else { return Ok(()) };
        let unknown = runtime.members()?.find(|(key, _)| !CAPABILITIES.contains(&key.as_str()));
        unknown.map_or(Ok(()), |(key, field)| {
            Err(field.unsupported(format_args!(
                "glassnet does not have the capability {key:.40}; it has {}",
                CAPABILITIES.join(", ")
            )))
        })
    }

    pub(super) fn network(&self) -> Result<NetworkName, Refusal> {
        let named = self.root.member("network")?.map(|field| field.parsed()).transpose()?;
        let default = || "default".parse().map_err(|why| self.root.invalid(why));
        named.flatten().map_or_else(default, Ok)
    }

    pub(super) fn default_route(&self) -> Result<Option<bool>, Refusal> {
        self.root.member("defaultRoute")?.map(|field| field.boolean()).transpose()
    }

    pub(super) fn previous(&self) -> Result<Option<Previous>, Refusal> {
        self.root.member("prevResult")?.map(|field| Previous::read(&field)).transpose()
    }

    /// What the result says about names; we set up no resolver.
    pub(super) fn dns(&self) -> Result<Map<String, Value>, Refusal> {
        let mut dns = Map::new();
        let Some(field) = self.root.member("dns")? else { return Ok(dns) };
        for key in ["nameservers", "domain", "search", "options"] {
            let Some(value) = field.member(key)? else { continue };
            if key == "domain" {
                value.text()?;
            } else {
                value.items()?.iter().try_for_each(|item| item.text().map(drop))?;
            }
            dns.insert(key.to_owned(), value.value.clone());
        }
        Ok(dns)
    }
}
