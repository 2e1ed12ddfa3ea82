//! What iptables-nft says without extensions: addresses, links, protocols, ports, marks, limits and
//! verdicts.

use super::super::Shown;
use super::super::flow::{Match, Right, Statement, statements};
use super::super::kind::number;
use super::super::printer::Printer;
use super::super::value::{Operation, Value};
use super::super::words::{PROTOCOLS, SPANS, word};
use super::{extension, matches, not, quoted};
use crate::host::nft::xt::{Extension, Range};
use crate::host::nft::{
    CmpOp, Expression, MetaKey, NftFamily, NftTable, PayloadBase, Rule, Verdict,
};

/// A rule's options, in the order of `iptables -S`: what it asks of the header, matches, target.
pub(super) fn options<F: Shown>(table: &NftTable<F>, rule: &Rule<F>) -> Vec<String> {
    let mut options = Options { family: table.family, ..Options::default() };
    for statement in &statements(table, rule) {
        let known = match statement {
            Statement::Match(check) => options.check(check),
            Statement::Alone(expression) => options.alone(expression),
            Statement::SetMeta { key: MetaKey::NfTrace, .. } => {
                options.target = Some("-j TRACE".to_owned());
                Some(())
            }
            _ => None,
        };
        if known.is_none() {
            // What iptables has no words for it did not write.
            let mut printer = Printer::new(table.family);
            printer.take(statement);
            options.matches.push(format!("[nft: {}]", printer.finish().join(" ")));
        }
    }
    options.finish()
}

struct Options {
    family: NftFamily,
    /// `-s`, `-d`, `-i`, `-o`, `-p`, `-f`: each once.
    header: [Option<String>; 6],
    protocol: Option<String>,
    matches: Vec<String>,
    /// Ports and flags, and where among the matches they stand.
    transport: Option<(usize, Transport)>,
    target: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            family: NftFamily::Ip,
            header: [const { None }; 6],
            protocol: None,
            matches: Vec::new(),
            transport: None,
            target: None,
        }
    }
}

struct Transport {
    source: Range<u16>,
    destination: Range<u16>,
    flags: Option<String>,
}

impl Options {
    fn finish(self) -> Vec<String> {
        let mut matches = self.matches;
        if let (Some((at, transport)), Some(protocol)) = (self.transport, self.protocol) {
            let mut text = format!("-m {protocol}");
            matches::ports(&mut text, &transport.source, &transport.destination);
            text += &transport.flags.map(|flags| format!(" {flags}")).unwrap_or_default();
            matches.insert(at.min(matches.len()), text);
        }
        self.header.into_iter().flatten().chain(matches).chain(self.target).collect()
    }

    /// `None` where iptables has no option for it.
    fn check(&mut self, check: &Match<'_>) -> Option<()> {
        let Match { left, op, right } = check;
        match (left, right) {
            (Value::Meta(key), Right::Bytes(bytes)) => self.property(*key, *op, bytes, None),
            (Value::Payload { base, offset, len }, Right::Bytes(bytes)) => {
                self.payload(*base, *offset, *len, *op, bytes)
            }
            (
                Value::Payload { base: PayloadBase::Transport, offset, len: 16 },
                Right::Range(..),
            ) => {
                let Right::Range(first, last) = right else { return None };
                self.port(*offset, port(first)?, port(last)?, is_not(*op)?)
            }
            (
                Value::Binary { left, operation: Operation::And, right: mask },
                Right::Bytes(bytes),
            ) => self.masked(left, mask, *op, bytes),
            _ => None,
        }
    }

    fn property(&mut self, key: MetaKey, op: CmpOp, bytes: &[u8], mask: Option<u32>) -> Option<()> {
        let turned = not(is_not(op)?);
        match key {
            MetaKey::IifName => self.header[2] = Some(format!("{turned}-i {}", name(bytes))),
            MetaKey::OifName => self.header[3] = Some(format!("{turned}-o {}", name(bytes))),
            MetaKey::L4Protocol => self.protocol(bytes, turned),
            MetaKey::Mark => {
                let mark = number(bytes, true);
                let mask = mask.map(|mask| format!("/{mask:#x}")).unwrap_or_default();
                self.matches.push(format!("-m mark {turned}--mark {mark:#x}{mask}"));
            }
            _ => return None,
        }
        Some(())
    }

    fn protocol(&mut self, bytes: &[u8], turned: &str) {
        let number = number(bytes, false) as u64;
        let name = word(PROTOCOLS, number).map_or_else(|| number.to_string(), str::to_owned);
        self.header[4] = Some(format!("{turned}-p {name}"));
        self.protocol = Some(name);
    }

    fn payload(
        &mut self,
        base: PayloadBase,
        offset: u32,
        len: u32,
        op: CmpOp,
        bytes: &[u8],
    ) -> Option<()> {
        match (base, offset, len) {
            (PayloadBase::Network, 72, 8) if self.family == NftFamily::Ip => {
                self.protocol(bytes, not(is_not(op)?));
                Some(())
            }
            (PayloadBase::Network, 48, 8) if self.family == NftFamily::Ip6 => {
                self.protocol(bytes, not(is_not(op)?));
                Some(())
            }
            (PayloadBase::Network, _, _) => self.address(offset, len.to_string(), op, bytes),
            (PayloadBase::Transport, _, 16) => {
                let of = port(bytes)?;
                let (first, last, not) = match op {
                    CmpOp::Equal => (of, of, false),
                    CmpOp::NotEqual => (of, of, true),
                    CmpOp::LessOrEqual => (0, of, false),
                    CmpOp::GreaterOrEqual => (of, u16::MAX, false),
                    CmpOp::Greater => (0, of, true),
                    CmpOp::Less => (of, u16::MAX, true),
                };
                self.port(offset, first, last, not)
            }
            _ => None,
        }
    }

