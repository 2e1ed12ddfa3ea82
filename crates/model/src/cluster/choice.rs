//! By which means a peer is reached, from what was proven of each.

use super::{Backend, Means, Outcome, Proof};
use crate::explain::WayFault;
use crate::net::Family;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What is known of the means to one peer in one network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proofs {
    /// For each family that the network has, to the peer's proof address of that family.
    pub direct: BTreeMap<Family, Tried>,
    /// To the tunnel end's own address, inside VXLAN.
    pub vxlan: Tried,
    /// To the peer's address of the underlay, as it is: what tells a closed port from a lost peer.
    pub underlay: Tried,
    /// The UDP port of VXLAN.
    pub port: u16,
}

/// What came of trying one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tried {
    /// Nothing: it was not tried yet, or nobody asks.
    #[default]
    Not,
    /// It cannot be tried.
    Cannot(WayFault),
    Done(Proof),
}

/// How a peer is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// `None` while nothing is proven of what may be used.
    pub by: Option<Means>,
    /// Bytes: the largest packet that was proven to pass; `None` if none was.
    pub mtu: Option<u32>,
    /// Packets of the full size of that means were proven to pass.
    #[serde(default)]
    pub whole: bool,
    /// Why it is not the best means, or not at full size.
    pub why: Vec<WayFault>,
}

/// Chooses. `auto` takes the direct way if packets of the underlay's full size were proven to pass,
/// else the tunnel if anything passes it, else the direct way at less. Where one means was asked for,
/// it is used whatever was proven.
pub fn choose(backend: Backend, proofs: &Proofs) -> Choice {
    let direct = || Choice { by: Some(Means::Direct), ..of_direct(proofs) };
    let vxlan = || Choice { by: Some(Means::Vxlan), ..of_vxlan(proofs) };
    match backend {
        Backend::Direct => direct(),
        Backend::Vxlan => vxlan(),
        Backend::Auto => {
            let (direct, vxlan) = (direct(), vxlan());
            let both = || direct.why.iter().chain(&vxlan.why).cloned().collect();
            if direct.whole {
                direct
            } else if vxlan.mtu.is_some() {
                Choice { why: both(), ..vxlan }
            } else if direct.mtu.is_some() {
                Choice { why: both(), ..direct }
            } else {
                Choice { by: None, mtu: None, whole: false, why: both() }
            }
        }
    }
}

/// The direct way is as good as that of the worst family.
fn of_direct(proofs: &Proofs) -> Choice {
    let mut least = None;
    let mut lacking = proofs.direct.is_empty();
    let mut why = Vec::new();
    for tried in proofs.direct.values() {
        match tried {
            Tried::Not => lacking = true,
            Tried::Cannot(fault) => {
                lacking = true;
                why.push(fault.clone());
            }
            Tried::Done(proof) => {
                lacking |= proof.bytes.is_none();
                least = [least, proof.bytes].into_iter().flatten().min();
                why.extend(fault(Means::Direct, proof));
            }
        }
    }
    let mtu = least.filter(|_| !lacking);
    Choice { by: None, mtu, whole: mtu.is_some() && why.is_empty(), why }
}

fn of_vxlan(proofs: &Proofs) -> Choice {
    let proof = match &proofs.vxlan {
        Tried::Not => return Choice::default(),
        Tried::Cannot(fault) => return Choice { why: vec![fault.clone()], ..Choice::default() },
        Tried::Done(proof) => proof,
    };
    let underlay = match &proofs.underlay {
        Tried::Done(underlay) => Some(underlay),
        _ => None,
    };
    let unexplained = matches!(proof.larger, Some(Outcome::Silent));
    let why = match (proof.bytes, underlay) {
        (None, Some(underlay)) if unexplained => Some(silent(proofs.port, underlay)),
        // A router speaks to the sender of what it sees: of the tunnel's own packets.
        (Some(_), Some(underlay)) if unexplained && said(underlay).is_some() => {
            fault(Means::Vxlan, &Proof { larger: underlay.larger.clone(), ..proof.clone() })
        }
        _ => fault(Means::Vxlan, proof),
    };
    let whole = proof.bytes.is_some() && why.is_none();
    Choice { by: None, mtu: proof.bytes, whole, why: why.into_iter().collect() }
}

fn silent(port: u16, underlay: &Proof) -> WayFault {
    match underlay.bytes {
        Some(_) => WayFault::VxlanSilent { port, underlay: underlay.to },
        None => WayFault::UnderlaySilent { underlay: underlay.to },
    }
}

fn said(proof: &Proof) -> Option<(IpAddr, u32)> {
    match proof.larger {
        Some(Outcome::TooBig { by, mtu }) => Some((by, mtu)),
        _ => None,
    }
}

