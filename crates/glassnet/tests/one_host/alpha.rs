//! The lab of these tests.

use crate::lab::Lab;

/// The hosts of [`file`].
pub(crate) fn up(name: &str, bridge_nf_call: u8) -> Lab {
    Lab::of(name, |name| file(name, bridge_nf_call))
}

/// Host `alpha` with networks `blue` and `green`; `outside` on the same switch, which also routes
/// alpha's container subnets to alpha, as a hostile neighbour would.
fn file(name: &str, bridge_nf_call: u8) -> String {
    format!(
        r#"lab: {name}
switches:
  fabric: {{ subnet: [192.0.2.0/24, 2001:db8::/64] }}
hosts:
  alpha:
    links:
      eth0: {{ to: fabric, address: [192.0.2.1/24, 2001:db8::1/64] }}
    gateway: [192.0.2.254, 2001:db8::fe]
    bridge_nf_call: {bridge_nf_call}
    networks:
      blue: {{ subnet: [10.1.0.0/24, "fd00:1::/64"] }}
      green: {{ subnet: [10.2.0.0/24, "fd00:2::/64"] }}
    containers:
      web: {{ network: blue, address: [10.1.0.10, "fd00:1::10"], publish: ["8080:80", "192.0.2.1:8081:80"], serve: "80:web" }}
      client: {{ network: blue, address: [10.1.0.20, "fd00:1::20"] }}
      other: {{ network: green, address: [10.2.0.10, "fd00:2::10"], serve: "80:other" }}
  outside:
    node: false
    links:
      eth0: {{ to: fabric, address: [192.0.2.254/24, 2001:db8::fe/64] }}
    routes:
      - {{ to: 10.1.0.0/24, via: 192.0.2.1 }}
      - {{ to: "fd00:1::/64", via: "2001:db8::1" }}
    serve: "80:outside"
"#
    )
}
