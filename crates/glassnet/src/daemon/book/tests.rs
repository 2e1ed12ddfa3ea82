use super::*;
use crate::protocol::Code;
use model::net::Transport;

fn request(container: &str) -> AttachRequest {
    AttachRequest {
        id: AttachmentId {
            container: container.parse().unwrap(),
            interface: "eth0".parse().unwrap(),
        },
        network: "n".parse().unwrap(),
        runtime: "cli".to_owned(),
        netns: "/run/netns/x".to_owned(),
        addresses: Vec::new(),
        mac: None,
        publish: Vec::new(),
        bandwidth: Default::default(),
        default_route: true,
    }
}

fn create(name: &str, subnet: &str) -> CreateNetwork {
    CreateNetwork {
        name: name.parse().unwrap(),
        subnets: subnet.split_whitespace().map(|s| s.parse().unwrap()).collect(),
        gateways: Vec::new(),
        mtu: None,
        masquerade: true,
        spoofing: false,
        local: false,
        backend: None,
        vni: None,
        vxlan_port: None,
    }
}

fn created(book: &Book, request: &CreateNetwork, routed: &[IpNet]) -> Network {
    let Ok(Creation::New(network)) = book.create(request, routed) else { panic!("{request:?}") };
    network
}

fn book() -> Book {
    let mut book = Book::default();
    let network = created(&book, &create("n", "10.0.0.0/29"), &[]);
    book.note(&Record::NetworkCreated { network });
    book
}

fn attach(book: &mut Book, request: &AttachRequest) -> Attachment {
    let Decision::New(held) = book.decide(request, 1).unwrap() else { panic!("not new") };
    book.note(&Record::Leased { held: held.clone() });
    book.note(&Record::Attached { id: request.id.clone() });
    held.attachment
}

fn published(host: Option<&str>, port: u16) -> Publish {
    let host_address = host.map(|host| host.parse().unwrap());
    Publish { transport: Transport::Tcp, host_address, host_port: port, container_port: 80 }
}

#[test]
fn asked_twice_the_answer_is_the_same() {
    let mut book = book();
    let attachment = attach(&mut book, &request("a"));
    assert_eq!(book.decide(&request("a"), 1), Ok(Decision::Same(Box::new(attachment))));
    let other = AttachRequest { publish: vec![published(None, 80)], ..request("a") };
    assert_eq!(book.decide(&other, 1).unwrap_err().code, Code::Exists);
    assert_eq!(book.decide(&request("a"), 2).unwrap_err().code, Code::Exists, "another namespace");
}

#[test]
fn an_address_is_free_only_when_its_link_is_gone() {
    let mut book = book();
    for name in ["a", "b", "c", "d", "e"] {
        attach(&mut book, &request(name));
    }
    assert_eq!(book.decide(&request("f"), 1).unwrap_err().code, Code::Exhausted);
    let id = request("a").id;
    book.note(&Record::Detaching { id: id.clone() });
    assert_eq!(book.decide(&request("f"), 1), Ok(Decision::Wait));
    assert_eq!(book.decide(&request("a"), 1), Ok(Decision::Wait));
    book.note(&Record::Freed { id });
    assert!(book.decide(&request("f"), 1).is_ok());
}

#[test]
fn a_port_has_one_owner() {
    let mut book = book();
    attach(
        &mut book,
        &AttachRequest { publish: vec![published(Some("192.0.2.1"), 80)], ..request("a") },
    );
    let wants = |host, port| AttachRequest { publish: vec![published(host, port)], ..request("b") };
    let refused = book.decide(&wants(None, 80), 1).unwrap_err();
    assert_eq!(
        refused.message,
        "cannot publish 80:80/tcp: a/eth0 has published 192.0.2.1:80:80/tcp"
    );
    assert!(book.decide(&wants(Some("192.0.2.2"), 80), 1).is_ok());
    assert!(book.decide(&wants(None, 81), 1).is_ok());
    assert_eq!(book.decide(&wants(None, 0), 1).unwrap_err().code, Code::InvalidRequest);
    book.note(&Record::Detaching { id: request("a").id });
    assert_eq!(book.decide(&wants(None, 80), 1), Ok(Decision::Wait), "it is about to be free");
    let twice =
        AttachRequest { publish: vec![published(None, 90), published(None, 90)], ..request("b") };
    assert_eq!(book.decide(&twice, 1).unwrap_err().code, Code::InvalidRequest);
}

#[test]
fn a_subnet_in_use_is_refused_and_a_free_one_proposed() {
    let book = book();
    let routed = ["10.88.0.0/16".parse().unwrap(), "0.0.0.0/0".parse().unwrap()];
    let refused = book.create(&create("m", "10.88.7.0/24"), &routed).unwrap_err();
    assert_eq!(
        refused.message,
        "10.88.7.0/24 overlaps 10.88.0.0/16, which this host already routes; 10.89.0.0/16 is free"
    );
    assert_eq!(book.create(&create("m", "10.0.0.0/28"), &[]).unwrap_err().code, Code::Taken);
    let chosen = created(&book, &create("m", ""), &routed);
    assert_eq!(chosen.pools[0].subnet.to_string(), "10.89.0.0/16");
}

#[test]
fn a_network_asked_for_twice_is_there_and_another_is_told_apart() {
    let book = book();
    for same in [create("n", "10.0.0.0/29"), create("n", "")] {
        assert!(matches!(book.create(&same, &[]), Ok(Creation::Same(_))), "{same:?}");
    }
    let refused = |request: CreateNetwork| book.create(&request, &[]).unwrap_err().message;
    assert_eq!(
        refused(CreateNetwork { mtu: Some(1400), masquerade: false, ..create("n", "10.7.0.0/16") }),
        "network n is there already and differs: its subnet is 10.0.0.0/29, not 10.7.0.0/16, its \
         MTU is the underlay's, not 1400, masquerade is on, not off; choose another name, or \
         remove it first"
    );
    let gateway = vec!["10.0.0.6".parse().unwrap()];
    let refused = refused(CreateNetwork { gateways: gateway, ..create("n", "") });
    assert!(refused.contains("its gateway is 10.0.0.1, not 10.0.0.6;"), "{refused}");
}

#[test]
fn records_replayed_give_the_book_back_even_twice() {
    let mut book = book();
    attach(&mut book, &AttachRequest { publish: vec![published(None, 80)], ..request("a") });
    attach(&mut book, &request("b"));
    book.note(&Record::Detaching { id: request("b").id });
    let mut again = Book::default();
    for record in book.snapshot().iter().chain(book.snapshot().iter()) {
        again.note(record);
    }
    assert_eq!((&again.held, &again.networks), (&book.held, &book.networks));
    assert_eq!(again.published, book.published);
    again.note(&Record::Freed { id: request("a").id });
    again.note(&Record::Freed { id: request("a").id });
    assert!(again.published.is_empty());
}

#[test]
fn a_lease_of_another_boot_is_void_and_networks_stay() {
    let mut book = book();
    attach(&mut book, &request("a"));
    book.new_boot();
    assert!(book.held.is_empty() && book.networks.len() == 1);
    let Ok(Decision::New(_)) = book.decide(&request("a"), 1) else { panic!("the lease is void") };
}
