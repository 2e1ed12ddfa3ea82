//! The network configuration on stdin (SPEC, "Section 1: Network configuration format", and
//! CONVENTIONS for what runtimes pass on as capabilities).
//!
//! Keys that are not ours are other plugins' or the runtime's and are passed over, as the reference
//! plugins do; a key of ours with a wrong value is an error that names it.

use super::failure::{CONFIG, CniError, DECODE, UNSUPPORTED, VERSION};
use super::{MAX_CONFIG, VERSIONS};
use model::cluster::{AttachmentId, Bandwidth, ContainerId, NetworkName, Publish, Rate};
use model::net::{LinkName, Mac, Transport};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::net::IpAddr;

/// A configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Config {
    #[serde(default)]
    pub name: String,
    /// The network of ours; `default` unless named.
    #[serde(default)]
    pub network: Option<NetworkName>,
    #[serde(default)]
    pub mac: Option<Mac>,
    #[serde(default)]
    pub default_route: Option<bool>,
    #[serde(default)]
    pub dns: Value,
    #[serde(default)]
    pub runtime_config: RuntimeConfig,
    #[serde(default)]
    args: Arguments,
    #[serde(default)]
    pub prev_result: Option<Value>,
    #[serde(default, rename = "cni.dev/valid-attachments", deserialize_with = "told")]
    valid_attachments: Option<Vec<ValidAttachment>>,
    /// The name that the SPEC gave it at first; libcni sends both.
    #[serde(default, rename = "cni.dev/attachments", deserialize_with = "told")]
    attachments: Option<Vec<ValidAttachment>>,
}

/// libcni sends `null` for "none is valid". That is not the same as a key that is not there.
fn told<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<ValidAttachment>>, D::Error> {
    Option::deserialize(from).map(|list| Some(list.unwrap_or_default()))
}

/// What the runtime asks for one container (`capabilities`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RuntimeConfig {
    port_mappings: Option<Vec<PortMapping>>,
    ips: Option<Vec<String>>,
    pub mac: Option<Mac>,
    bandwidth: Option<BandwidthEntry>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Arguments {
    cni: CniArguments,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct CniArguments {
    ips: Vec<String>,
    mac: Option<Mac>,
}

/// containerd writes the keys with a capital, which the reference plugins, being Go, do not notice.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PortMapping {
    #[serde(default, alias = "HostPort")]
    host_port: i64,
    #[serde(alias = "ContainerPort")]
    container_port: i64,
    #[serde(default, alias = "Protocol")]
    protocol: String,
    #[serde(default, rename = "hostIP", alias = "HostIP")]
    host_ip: String,
}

/// Rates in bits a second, bursts in bits; 0 is no limit.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct BandwidthEntry {
    #[serde(alias = "IngressRate")]
    ingress_rate: u64,
    #[serde(alias = "IngressBurst")]
    ingress_burst: u64,
    #[serde(alias = "EgressRate")]
    egress_rate: u64,
    #[serde(alias = "EgressBurst")]
    egress_burst: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ValidAttachment {
    #[serde(rename = "containerID")]
    container: ContainerId,
    ifname: LinkName,
}

fn wrong(message: impl Into<String>) -> CniError {
    CniError::new(CONFIG, message)
}

/// The version an answer has to be in; the newest if the configuration does not say.
pub(super) fn version_of(stdin: &[u8]) -> &'static str {
    #[derive(Deserialize)]
    struct Only {
        #[serde(rename = "cniVersion")]
        version: String,
    }
    let asked = serde_json::from_slice::<Only>(stdin).map(|only| only.version).unwrap_or_default();
    VERSIONS.into_iter().find(|version| *version == asked).unwrap_or("1.1.0")
}

fn read<T: DeserializeOwned>(stdin: &[u8]) -> Result<T, CniError> {
    if stdin.len() as u64 > MAX_CONFIG {
        let message = format!("the configuration is longer than {MAX_CONFIG} bytes");
        return Err(CniError::new(DECODE, message));
    }
    serde_json::from_slice(stdin).map_err(|error| {
        CniError::new(DECODE, format!("the configuration on stdin cannot be read: {error}"))
    })
}

/// The version in force, one of [`VERSIONS`]. Nothing else is looked at: what DEL needs is in the
/// environment, and a setting that ADD would refuse must not keep a container from being removed.
pub(super) fn version_in_force(stdin: &[u8]) -> Result<&'static str, CniError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Only {
        #[serde(default)]
        cni_version: Option<String>,
    }
    // SPEC: without a version it is 0.1.0, which nobody speaks any more.
    let asked = read::<Only>(stdin)?.cni_version.unwrap_or_else(|| "0.1.0".to_owned());
    VERSIONS.into_iter().find(|version| *version == asked).ok_or_else(|| {
        let known = VERSIONS.join(", ");
        let message = format!("cniVersion {asked:?} is not supported; this plugin speaks {known}");
        CniError::new(VERSION, message)
    })
}

