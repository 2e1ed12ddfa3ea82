//! Which headers a packet is known to have at a place in a rule, and which checks of the rule say
//! no more than that.
//!
//! nft adds a check of the protocol before it reads a header (`meta l4proto tcp` before `tcp
//! dport`) and leaves it out again when it prints, wherever the reading implies it. What is left
//! out here is what nft leaves out, no more: where a check narrows the rule to a family in a table
//! that sees several, it stays.

use super::header::{Field, Protocol};
use super::value::Value;
use crate::host::nft::{CtKey, MetaKey, NftFamily, PayloadBase};

/// What is known of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Open,
    Is(Protocol),
    /// Something without fields that have names.
    Strange,
}

/// A check that later ones may make needless.
#[derive(Clone, Debug)]
struct Check {
    /// Its place among the rule's printed statements.
    at: usize,
    of: Checked,
    value: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Checked {
    Meta(MetaKey),
    Ct,
    Header(Protocol),
}

/// Layers at which a check may wait to be made needless, by what reads that layer.
const LAYERS: usize = 5;
const BELOW: usize = 0;
const LINK: usize = 1;
const NETWORK: usize = 2;
const TRANSPORT: usize = 3;
const INNER: usize = 4;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Context {
    family: NftFamily,
    /// The headers of the link layer, outermost first.
    link: Vec<Protocol>,
    network: Layer,
    transport: Layer,
    icmp_type: Option<u8>,
    /// The same, as checks that wait have it.
    checked_type: Option<u8>,
    waiting: [Option<Check>; LAYERS],
    /// Statements that turned out to be needless.
    pub(super) needless: Vec<usize>,
}

impl Context {
    pub(super) fn new(family: NftFamily) -> Self {
        let all = Protocol::of_all(family);
        let at = |base| all.filter(|protocol| protocol.base() == base);
        Self {
            family,
            link: at(PayloadBase::Link).into_iter().collect(),
            network: at(PayloadBase::Network).map_or(Layer::Open, Layer::Is),
            transport: Layer::Open,
            icmp_type: None,
            checked_type: None,
            waiting: [const { None }; LAYERS],
            needless: Vec::new(),
        }
    }

    pub(super) fn network(&self) -> Option<Protocol> {
        match self.network {
            Layer::Is(protocol) => Some(protocol),
            Layer::Open | Layer::Strange => None,
        }
    }

    pub(super) fn icmp_type_is_known(&self) -> bool {
        self.icmp_type.is_some()
    }

    pub(super) fn know_icmp_type(&mut self, number: u8) {
        self.icmp_type = Some(number);
    }

    /// The header at a place, and the place within it, in bits.
    pub(super) fn header(&self, base: PayloadBase, offset: u32) -> Option<(Protocol, u32)> {
        let layer = match base {
            PayloadBase::Link => {
                let mut before = 0;
                for (number, protocol) in self.link.iter().enumerate() {
                    let len = if *protocol == Protocol::Vlan { 32 } else { 112 };
                    if offset < before + len || number + 1 == self.link.len() {
                        return Some((*protocol, offset.checked_sub(before)?));
                    }
                    before += len;
                }
                return None;
            }
            PayloadBase::Network => self.network,
            PayloadBase::Transport => self.transport,
            PayloadBase::Inner => Layer::Open,
        };
        match layer {
            Layer::Is(protocol) => Some((protocol, offset)),
            Layer::Open | Layer::Strange => None,
        }
    }

    /// The field that lies just there.
    pub(super) fn field(&self, base: PayloadBase, offset: u32, len: u32) -> Option<Value<'static>> {
        let (protocol, at) = self.header(base, offset)?;
        let mut fields = protocol.fields().iter();
        let field = fields
            .find(|field| field.offset == at && field.len == len && self.message_has(field))?;
        Some(Value::Field { protocol, field, len })
    }

    /// Whether the kind of message that it is known to be has the field.
    pub(super) fn message_has(&self, field: &Field) -> bool {
        let Some(known) = self.icmp_type else { return true };
        field.only_in.is_empty() || field.only_in.contains(&known)
    }

    /// A statement with an effect came: checks before it cannot be left out for what comes after.
    pub(super) fn forget_checks(&mut self) {
        self.waiting = [const { None }; LAYERS];
    }

    /// Takes note that a field has a value.
    pub(super) fn learn_field(&mut self, protocol: Protocol, field: &Field, value: u64) {
        if !protocol.is_key(field) {
            return;
        }
        match protocol.upper(value) {
            None if matches!(protocol, Protocol::Icmp | Protocol::Icmp6) => {
                self.icmp_type = u8::try_from(value).ok();
            }
            None => {}
            Some(upper) => match upper.base() {
                PayloadBase::Link => self.link.push(upper),
                PayloadBase::Network => self.network = Layer::Is(upper),
                PayloadBase::Transport | PayloadBase::Inner => self.transport = Layer::Is(upper),
            },
        }
    }

    /// Takes note that a property has a value; its check is the statement `at`.
    pub(super) fn learn_meta(&mut self, key: MetaKey, value: u64, at: usize) {
        let is = |protocol: Option<Protocol>| protocol.map_or(Layer::Strange, Layer::Is);
        let base = match key {
            MetaKey::IifType => {
                if matches!(self.family, NftFamily::Inet | NftFamily::Netdev) {
                    self.link = (value == 1).then_some(Protocol::Ethernet).into_iter().collect();
                }
                BELOW
            }
            MetaKey::NfProtocol => {
                let all = Protocol::of_all(self.family);
                let named = Protocol::of_family(value);
                if named.is_none() || named != all {
                    let known = matches!(self.family, NftFamily::Inet).then_some(named).flatten();
                    self.network = is(known);
                }
                LINK
            }
            MetaKey::Protocol => {
                if matches!(self.family, NftFamily::Netdev | NftFamily::Bridge) {
                    self.network = is(Protocol::of_ether_type(value));
                }
                LINK
            }
            MetaKey::L4Protocol => {
                self.transport = is(Protocol::of_number(value));
                NETWORK
            }
            _ => return,
        };
        if self.exists(base) && self.allows_without(key == MetaKey::L4Protocol, value) {
            self.leave_out(base);
        }
        self.waiting[base + 1] = Some(Check { at, of: Checked::Meta(key), value });
    }

