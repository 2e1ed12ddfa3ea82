//! Links without an attachment, and attachments without a link.

use super::seen::Seen;
use model::explain::Finding;
use model::host::link::GROUP_DOOMED;
use model::net::LinkName;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Links that bear our mark and belong to nothing. Those that are about to be deleted are left
/// out.
pub(super) fn links(seen: &Seen) -> Vec<Finding> {
    let Some(host) = seen.host() else { return Vec::new() };
    let known: BTreeSet<LinkName> = (seen.networks.iter().map(|network| network.bridge.clone()))
        .chain(seen.attachments.iter().flat_map(|row| {
            let id = &row.attachment.id;
            [id.host_link(), id.shaper_link()]
        }))
        .collect();
    let leaked = |link: &&model::host::Link<_>| {
        link.is_ours() && link.group != GROUP_DOOMED && !known.contains(&link.name)
    };
    let leaked = host.links.iter().filter(leaked).map(|link| Finding::LeakedLink {
        link: link.name.clone(),
        alias: link.alias.clone().unwrap_or_default(),
    });
    leaked.collect()
}

/// Attachments whose link is gone. One that is just being made or taken down may have none.
pub(super) fn leases(seen: &Seen) -> Vec<Finding> {
    let Some(host) = seen.host() else { return Vec::new() };
    let settled = seen.attachments.iter().filter(|row| row.state == "attached");
    let leaked = settled.filter_map(|row| {
        let attachment = &row.attachment;
        let link = attachment.id.host_link();
        let addresses: Vec<String> = attachment.addresses.iter().map(IpAddr::to_string).collect();
        (!host.links.contains(&link)).then(|| Finding::LeakedLease {
            attachment: attachment.id.to_string(),
            container: attachment.id.container.to_string(),
            addresses: addresses.join(", "),
            link,
            netns: row.netns.clone(),
        })
    });
    leaked.collect()
}
