//! A network and its number come and go together, and not under its users' feet.

use model::cluster::{Backend, Entry, Network};
use store::etcd::Refusal;

use crate::server::Server;
use crate::{bounded, claim, entries, name, network};

#[tokio::test]
async fn a_name_and_a_number_are_given_once() {
    bounded(async {
        let server = Server::start().await;
        let client = server.client();
        let blue = network("blue", 7, "10.1.0.0/16");
        for _ in 0..2 {
            client.create_network(&blue).await.unwrap().unwrap();
        }
        let other = Network { mtu: Some(1400), ..blue.clone() };
        let there = Err(Refusal::NetworkThere { name: name("blue") });
        assert_eq!(client.create_network(&other).await.unwrap(), there);
        let green = network("green", 7, "10.2.0.0/16");
        let taken = Err(Refusal::VniTaken { vni: 7, network: name("blue") });
        assert_eq!(client.create_network(&green).await.unwrap(), taken);
        let lone = Network { spread: None, ..green };
        let refused = Err(Refusal::OfOneHost { name: name("green") });
        assert_eq!(client.create_network(&lone).await.unwrap(), refused);
        assert_eq!(entries(&client).await, [Entry::Network(blue), Entry::Vni(7, name("blue"))]);
    })
    .await;
}

#[tokio::test]
async fn of_many_who_create_a_network_each_with_its_own_settings_one_does() {
    bounded(async {
        let server = Server::start().await;
        let asking: Vec<_> = (0..8_u32)
            .map(|who| {
                let client = server.client();
                let wanted = network("blue", 7 + who % 2, &format!("10.{who}.0.0/16"));
                tokio::spawn(async move { client.create_network(&wanted).await.unwrap() })
            })
            .collect();
        let mut created = 0;
        for asked in asking {
            created += u32::from(asked.await.unwrap().is_ok());
        }
        assert_eq!(created, 1);
        assert_eq!(entries(&server.client()).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn subnets_and_bridges_are_given_once_also_to_many_at_once() {
    bounded(async {
        let server = Server::start().await;
        let client = server.client();
        client.create_network(&network("blue", 7, "10.1.0.0/16")).await.unwrap().unwrap();
        let within = network("green", 8, "10.1.7.0/24");
        let taken = Err(Refusal::SubnetTaken {
            subnet: "10.1.7.0/24".parse().unwrap(),
            other: "10.1.0.0/16".parse().unwrap(),
            network: name("blue"),
        });
        assert_eq!(client.create_network(&within).await.unwrap(), taken);
        let mut bridged = network("green", 8, "10.2.0.0/16");
        bridged.bridge = network("blue", 7, "10.1.0.0/16").bridge;
        let refused = client.create_network(&bridged).await.unwrap();
        assert!(matches!(refused, Err(Refusal::BridgeTaken { .. })), "{refused:?}");

        let asking: Vec<_> = (0..8_u32)
            .map(|who| {
                let client = server.client();
                let wanted =
                    network(&format!("n{who}"), 20 + who, &format!("10.9.0.0/{}", 16 + who));
                tokio::spawn(async move { client.create_network(&wanted).await.unwrap() })
            })
            .collect();
        let mut created = 0;
        for asked in asking {
            match asked.await.unwrap() {
                Ok(_) => created += 1,
                Err(refusal) => {
                    assert!(matches!(refusal, Refusal::SubnetTaken { .. }), "{refusal:?}");
                }
            }
        }
        assert_eq!(created, 1);
    })
    .await;
}

#[tokio::test]
async fn settings_change_only_from_what_was_seen() {
    bounded(async {
        let server = Server::start().await;
        let client = server.client();
        let blue = network("blue", 7, "10.1.0.0/16");
        let none = Err(Refusal::NoNetwork { name: name("blue") });
        assert_eq!(client.replace_network(&blue, &blue).await.unwrap(), none);
        client.create_network(&blue).await.unwrap().unwrap();

        let mut direct = blue.clone();
        direct.spread.as_mut().unwrap().backend = Backend::Direct;
        for _ in 0..2 {
            client.replace_network(&direct, &blue).await.unwrap().unwrap();
        }
        let mut vxlan = blue.clone();
        vxlan.spread.as_mut().unwrap().backend = Backend::Vxlan;
        let changed = Err(Refusal::NetworkChanged { name: name("blue") });
        assert_eq!(client.replace_network(&vxlan, &blue).await.unwrap(), changed);

        client.create_network(&network("green", 9, "10.2.0.0/16")).await.unwrap().unwrap();
        let mut renumbered = direct.clone();
        renumbered.spread.as_mut().unwrap().vni = 9;
        let taken = Err(Refusal::VniTaken { vni: 9, network: name("green") });
        assert_eq!(client.replace_network(&renumbered, &direct).await.unwrap(), taken);
        renumbered.spread.as_mut().unwrap().vni = 8;
        client.replace_network(&renumbered, &direct).await.unwrap().unwrap();
        let stands = entries(&client).await;
        assert!(stands.contains(&Entry::Network(renumbered)));
        assert!(stands.contains(&Entry::Vni(8, name("blue"))));
        assert_eq!(stands.len(), 4, "{stands:?}");
    })
    .await;
}

#[tokio::test]
async fn a_network_in_use_is_not_removed() {
    bounded(async {
        let server = Server::start().await;
        let client = server.client();
        client.create_network(&network("blue", 7, "10.1.0.0/16")).await.unwrap().unwrap();
        client.create_network(&network("blue.2", 8, "10.2.0.0/16")).await.unwrap().unwrap();
        let claims = ["10.1.0.64/26", "10.1.0.128/26"].map(|prefix| claim("blue", prefix, "a"));
        for claim in &claims {
            client.claim_block(claim).await.unwrap().unwrap();
        }
        let refused = Err(Refusal::StillClaimed {
            network: name("blue"),
            prefix: claims[0].prefix,
            node: claims[0].node.clone(),
            claims: 2,
        });
        assert_eq!(client.remove_network(&name("blue")).await.unwrap(), refused);
        // One whose name only begins so is another.
        client.remove_network(&name("blue.2")).await.unwrap().unwrap();
        for claim in &claims {
            client.release(claim).await.unwrap().unwrap();
        }
        for _ in 0..2 {
            client.remove_network(&name("blue")).await.unwrap().unwrap();
        }
        assert!(entries(&client).await.is_empty());
    })
    .await;
}

/// Whoever comes first: there is no claim without its network.
#[tokio::test]
async fn a_claim_and_the_removal_of_its_network_do_not_pass_each_other() {
    bounded(async {
        let server = Server::start().await;
        let (client, other) = (server.client(), server.client());
        let mut removed = 0;
        for _ in 0..30 {
            let block = claim("blue", "10.1.0.64/26", "a");
            client.create_network(&network("blue", 7, "10.1.0.0/16")).await.unwrap().unwrap();
            let blue = name("blue");
            let (gone, claimed) =
                tokio::join!(client.remove_network(&blue), other.claim_block(&block));
            let (gone, claimed) = (gone.unwrap(), claimed.unwrap());
            assert_ne!(gone.is_ok(), claimed.is_ok(), "{gone:?} {claimed:?}");
            removed += u32::from(gone.is_ok());
            client.release(&block).await.unwrap().unwrap();
        }
        println!("removed first: {removed} of 30");
    })
    .await;
}
