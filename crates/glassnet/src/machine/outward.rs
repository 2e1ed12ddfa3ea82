//! A machine whose network card may be one end of a veth pair: a host that is itself a container, such as
//! one of a lab, a node of kind, or a guest of LXC. The other end is in a namespace that this machine
//! does not have, so what is sent there leaves it.

use model::host::{Link, LinkKind, Namespace, NamespaceId, Unknown};
use model::path::{Part, Source};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The same with such links as network cards.
pub(crate) struct Outward<'s, 'a>(pub(crate) &'s mut dyn Source<'a>);

impl<'a> Source<'a> for Outward<'_, 'a> {
    fn read(
        &mut self,
        of: &NamespaceId,
        part: &Part,
    ) -> Result<Cow<'a, Namespace<Unknown>>, String> {
        let read = self.0.read(of, part)?;
        // Who may not see all namespaces cannot tell that one is not there.
        if *part != Part::Links || *of != NamespaceId::Host || !rustix::process::geteuid().is_root()
        {
            return Ok(read);
        }
        let out: Vec<_> =
            read.links.iter().filter(|link| leads_out(link, &read.numbers)).cloned().collect();
        if out.is_empty() {
            return Ok(read);
        }
        let mut read = read.into_owned();
        let cards = out.into_iter().map(|link| Link { kind: LinkKind::Device, ..link });
        read.links.extend(cards);
        Ok(Cow::Owned(read))
    }
}

fn leads_out(link: &Link<Unknown>, known: &BTreeMap<i32, NamespaceId>) -> bool {
    let LinkKind::Veth(veth) = &link.kind else { return false };
    let number = veth.peer_netnsid;
    veth.peer.is_none() && number.is_some_and(|number| !known.contains_key(&number))
}