    /// Takes note that a connection's property has a value.
    pub(super) fn learn_ct(&mut self, key: CtKey, value: u64, at: usize) {
        if key != CtKey::Protocol {
            return;
        }
        self.transport = Protocol::of_number(value).map_or(Layer::Strange, Layer::Is);
        if self.exists(NETWORK) && self.allows_without(false, value) {
            self.leave_out(NETWORK);
        }
        self.waiting[TRANSPORT] = Some(Check { at, of: Checked::Ct, value });
    }

    /// The statement `at` checks that a field has a value: it may be needless later.
    pub(super) fn wait(&mut self, protocol: Protocol, field: &Field, value: u64, at: usize) {
        if !protocol.is_key(field) {
            return;
        }
        let of = Checked::Header(protocol);
        if matches!(protocol, Protocol::Icmp | Protocol::Icmp6) {
            let (echo, reply) = if protocol == Protocol::Icmp { (8, 0) } else { (128, 129) };
            let number = if value == reply { echo } else { value };
            self.checked_type = u8::try_from(number).ok();
            if number == echo {
                return;
            }
        }
        let is_stacked = protocol.upper(value).is_some_and(|upper| upper.base() == protocol.base());
        let base = base_number(protocol.base()) - usize::from(is_stacked);
        self.waiting[base + 1] = Some(Check { at, of, value });
    }

    /// Something reads a header: a check that there is one may be left out.
    pub(super) fn read(&mut self, value: &Value<'_>) {
        let Value::Field { protocol, field, .. } = value else { return };
        let base = base_number(protocol.base());
        if self.is_implied(base, *protocol, field) {
            self.leave_out(base);
        }
    }

    fn is_implied(&self, base: usize, protocol: Protocol, field: &Field) -> bool {
        let Some(check) = self.check(base) else { return false };
        let several =
            matches!(self.family, NftFamily::Bridge | NftFamily::Netdev | NftFamily::Inet);
        if several && let Checked::Header(of) = check.of {
            if matches!(of, Protocol::Ip | Protocol::Ip6) && base == TRANSPORT {
                return false;
            }
            if base_number(of.base()) == base {
                if protocol.is_key(field) {
                    return false;
                }
                if base == LINK {
                    return of == Protocol::Ethernet && check.value == 0x8100;
                }
            }
        }
        match check.of {
            Checked::Header(of @ (Protocol::Icmp | Protocol::Icmp6)) if base == TRANSPORT => {
                field.only_in.first().is_some_and(|kind| self.checked_type == Some(*kind))
                    && of == protocol
            }
            _ => true,
        }
    }

    /// Whether a property that has a value makes the check of the layer below needless.
    fn allows_without(&self, is_transport: bool, value: u64) -> bool {
        let Some(check) = self.check(NETWORK) else { return true };
        let family = match check.of {
            Checked::Meta(MetaKey::NfProtocol) => check.value,
            Checked::Meta(MetaKey::Protocol)
            | Checked::Header(Protocol::Ethernet | Protocol::Vlan) => match check.value {
                0x0800 => 2,
                0x86dd => 10,
                _ => 0,
            },
            _ => return true,
        };
        match self.family {
            NftFamily::Ip => return family == 2,
            NftFamily::Ip6 => return family == 10,
            NftFamily::Arp => return true,
            NftFamily::Inet | NftFamily::Netdev | NftFamily::Bridge => {}
        }
        !is_transport
            || match value {
                1 => family != 10,
                58 => family != 2,
                _ => false,
            }
    }

    fn check(&self, base: usize) -> Option<&Check> {
        let inner = || self.waiting[INNER].as_ref().filter(|_| base == TRANSPORT);
        self.waiting[base].as_ref().or_else(inner)
    }

    fn exists(&self, base: usize) -> bool {
        self.check(base).is_some()
    }

    fn leave_out(&mut self, base: usize) {
        let base = if self.waiting[base].is_none() && base == TRANSPORT { INNER } else { base };
        if let Some(check) = self.waiting[base].take() {
            self.needless.push(check.at);
        }
    }

    /// What `reject` makes needless: the check of the family it answers in, or that it is TCP.
    pub(super) fn reject(&mut self, is_reset: bool, is_of_any_family: bool) {
        match self.family {
            NftFamily::Ip | NftFamily::Ip6 if is_reset => self.leave_out(TRANSPORT),
            NftFamily::Ip | NftFamily::Ip6 | NftFamily::Arp => {}
            NftFamily::Inet | NftFamily::Bridge | NftFamily::Netdev if is_of_any_family => {}
            NftFamily::Inet | NftFamily::Bridge | NftFamily::Netdev => self.leave_out(NETWORK),
        }
    }
}

fn base_number(base: PayloadBase) -> usize {
    match base {
        PayloadBase::Link => LINK,
        PayloadBase::Network => NETWORK,
        PayloadBase::Transport => TRANSPORT,
        PayloadBase::Inner => INNER,
    }
}
