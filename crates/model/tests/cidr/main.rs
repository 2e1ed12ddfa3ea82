//! The same questions to Python's `ipaddress`, which others wrote: 100,000 random prefixes, half of them
//! of each family, the same ones in every run.

use model::cidr::{Relation, Subnet, block, blocks_in, prefix, relation, summarize};
use model::explain::AddressKind;
use model::net::{Family, IpNet};
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::{Command, Stdio};

const PREFIXES: usize = 100_000;

/// Splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u8) -> u8 {
        (self.next() % u64::from(end)) as u8
    }

    fn bits(&mut self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }

    /// Half of them lie in, or near, a block that means something.
    fn prefix(&mut self, family: Family) -> IpNet {
        let length = self.below(family.bits() + 1);
        let bits = self.bits();
        let at = |bits| address(family, bits);
        if bits & 1 == 0 {
            return IpNet::new_assert(at(bits >> (128 - family.bits())), length);
        }
        let blocks = blocks_in(&family.everything());
        let block = blocks[usize::from(self.below(blocks.len() as u8))].prefix;
        let (first, last) = range(&block);
        let inside = first + (bits >> (128 - family.bits())) % (last - first).max(1);
        let near = [first.saturating_sub(1), first, last, inside, inside, inside];
        let address = near[usize::from(self.below(6))];
        IpNet::new_assert(at(address), length)
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn address(family: Family, number: u128) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::from_bits(number as u32).into(),
        Family::V6 => Ipv6Addr::from_bits(number).into(),
    }
}

fn range(prefix: &IpNet) -> (u128, u128) {
    (number(prefix.network()), number(prefix.broadcast()))
}

fn net(text: &str) -> IpNet {
    prefix(text).unwrap()
}

/// What Python answers to each line.
fn ask(questions: &str) -> Vec<String> {
    let mut python = Command::new("python3")
        .args(["-c", include_str!("ask.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test needs Python: install the package python3 (scripts/setup test does)");
    // Python reads all before it answers, so neither waits for the other.
    python.stdin.take().unwrap().write_all(questions.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "python3 ended with {}", output.status);
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Ours, in the order in which `ask.py` prints it.
fn ours(prefix: &IpNet) -> String {
    let subnet = Subnet::of(prefix);
    let numbers = [subnet.network.addr(), subnet.mask, subnet.wildcard].map(number);
    let numbers = numbers.map(|number| number.to_string()).join(" ");
    let last = range(prefix).1;
    assert!(subnet.broadcast.is_none_or(|broadcast| number(broadcast) == last));
    let (first_host, last_host) = (number(subnet.first), number(subnet.last));
    format!("{numbers} {last} {} {first_host} {last_host} {}", subnet.addresses, subnet.usable)
}

/// Python's flags: multicast, loopback, link-local, unspecified, reserved, global.
fn same_kind(prefix: &IpNet, flags: &[bool]) {
    let block = block(prefix);
    let [multicast, loopback, link_local, unspecified, reserved, global] = flags else {
        panic!("{flags:?}")
    };
    let is = |kinds: &[AddressKind]| kinds.contains(&block.kind);
    let multicasts =
        [AddressKind::Multicast, AddressKind::MulticastOfLink, AddressKind::MulticastOfSite];
    assert_eq!(is(&multicasts), *multicast, "{prefix}");
    assert_eq!(is(&[AddressKind::Loopback]), *loopback, "{prefix}");
    assert_eq!(is(&[AddressKind::LinkLocal]), *link_local, "{prefix}");
    assert_eq!(is(&[AddressKind::Unspecified]), *unspecified, "{prefix}");
    match Family::of_prefix(prefix) {
        Family::V4 => {
            assert_eq!(is(&[AddressKind::Reserved, AddressKind::Broadcast]), *reserved, "{prefix}");
        }
        // To Python, what was assigned since RFC 4291 is reserved too.
        Family::V6 => assert!(!is(&[AddressKind::Unassigned]) || *reserved, "{prefix}"),
    }
    // Python's lists changed with its version where IETF assigned single addresses and blocks, and it
    // has multicast and the unassigned its own way.
    let its_own_way = is(&multicasts)
        || is(&[AddressKind::Unassigned, AddressKind::Translation, AddressKind::Deprecated])
        || is(&[AddressKind::Mapped])
        || ["192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16", "3fff::/20", "5f00::/16"]
            .iter()
            .any(|near| net(near).contains(&prefix.addr()))
        || net("100::/32").contains(&prefix.addr());
    if !its_own_way {
        assert_eq!(block.global, *global, "{prefix}");
    }
}

#[test]
fn python_means_the_same() {
    let mut random = Random(4);
    let prefixes: Vec<IpNet> = Family::BOTH
        .into_iter()
        .flat_map(|family| std::iter::repeat_n(family, PREFIXES / 2))
        .map(|family| random.prefix(family))
        .collect();
    let answers = ask(&prefixes.iter().map(|p| format!("mean {p}\n")).collect::<String>());
    assert_eq!(answers.len(), prefixes.len());
    for (prefix, answer) in prefixes.iter().zip(answers) {
        let words: Vec<&str> = answer.split(' ').collect();
        let (numbers, flags) = words.split_at(8);
        assert_eq!(ours(prefix), numbers.join(" "), "{prefix}");
        same_kind(prefix, &flags.iter().map(|flag| *flag == "1").collect::<Vec<_>>());
    }
}

#[test]
fn python_summarizes_and_compares_the_same() {
    let mut random = Random(7);
    let mut questions = String::new();
    let mut ours = Vec::new();
    for round in 0..4000_u64 {
        let family = Family::BOTH[usize::from(round % 2 == 1)];
        let end = if round % 4 < 2 { 0 } else { range(&family.everything()).1 & !63 };
        let prefixes: Vec<IpNet> = (0..=random.below(9))
            .map(|_| {
                let at = address(family, end | u128::from(random.below(64)));
                IpNet::new_assert(at, family.bits() - random.below(6)).trunc()
            })
            .collect();
        let said = prefixes.iter().map(IpNet::to_string).collect::<Vec<_>>().join(" ");
        questions += &format!("summarize {said}\n");
        ours.push(summarize(&prefixes));
    }
    let answers = ask(&questions);
    assert_eq!(answers.len(), ours.len());
    for (answer, ours) in answers.iter().zip(ours) {
        let theirs = answer.split(' ').map(net).collect::<Vec<_>>();
        assert_eq!(ours, theirs);
    }

    let pairs: Vec<(IpNet, IpNet)> = (0..4000_u64)
        .map(|round| {
            let family = Family::BOTH[usize::from(round % 2 == 1)];
            let one = random.prefix(family).trunc();
            let length = random.below(family.bits() + 1);
            // Else nearly all would lie apart.
            let near = IpNet::new_assert(one.addr(), length).trunc();
            (one, if round % 3 == 0 { random.prefix(family).trunc() } else { near })
        })
        .collect();
    let answers = ask(&pairs.iter().map(|(a, b)| format!("overlap {a} {b}\n")).collect::<String>());
    assert_eq!(answers.len(), pairs.len());
    for ((one, two), answer) in pairs.iter().zip(answers) {
        let theirs = match answer.as_str() {
            "0 0 0" => Relation::Apart,
            "1 1 1" => Relation::Equal,
            "1 1 0" => Relation::Inside,
            "1 0 1" => Relation::Holds,
            other => panic!("{one} {two}: {other}"),
        };
        assert_eq!(relation(one, two), theirs, "{one} {two}");
    }
}
