//! No two claims overlap, whoever asks for them at once.

use std::collections::BTreeMap;

use model::cluster::{Claim, Entry};
use store::etcd::{Client, Outcome, Refusal};

use crate::server::Server;
use crate::{bounded, claim, entries, name, network};

async fn blue(server: &Server) -> Client {
    let client = server.client();
    client.create_network(&network("blue", 7, "10.1.0.0/16")).await.unwrap().unwrap();
    client
}

fn taken(Claim { network, prefix, node }: Claim) -> Outcome {
    Err(Refusal::Taken { network, prefix, node })
}

#[tokio::test]
async fn of_eight_who_want_a_block_one_gets_it() {
    const BLOCKS: u32 = 50;
    bounded(async {
        let server = Server::start().await;
        blue(&server).await;
        let block = |number: u32| {
            let address = std::net::Ipv4Addr::from(0x0a01_0000 + number * 64);
            format!("{address}/26")
        };
        let mut asking = Vec::new();
        for who in 0..8 {
            let client = server.client();
            asking.push(tokio::spawn(async move {
                let mut won = Vec::new();
                for number in 0..BLOCKS {
                    let wanted = claim("blue", &block(number), &format!("n{who}"));
                    match client.claim_block(&wanted).await.unwrap() {
                        Ok(_) => won.push(wanted),
                        Err(Refusal::Taken { prefix, node, .. }) => {
                            assert_eq!(prefix, wanted.prefix);
                            assert_ne!(node, wanted.node);
                        }
                        Err(other) => panic!("{other}"),
                    }
                }
                won
            }));
        }
        let mut holders = BTreeMap::new();
        for asked in asking {
            for Claim { prefix, node, .. } in asked.await.unwrap() {
                let other = holders.insert(prefix, node);
                assert_eq!(other, None, "{prefix} was given twice");
            }
        }
        assert_eq!(holders.len(), BLOCKS as usize);
        let stand = entries(&server.client()).await.into_iter().filter_map(|entry| match entry {
            Entry::Claim(Claim { prefix, node, .. }) => Some((prefix, node)),
            _ => None,
        });
        assert_eq!(stand.collect::<BTreeMap<_, _>>(), holders);
    })
    .await;
}

#[tokio::test]
async fn an_address_and_its_block_exclude_each_other() {
    bounded(async {
        let server = Server::start().await;
        let client = blue(&server).await;
        let block = claim("blue", "10.1.0.64/26", "a");
        let inside = claim("blue", "10.1.0.127/32", "b");
        let outside = claim("blue", "10.1.0.128/32", "b");
        client.claim_block(&block).await.unwrap().unwrap();
        let of = |claim: &Claim| network("blue", 7, "10.1.0.0/16").block_of(claim.prefix.addr());
        let ask = |claim: &Claim| {
            let (client, claim, block) = (client.clone(), claim.clone(), of(claim).unwrap());
            async move { client.claim_address(&claim, block).await.unwrap() }
        };
        assert_eq!(ask(&inside).await, taken(block.clone()));
        ask(&outside).await.unwrap();
        let other = claim("blue", "10.1.0.128/32", "c");
        assert_eq!(ask(&other).await, taken(outside.clone()));
        let around = claim("blue", "10.1.0.128/26", "a");
        assert_eq!(client.claim_block(&around).await.unwrap(), taken(outside.clone()));
        // Also for the same node.
        let around = claim("blue", "10.1.0.128/26", "b");
        assert_eq!(client.claim_block(&around).await.unwrap(), taken(outside.clone()));

        client.release(&block).await.unwrap().unwrap();
        client.release(&outside).await.unwrap().unwrap();
        ask(&inside).await.unwrap();
        client.claim_block(&around).await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_address_and_its_block_are_never_both_given() {
    bounded(async {
        let server = Server::start().await;
        let client = blue(&server).await;
        let other = server.client();
        for number in 0..50 {
            let block = claim("blue", &format!("10.1.{number}.64/26"), "a");
            let address = claim("blue", &format!("10.1.{number}.100/32"), "b");
            let (one, two) = tokio::join!(
                client.claim_block(&block),
                other.claim_address(&address, block.prefix)
            );
            let given =
                [one.unwrap(), two.unwrap()].iter().filter(|outcome| outcome.is_ok()).count();
            assert_eq!(given, 1);
        }
    })
    .await;
}

#[tokio::test]
async fn asking_again_is_no_harm() {
    bounded(async {
        let server = Server::start().await;
        let client = blue(&server).await;
        let block = claim("blue", "10.1.0.64/26", "a");
        let others = claim("blue", "10.1.0.64/26", "b");
        let address = claim("blue", "fd00::7/128", "a");
        let its_block = "fd00::/122".parse().unwrap();
        for _ in 0..2 {
            client.claim_block(&block).await.unwrap().unwrap();
            client.claim_address(&address, its_block).await.unwrap().unwrap();
        }
        assert_eq!(client.release(&others).await.unwrap(), taken(block.clone()));
        for _ in 0..2 {
            client.release(&block).await.unwrap().unwrap();
        }
        client.release(&others).await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test]
async fn nothing_is_claimed_of_a_network_that_is_not_there() {
    bounded(async {
        let server = Server::start().await;
        let client = server.client();
        let refused = Err(Refusal::NoNetwork { name: name("blue") });
        let block = claim("blue", "10.1.0.64/26", "a");
        assert_eq!(client.claim_block(&block).await.unwrap(), refused);
        let address = claim("blue", "10.1.0.7/32", "a");
        let its_block = "10.1.0.0/26".parse().unwrap();
        assert_eq!(client.claim_address(&address, its_block).await.unwrap(), refused);
        assert!(entries(&client).await.is_empty());
    })
    .await;
}