/// What is wrong, if packets of full size were not proven to pass.
fn fault(means: Means, proof: &Proof) -> Option<WayFault> {
    if proof.is_full() {
        return None;
    }
    let to = proof.to;
    Some(match (&proof.larger, proof.bytes) {
        (Some(Outcome::TooBig { by, mtu }), Some(_)) => {
            WayFault::RouterSaid { means, router: *by, mtu: *mtu }
        }
        (Some(Outcome::LinkTakes { mtu }), Some(_)) => WayFault::LinkTakes { means, mtu: *mtu },
        (Some(Outcome::NotSent { why }), _) => WayFault::NotSent { means, to, why: why.clone() },
        (Some(Outcome::Refused { by, kind, code }), _) => {
            WayFault::Refused { means, to, by: *by, kind: *kind, code: *code }
        }
        (_, Some(bytes)) => WayFault::LargeLost { means, bytes },
        (_, None) => WayFault::Silent { means, to },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::Language;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn done(to: &str, full: u32, bytes: Option<u32>, larger: Option<Outcome>) -> Tried {
        Tried::Done(Proof { to: ip(to), full, bytes, larger, microseconds: None })
    }

    fn proofs(v4: Option<u32>, v6: Option<u32>, vxlan: Option<u32>) -> Proofs {
        let larger = |bytes, full| (bytes != Some(full)).then_some(Outcome::Silent);
        let direct = [(Family::V4, "10.0.0.2", v4), (Family::V6, "fd00::2", v6)];
        let direct =
            direct.map(|(family, to, bytes)| (family, done(to, 1500, bytes, larger(bytes, 1500))));
        Proofs {
            direct: direct.into(),
            vxlan: done("fe80::2", 1450, vxlan, larger(vxlan, 1450)),
            underlay: done("192.0.2.2", 1500, Some(1500), None),
            port: 4789,
        }
    }

    const ROUTER: Outcome =
        Outcome::TooBig { by: IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 254)), mtu: 1400 };

    #[test]
    fn auto_takes_the_best_that_was_proven() {
        use Means::{Direct, Vxlan};
        let full = Some(1500);
        let cases = [
            ((full, full, Some(1450)), Some(Direct), full),
            // Both families have to pass.
            ((full, Some(1400), Some(1450)), Some(Vxlan), Some(1450)),
            ((None, full, Some(1400)), Some(Vxlan), Some(1400)),
            ((Some(1400), Some(1300), None), Some(Direct), Some(1300)),
            ((None, full, None), None, None),
            ((None, None, None), None, None),
        ];
        for ((v4, v6, vxlan), by, mtu) in cases {
            let choice = choose(Backend::Auto, &proofs(v4, v6, vxlan));
            assert_eq!((choice.by, choice.mtu), (by, mtu), "{v4:?} {v6:?} {vxlan:?}");
            assert_eq!(choice.whole, mtu == full || mtu == Some(1450), "{choice:?}");
            assert_eq!(choice.why.is_empty(), by == Some(Direct) && mtu == full, "{choice:?}");
        }
    }

    #[test]
    fn a_means_that_was_asked_for_is_used_whatever_was_proven() {
        let nothing = proofs(None, None, None);
        let choice = choose(Backend::Vxlan, &nothing);
        assert_eq!((choice.by, choice.mtu), (Some(Means::Vxlan), None));
        assert_eq!(choice.why, [WayFault::VxlanSilent { port: 4789, underlay: ip("192.0.2.2") }]);
        let choice = choose(Backend::Direct, &proofs(Some(1500), Some(1400), Some(1450)));
        assert_eq!((choice.by, choice.mtu), (Some(Means::Direct), Some(1400)));
        assert_eq!(choice.why, [WayFault::LargeLost { means: Means::Direct, bytes: 1400 }]);
        let choice = choose(Backend::Direct, &Proofs::default());
        assert_eq!(choice, Choice { by: Some(Means::Direct), ..Choice::default() });
    }

    #[test]
    fn what_is_wrong_is_named() {
        let mut known = proofs(Some(1500), Some(1500), None);
        known.direct.insert(Family::V6, Tried::Cannot(WayFault::NoHop { family: Family::V6 }));
        known.underlay = done("192.0.2.2", 1500, None, Some(Outcome::Silent));
        let why = choose(Backend::Auto, &known).why;
        let silent = WayFault::UnderlaySilent { underlay: ip("192.0.2.2") };
        assert_eq!(why, [WayFault::NoHop { family: Family::V6 }, silent]);

        // What a router says of the tunnel's packets explains what becomes of those inside.
        let mut known = proofs(None, None, Some(1350));
        known.underlay = done("192.0.2.2", 1500, Some(1400), Some(ROUTER));
        let why = choose(Backend::Vxlan, &known).why;
        let (means, router) = (Means::Vxlan, ip("192.0.2.254"));
        assert_eq!(why, [WayFault::RouterSaid { means, router, mtu: 1400 }]);
        assert_eq!(
            why[0].say(Language::En),
            "vxlan: 192.0.2.254 says that packets above 1400 bytes do not pass"
        );

        let refused = Outcome::Refused { by: router, kind: 3, code: 13 };
        let mut known = proofs(None, None, Some(1450));
        known.direct.insert(Family::V4, done("10.0.0.2", 1500, None, Some(refused)));
        let why = choose(Backend::Auto, &known).why;
        assert!(matches!(why[0], WayFault::Refused { means: Means::Direct, code: 13, .. }));
        assert_eq!(why[1], WayFault::Silent { means: Means::Direct, to: ip("fd00::2") });
    }

    #[test]
    fn what_was_not_tried_is_no_fault() {
        let mut known = proofs(Some(1500), Some(1500), Some(1450));
        known.direct.insert(Family::V6, Tried::Not);
        let choice = choose(Backend::Auto, &known);
        assert_eq!((choice.by, choice.why), (Some(Means::Vxlan), vec![]));
        assert_eq!(choose(Backend::Auto, &Proofs::default()), Choice::default());
    }
}