    /// A source or destination; bytes that are not there are not asked for.
    fn address(&mut self, offset: u32, mask: String, op: CmpOp, bytes: &[u8]) -> Option<()> {
        let (source, whole) = match self.family {
            NftFamily::Ip6 => (64, 16),
            _ => (96, 4),
        };
        let which =
            offset.checked_sub(source).filter(|rest| rest % (whole * 8) == 0)? / (whole * 8);
        let option = *["-s", "-d"].get(which as usize)?;
        let mut address = bytes.to_vec();
        address.resize(whole as usize, 0);
        let address = match <[u8; 4]>::try_from(&address[..]) {
            Ok(address) => std::net::IpAddr::from(address),
            Err(_) => std::net::IpAddr::from(<[u8; 16]>::try_from(&address[..]).ok()?),
        };
        let turned = not(is_not(op)?);
        self.header[which as usize] = Some(format!("{turned}{option} {address}/{mask}"));
        Some(())
    }

    fn port(&mut self, offset: u32, first: u16, last: u16, not: bool) -> Option<()> {
        let transport = self.transport();
        let range = Range { first, last, not };
        match offset {
            0 => transport.source = range,
            16 => transport.destination = range,
            _ => return None,
        }
        Some(())
    }

    fn transport(&mut self) -> &mut Transport {
        let at = self.matches.len();
        let all = || Transport { source: Range::ALL, destination: Range::ALL, flags: None };
        &mut self.transport.get_or_insert_with(|| (at, all())).1
    }

    fn masked(&mut self, left: &Value<'_>, mask: &[u8], op: CmpOp, bytes: &[u8]) -> Option<()> {
        match left {
            Value::Meta(MetaKey::Mark) => {
                self.property(MetaKey::Mark, op, bytes, Some(number(mask, true) as u32))
            }
            Value::Payload { base: PayloadBase::Network, offset: 48, len: 16 }
                if mask == [0x1f, 0xff] =>
            {
                // Not the first fragment: an offset that is not 0.
                self.header[5] = Some(format!("{}-f", not(op == CmpOp::Equal)));
                Some(())
            }
            Value::Payload { base: PayloadBase::Network, offset, .. } => {
                let text = match prefix(mask) {
                    Some(len) => len.to_string(),
                    None => <[u8; 4]>::try_from(mask)
                        .map(|mask| std::net::Ipv4Addr::from(mask).to_string())
                        .or_else(|_| {
                            <[u8; 16]>::try_from(mask)
                                .map(|mask| std::net::Ipv6Addr::from(mask).to_string())
                        })
                        .ok()?,
                };
                self.address(*offset, text, op, bytes)
            }
            Value::Payload { base: PayloadBase::Transport, offset: 104, len: 8 } => {
                let turned = not(is_not(op)?);
                let flags = matches::tcp_flags(*mask.first()?, *bytes.first()?);
                self.transport().flags = Some(format!("{turned}{flags}"));
                Some(())
            }
            _ => None,
        }
    }

    fn alone<F: Shown>(&mut self, expression: &Expression<F>) -> Option<()> {
        match expression {
            Expression::Counter => {}
            Expression::Verdict(verdict) => self.target = Some(self::verdict(verdict)),
            Expression::Extension { is: is @ Extension::Match(_), .. } => {
                self.matches.push(extension(is, self.family));
            }
            Expression::Extension { is: is @ Extension::Target(_), .. } => {
                self.target = Some(extension(is, self.family));
            }
            Expression::Limit { rate, seconds, burst, bytes: false, inverted: false } => {
                const USUAL_BURST: u32 = 5;
                let span = word(SPANS, *seconds)?;
                let span = if span == "second" || span == "minute" { &span[..3] } else { span };
                let burst = match *burst {
                    USUAL_BURST => String::new(),
                    burst => format!(" --limit-burst {burst}"),
                };
                self.matches.push(format!("-m limit --limit {rate}/{span}{burst}"));
            }
            Expression::Log { prefix, group: Some(group), .. } => {
                let prefix = match &prefix[..] {
                    "" => String::new(),
                    prefix => format!(" --nflog-prefix {}", quoted(prefix)),
                };
                self.target = Some(format!("-j NFLOG{prefix} --nflog-group {group}"));
            }
            Expression::Foreign(foreign) => self.matches.push(foreign.shown()),
            _ => return None,
        }
        Some(())
    }
}

fn verdict(of: &Verdict) -> String {
    match of {
        Verdict::Accept => "-j ACCEPT".to_owned(),
        Verdict::Drop => "-j DROP".to_owned(),
        Verdict::Return => "-j RETURN".to_owned(),
        Verdict::Queue(0) => "-j QUEUE".to_owned(),
        Verdict::Queue(number) => format!("-j NFQUEUE --queue-num {number}"),
        Verdict::Jump(chain) => format!("-j {chain}"),
        Verdict::Goto(chain) => format!("-g {chain}"),
        Verdict::Continue => "-j CONTINUE".to_owned(),
    }
}

fn is_not(op: CmpOp) -> Option<bool> {
    match op {
        CmpOp::Equal => Some(false),
        CmpOp::NotEqual => Some(true),
        _ => None,
    }
}

fn port(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.try_into().ok()?))
}

/// A link's name, or what names begin with: bytes that no zero ends.
fn name(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    let text = String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned();
    if end.is_some() { text } else { text + "+" }
}

fn prefix(mask: &[u8]) -> Option<u32> {
    let wide = number(mask, false);
    let ones = wide.count_ones();
    let unused = 128_u32.checked_sub(mask.len() as u32 * 8)?;
    let lead = wide.unbounded_shl(unused).leading_ones();
    (ones == lead).then_some(ones)
}
