//! DHCP, HTTP and TLS.

use super::Body;
use super::network::{address4, mac};
use super::transport::{in_datagram, port, segment};
use crate::random::Random;
use model::packet::Layer;
use model::packet::dhcp::{self, Dhcp};
use model::packet::http::{FirstLine, Http};
use model::packet::tls::{self, Tls};

fn dhcp(operation: u8, message: u8, random: &mut Random) -> Dhcp {
    let mut hardware_address = [0; 16];
    hardware_address[..6].copy_from_slice(&mac(random).0);
    let (mut server_name, mut file) = ([0; 64], [0; 128]);
    if random.one_in(4) {
        server_name[..8].copy_from_slice(b"boot.lab");
        file[..10].copy_from_slice(b"pxelinux.0");
    }
    Dhcp {
        operation,
        hardware_type: 1,
        hardware_length: 6,
        hops: random.u8() & 3,
        transaction: random.u32(),
        // Wireshark takes others for numbers of the other order of bytes.
        seconds: random.u8().into(),
        flags: random.pick(&[0, 0x8000]),
        client: address4(random),
        yours: address4(random),
        next_server: address4(random),
        relay: address4(random),
        hardware_address,
        server_name,
        file,
        options: vec![dhcp::MESSAGE_TYPE, 1, message],
    }
}

/// An option, as RFC 2132 has it.
fn option(options: &mut Vec<u8>, kind: u8, data: &[u8]) {
    options.extend([kind, data.len() as u8]);
    options.extend(data);
}

fn ended(mut options: Vec<u8>, random: &mut Random) -> Vec<u8> {
    options.push(255);
    if random.one_in(2) {
        options.resize(options.len().max(60), 0);
    }
    options
}

pub(super) fn dhcp_request(random: &mut Random) -> Body {
    let kind = random.pick(&[1, 3, 4, 7, 8]);
    let mut message = dhcp(1, kind, random);
    let options = &mut message.options;
    if random.one_in(2) {
        option(options, 50, &address4(random).octets());
    }
    if random.one_in(2) {
        option(options, 54, &address4(random).octets());
    }
    if random.one_in(2) {
        options.push(0);
        option(options, 12, random.pick(&["web", "a-1"]).as_bytes());
    }
    option(options, 61, &[&[1][..], &mac(random).0].concat());
    option(options, 55, &[1, 3, 6, 15, 26]);
    option(options, 60, b"udhcp 1.36.1");
    message.options = ended(std::mem::take(options), random);
    in_datagram((dhcp::CLIENT_PORT, dhcp::SERVER_PORT), vec![message.into()])
}

pub(super) fn dhcp_answer(random: &mut Random) -> Body {
    let kind = random.pick(&[2, 5, 6]);
    let mut message = dhcp(2, kind, random);
    let options = &mut message.options;
    option(options, 54, &address4(random).octets());
    option(options, 51, &random.array::<4>());
    option(options, 1, &[255, 255, 255, 0]);
    for kind in [3, 6] {
        let mut addresses = Vec::new();
        (0..random.between(1, 3)).for_each(|_| addresses.extend(address4(random).octets()));
        option(options, kind, &addresses);
    }
    if random.one_in(2) {
        option(options, 15, b"example.com");
    }
    if random.one_in(2) {
        option(options, 26, &random.array::<2>());
    }
    message.options = ended(std::mem::take(options), random);
    in_datagram((dhcp::SERVER_PORT, dhcp::CLIENT_PORT), vec![message.into()])
}

fn http(first: FirstLine, server: bool, random: &mut Random) -> Body {
    let body = b"{\"a\": 1}\n";
    let with_body = random.one_in(2);
    let mut rest = String::from("\r\n");
    for _ in 0..random.below(4) {
        rest.push_str(random.pick(&[
            "Host: web.lab:8080\r\n",
            "User-Agent: curl/7.88.1\r\n",
            "Accept: */*\r\n",
            "X-Empty:\r\n",
            "Server: nginx\r\n",
        ]));
    }
    rest.push_str(&format!("Content-Length: {}\r\n", if with_body { body.len() } else { 0 }));
    rest.push_str("\r\n");
    let mut layers = vec![Layer::Http(Http { first, rest: rest.into_bytes() })];
    if with_body {
        layers.push(Layer::Payload(body.to_vec()));
    }
    let (mine, other) = (random.pick(&[80, 8080]), port(random));
    segment(if server { (mine, other) } else { (other, mine) }, layers, random)
}

