//! What two lost packets have in common when one change would let both through.

use model::explain::{Language, Say as _};
use model::host::NamespaceId;
use model::path::{End, Path, Reason};

/// Where, and by what. What is the sender's own is told once for all senders that have the like.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cause {
    at: Option<NamespaceId>,
    what: String,
}

impl Cause {
    /// `None` if nothing was lost.
    pub(super) fn of(who: &NamespaceId, path: &Path) -> Option<Self> {
        let End::Dropped { at, because, .. } = &path.end else { return None };
        let what = match because {
            // Each link has the setting, and one for all of them counts as well.
            Reason::NotForwarding { sysctl } => match sysctl.starts_with("net/ipv4/") {
                true => "net/ipv4/ip_forward".to_owned(),
                false => "net/ipv6/conf/all/forwarding".to_owned(),
            },
            other => other.said(Language::En),
        };
        let at = (at.namespace != *who).then(|| at.namespace.clone());
        Some(Self { at, what })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::path::{Place, Stage};

    fn cause(who: &str, at: &str, because: Reason) -> Cause {
        let id = |name: &str| NamespaceId::Named(name.into());
        let at = Place { host: "h".into(), namespace: id(at), link: None };
        let end = End::Dropped { at, stage: Stage::Forward, because };
        Cause::of(&id(who), &Path { hops: Vec::new(), end }).unwrap()
    }

    #[test]
    fn one_setting_rule_or_link_is_one_cause() {
        let off = |link: &str| Reason::NotForwarding {
            sysctl: format!("net/ipv4/conf/{link}/forwarding"),
        };
        assert_eq!(cause("netns:a", "host", off("v1")), cause("netns:b", "host", off("v2")));
        let off6 = Reason::NotForwarding { sysctl: "net/ipv6/conf/all/forwarding".into() };
        assert_ne!(cause("netns:a", "host", off("v1")), cause("netns:a", "host", off6));
        let down = |link: &str| Reason::LinkDown { link: link.parse().unwrap() };
        assert_ne!(cause("netns:a", "host", down("v1")), cause("netns:b", "host", down("v2")));
        // Each has an eth0, and all of them are down for one reason or another.
        assert_eq!(
            cause("netns:a", "netns:a", down("eth0")),
            cause("netns:b", "netns:b", down("eth0"))
        );
    }
}