impl Config {
    pub(super) fn read(stdin: &[u8]) -> Result<Self, CniError> {
        read(stdin)
    }

    pub(super) fn network(&self) -> Result<NetworkName, CniError> {
        match &self.network {
            Some(name) => Ok(name.clone()),
            None => "default".parse().map_err(|error| wrong(format!("{error}"))),
        }
    }

    /// Addresses asked for, by whichever way.
    pub(super) fn addresses(
        &self,
        arguments: &[(String, String)],
    ) -> Result<Vec<IpAddr>, CniError> {
        let given =
            arguments.iter().filter(|(key, _)| key == "IP").map(|(_, value)| value.as_str());
        let texts: Vec<&str> = match &self.runtime_config.ips {
            Some(ips) => ips.iter().map(String::as_str).collect(),
            None if !self.args.cni.ips.is_empty() => {
                self.args.cni.ips.iter().map(String::as_str).collect()
            }
            None => given.flat_map(|value| value.split(',')).collect(),
        };
        // `10.1.0.9/24` is a way to write one too; the network's own length counts.
        let address = |text: &str| {
            let bare = text.split('/').next().unwrap_or_default().trim();
            bare.parse().map_err(|_| wrong(format!("{text:?} is not an IP address to ask for")))
        };
        texts.into_iter().filter(|text| !text.trim().is_empty()).map(address).collect()
    }

    pub(super) fn mac(&self, arguments: &[(String, String)]) -> Result<Option<Mac>, CniError> {
        let given = arguments.iter().find(|(key, _)| key == "MAC").map(|(_, value)| value.parse());
        let given = given.transpose().map_err(|error| wrong(format!("CNI_ARGS: {error}")))?;
        Ok(self.runtime_config.mac.or(self.args.cni.mac).or(given).or(self.mac))
    }

    pub(super) fn publish(&self) -> Result<Vec<Publish>, CniError> {
        let mappings = self.runtime_config.port_mappings.iter().flatten();
        // Host port 0: nothing is published, as with the reference plugin.
        mappings.filter(|mapping| mapping.host_port != 0).map(PortMapping::publish).collect()
    }

    pub(super) fn bandwidth(&self) -> Result<Bandwidth, CniError> {
        let Some(entry) = &self.runtime_config.bandwidth else { return Ok(Bandwidth::default()) };
        let rate = |which: &str, rate: u64, burst: u64| match (rate, burst) {
            (0, 0) => Ok(None),
            (0, _) => Err(wrong(format!("bandwidth: {which}Burst without {which}Rate"))),
            // Some runtimes send the largest number for "no limit".
            (bits_per_second, burst_bits) if bits_per_second < u64::from(u32::MAX) * 8 * 1000 => {
                Ok(Some(Rate { bits_per_second, burst_bits }))
            }
            _ => Ok(None),
        };
        Ok(Bandwidth {
            ingress: rate("ingress", entry.ingress_rate, entry.ingress_burst)?,
            egress: rate("egress", entry.egress_rate, entry.egress_burst)?,
        })
    }

    /// Of GC: the attachments to be kept.
    pub(super) fn keep(&self) -> Result<Vec<AttachmentId>, CniError> {
        let told = self.valid_attachments.as_ref().or(self.attachments.as_ref());
        let valid = told.ok_or_else(|| {
            wrong("cni.dev/valid-attachments is not there; without it GC would detach everything")
        })?;
        let id = |valid: &ValidAttachment| AttachmentId {
            container: valid.container.clone(),
            interface: valid.ifname.clone(),
        };
        Ok(valid.iter().map(id).collect())
    }
}

impl PortMapping {
    fn publish(&self) -> Result<Publish, CniError> {
        let transport = match self.protocol.to_ascii_lowercase().as_str() {
            "" | "tcp" => Transport::Tcp,
            "udp" => Transport::Udp,
            other => {
                let message =
                    format!("portMappings: protocol {other:?} cannot be published; use tcp or udp");
                return Err(CniError::new(UNSUPPORTED, message));
            }
        };
        let port = |which: &str, port: i64| {
            u16::try_from(port).ok().filter(|port| *port != 0).ok_or_else(|| {
                wrong(format!("portMappings: {which} {port} is no port; ports are 1 to 65535"))
            })
        };
        let host_address = match self.host_ip.as_str() {
            "" => None,
            text => Some(text.parse().map_err(|_| {
                wrong(format!("portMappings: hostIP {text:?} is not an IP address"))
            })?),
        };
        Ok(Publish {
            transport,
            host_address,
            host_port: port("hostPort", self.host_port)?,
            container_port: port("containerPort", self.container_port)?,
        })
    }
}
