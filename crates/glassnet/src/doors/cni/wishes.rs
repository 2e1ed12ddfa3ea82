//! What is wished for one container (CONVENTIONS, "Well-known Capabilities", "args", "CNI_ARGS").
//!
//! The first of these that says something counts, the others are not looked at: `runtimeConfig`,
//! `args.cni`, `CNI_ARGS`, the configuration itself.

use super::arguments::Arguments;
use super::bandwidth;
use super::configuration::Configuration;
use super::field::Field;
use super::ports;
use super::refusal::Refusal;
use model::cluster::{Bandwidth, Publish};
use model::net::{Family, Mac};
use std::net::IpAddr;

/// All wishes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    pub(super) addresses: Vec<IpAddr>,
    pub(super) mac: Option<Mac>,
    pub(super) publish: Vec<Publish>,
    pub(super) bandwidth: Bandwidth,
}

impl Wishes {
    pub(super) fn read(
        configuration: &Configuration<'_>,
        arguments: &str,
    ) -> Result<Self, Refusal> {
        let arguments = Arguments::parse(arguments)?;
        let root = &configuration.root;
        let runtime = root.member("runtimeConfig")?;
        let args = below(root.member("args")?, "cni")?;

        let mut addresses = ips(runtime.as_ref())?;
        if addresses.is_empty() {
            addresses = ips(args.as_ref())?;
        }
        if addresses.is_empty() {
            addresses.extend(arguments.address);
        }
        if addresses.is_empty() {
            addresses = ips(Some(root))?;
        }

        let mac = match mac(runtime.as_ref())? {
            Some(mac) => Some(mac),
            None => mac(args.as_ref())?.or(arguments.mac),
        };
        let mac = mac.map_or_else(|| self::mac(Some(root)), |mac| Ok(Some(mac)))?;

        let bandwidth = match below(runtime.clone(), "bandwidth")? {
            Some(field) => Some(field),
            None => root.member("bandwidth")?,
        };
        let bandwidth = bandwidth.map_or_else(|| Ok(Bandwidth::default()), bandwidth::read)?;
        let publish = below(runtime, "portMappings")?;
        let publish = publish.map_or_else(|| Ok(Vec::new()), |field| ports::read(&field))?;
        Ok(Self { addresses, mac, publish, bandwidth })
    }
}

fn below<'a>(field: Option<Field<'a>>, key: &str) -> Result<Option<Field<'a>>, Refusal> {
    field.map_or(Ok(None), |field| field.member(key))
}

fn mac(place: Option<&Field<'_>>) -> Result<Option<Mac>, Refusal> {
    let field = place.map_or(Ok(None), |place| place.member("mac"))?;
    field.map_or(Ok(None), |field| field.parsed())
}

/// `ips` at a place: at most one of each family.
fn ips(place: Option<&Field<'_>>) -> Result<Vec<IpAddr>, Refusal> {
    let field = place.map_or(Ok(None), |place| place.member("ips"))?;
    let Some(field) = field else { return Ok(Vec::new()) };
    let mut addresses: Vec<IpAddr> = Vec::new();
    for item in field.items()? {
        let address = address(item.text()?).map_err(|why| item.invalid(why))?;
        let family = Family::of(address);
        if addresses.iter().any(|other| Family::of(*other) == family) {
            return Err(item.invalid(format_args!(
                "it is the second {family} address; an attachment has at most one of each family"
            )));
        }
        addresses.push(address);
    }
    Ok(addresses)
}

/// `ADDRESS[/LENGTH]`. The length is read and not used: it is that of the network's subnet.
pub(super) fn address(text: &str) -> Result<IpAddr, String> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let shown: String = text.chars().take(60).collect();
    let address: IpAddr = address.parse().map_err(|_| {
        format!("{shown:?} is not an address; write it as 10.88.0.9, 10.88.0.9/16 or fd00:88::9")
    })?;
    let longest = Family::of(address).bits();
    let fits = |length: &str| length.parse::<u8>().is_ok_and(|length| length <= longest);
    if length.is_some_and(|length| !fits(length)) {
        return Err(format!("{shown:?} has a prefix length other than 0 to {longest}"));
    }
    Ok(address.to_canonical())
}