pub(super) fn http_request(random: &mut Random) -> Body {
    let first = FirstLine::Request {
        method: random.pick(&["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]).to_owned(),
        target: random.pick(&["/", "/a/b?c=d&e", "*", "http://web.lab/", "/%20"]).to_owned(),
        version: random.pick(&["HTTP/1.1", "HTTP/1.0"]).to_owned(),
    };
    http(first, false, random)
}

pub(super) fn http_response(random: &mut Random) -> Body {
    let (status, phrase) =
        random.pick(&[(200, "OK"), (404, "Not Found"), (500, "Internal Server Error"), (301, "")]);
    let phrase = (!phrase.is_empty()).then(|| phrase.to_owned());
    let version = random.pick(&["HTTP/1.1", "HTTP/1.0"]).to_owned();
    http(FirstLine::Response { version, status, phrase }, true, random)
}

fn record(kind: u8, version: u16, body: Vec<u8>) -> Layer {
    Tls { kind, version, length: body.len() as u16, body }.into()
}

fn secured(records: Vec<Layer>, server: bool, random: &mut Random) -> Body {
    let other = port(random);
    segment(if server { (443, other) } else { (other, 443) }, records, random)
}

/// A length before what it tells of.
fn measured<const BYTES: usize>(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u32).to_be_bytes();
    [&length[4 - BYTES..], data].concat()
}

fn extension(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &measured::<2>(data)].concat()
}

fn handshake(kind: u8, data: &[u8]) -> Vec<u8> {
    [&[kind][..], &measured::<3>(data)].concat()
}

/// RFC 8446 §4.1.2.
pub(super) fn client_hello(random: &mut Random) -> Body {
    let mut extensions = Vec::new();
    if random.one_in(2) {
        extensions.push(extension(10, &measured::<2>(&[0, 29, 0, 23])));
    }
    if !random.one_in(3) {
        let name = random.pick(&["web.lab", "a", "xn--bcher-kva.example"]);
        let entry = [&[0][..], &measured::<2>(name.as_bytes())].concat();
        extensions.push(extension(0, &measured::<2>(&entry)));
    }
    if !random.one_in(3) {
        let names = random.pick(&[&["h2", "http/1.1"][..], &["http/1.1"], &["h2"]]);
        let names: Vec<_> = names.iter().flat_map(|name| measured::<1>(name.as_bytes())).collect();
        extensions.push(extension(16, &measured::<2>(&names)));
    }
    if random.one_in(2) {
        extensions.push(extension(21, &[0; 9]));
    }
    let session = if random.one_in(2) { random.bytes(32) } else { Vec::new() };
    let hello = [
        vec![3, 3],
        random.bytes(32),
        measured::<1>(&session),
        measured::<2>(&[0x13, 0x01, 0xc0, 0x2f]),
        vec![1, 0],
        measured::<2>(&extensions.concat()),
    ]
    .concat();
    let body = handshake(tls::CLIENT_HELLO, &hello);
    secured(vec![record(tls::HANDSHAKE, 0x0301, body)], false, random)
}

/// That of TLS 1.2, so that what follows may be seen.
pub(super) fn server_hello(random: &mut Random) -> Body {
    let extensions = extension(0xff01, &[0]);
    let hello = [
        vec![3, 3],
        random.bytes(32),
        measured::<1>(&random.bytes(32)),
        vec![0xc0, 0x2f, 0],
        measured::<2>(&extensions),
    ]
    .concat();
    let mut records = vec![record(tls::HANDSHAKE, 0x0303, handshake(tls::SERVER_HELLO, &hello))];
    if random.one_in(2) {
        records.push(record(tls::CHANGE_CIPHER_SPEC, 0x0303, vec![1]));
    }
    secured(records, true, random)
}

pub(super) fn tls_data(random: &mut Random) -> Body {
    let mut records = Vec::new();
    for _ in 0..random.between(1, 3) {
        let length = random.between(1, 200);
        records.push(record(tls::APPLICATION_DATA, 0x0303, random.bytes(length)));
    }
    secured(records, random.one_in(2), random)
}

pub(super) fn tls_alert(random: &mut Random) -> Body {
    let body = vec![random.pick(&[1, 2]), random.pick(&[0, 40, 48])];
    secured(vec![record(tls::ALERT, 0x0303, body)], random.one_in(2), random)
}
