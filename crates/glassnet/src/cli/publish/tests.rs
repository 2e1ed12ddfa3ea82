//! What may be published, what not, and how it is shown again.

use super::*;

fn read(text: &str) -> String {
    show(&parse(text).unwrap().0)
}

fn no(text: &str) -> Invalid {
    parse(text).unwrap_err()
}

#[test]
fn every_form_is_read() {
    assert_eq!(read("8080:80"), "8080:80/tcp");
    assert_eq!(read("8080:80/TCP"), "8080:80/tcp");
    assert_eq!(read("127.0.0.1:8080:80/udp"), "127.0.0.1:8080:80/udp");
    assert_eq!(read("[fd00::1]:53:53/udp"), "[fd00::1]:53:53/udp");
    assert_eq!(read("9000-9010:8000-8010"), "9000-9010:8000-8010/tcp");
    assert_eq!(read("[::1]:65534-65535:1-2"), "[::1]:65534-65535:1-2/tcp");
}

#[test]
fn a_range_is_single_ports() {
    let Ports(ports) = parse("9000-9002:80-82/udp").unwrap();
    let pairs: Vec<_> = ports.iter().map(|port| (port.host_port, port.container_port)).collect();
    assert_eq!(pairs, [(9000, 80), (9001, 81), (9002, 82)]);
    assert_eq!(parse("1-1000:1-1000").unwrap().0.len(), MOST);
}

#[test]
fn what_is_wrong_is_named() {
    assert_eq!(no("80"), Invalid::Shape("80".into()));
    assert_eq!(no(""), Invalid::Shape(String::new()));
    assert_eq!(no("80:80/sctp"), Invalid::Transport("sctp".into()));
    assert_eq!(no("80:80/"), Invalid::Transport(String::new()));
    assert_eq!(no("80:"), Invalid::Port(String::new()));
    assert_eq!(no("+80:80"), Invalid::Port("+80".into()));
    assert_eq!(no("0:80"), Invalid::Port("0".into()));
    assert_eq!(no("80:65536"), Invalid::Port("65536".into()));
    assert_eq!(no("1-2-3:1-3"), Invalid::Port("2-3".into()));
    assert_eq!(no("localhost:80:80"), Invalid::Address("localhost".into()));
    assert_eq!(no("fd00::1:80:80"), Invalid::Address("fd00::1".into()));
    assert_eq!(no("0.0.0.0:80:80"), Invalid::Unspecified("0.0.0.0".parse().unwrap()));
    assert_eq!(no("[::]:80:80"), Invalid::Unspecified("::".parse().unwrap()));
    assert_eq!(no("90-80:90-80"), Invalid::Backwards(90, 80));
    assert_eq!(no("80-90:80"), Invalid::Lengths(11, 1));
    assert_eq!(no("1-1001:1-1001"), Invalid::TooMany(1001));
}

#[test]
fn a_port_is_published_once() {
    let join =
        |texts: &[&str]| join(&texts.iter().map(|text| parse(text).unwrap()).collect::<Vec<_>>());
    assert!(join(&["80:80", "80:80/udp", "81:80"]).is_ok());
    assert!(join(&["127.0.0.1:80:80", "127.0.0.2:80:80"]).is_ok());
    for twice in [["80:80", "80:81"], ["127.0.0.1:80:80", "80:80"], ["80-90:80-90", "[::1]:85:1"]] {
        assert!(matches!(join(&twice), Err(Invalid::Twice(_))), "{twice:?}");
    }
    assert_eq!(join(&["1-600:1-600", "601-1201:601-1201"]), Err(Invalid::TooMany(1201)));
}

#[test]
fn single_ports_are_shown_as_ranges() {
    let ports: Vec<Publish> = ["82:82", "80:80", "81:81", "90:81", "81:81/udp"]
        .iter()
        .flat_map(|text| parse(text).unwrap().0)
        .collect();
    assert_eq!(show(&ports), "80-82:80-82/tcp, 90:81/tcp, 81:81/udp");
}
