//! What the network verbs show, from networks written down here.

use super::*;
use crate::cli::help::expect;
use model::cluster::{Network, Pool};
use model::explain::Language;

fn network(name: &str, subnets: &[&str]) -> Network {
    let pool = |subnet: &&str| Pool::with_first_gateway(subnet.parse().unwrap());
    Network::new(name.parse().unwrap(), subnets.iter().map(pool).collect())
}

#[test]
fn the_tables_in_both_languages() {
    let blue = network("blue", &["10.88.0.0/16", "fd00:88::/64"]);
    let green = Network {
        mtu: Some(1400),
        masquerade: false,
        ..network("a-rather-long-network-name", &["10.89.0.0/24"])
    };
    let numbers = [NetworkStatus {
        name: "blue".parse().unwrap(),
        subnets: vec!["10.88.0.0/16".parse().unwrap()],
        attachments: 12,
        leased: 12,
        leasable: 65_533,
    }];
    for language in Language::BOTH {
        let out = Output::new(false, language);
        let ls = ls::table(&[blue.clone(), green.clone()], &out).draw(language, false);
        expect("network-ls", language, &ls);
        let inspect = inspect::fields(&green, &out).draw(language, false);
        expect("network-inspect", language, &inspect);
        expect("network-numbers", language, &super::numbers(&numbers).draw(language, false));
    }
}
