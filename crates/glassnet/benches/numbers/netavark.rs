//! netavark, with which Podman connects its containers.

use crate::private::{path, run_in};
use kernel::NetNs;
use serde_json::json;
use std::cell::RefCell;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// The program, where `scripts/setup bench` put it, and a host for it.
pub(crate) struct Netavark {
    program: PathBuf,
    host: NetNs,
    held: RefCell<Vec<NetNs>>,
}

impl Netavark {
    pub(crate) fn find() -> anyhow::Result<Option<Self>> {
        let Some(tools) = std::env::var_os("GLASSNET_TOOLS") else { return Ok(None) };
        let program = PathBuf::from(tools).join("bin/netavark");
        Ok(if program.exists() {
            Some(Self { program, host: NetNs::fresh()?, held: RefCell::default() })
        } else {
            None
        })
    }

    /// Connects containers until there are so many.
    pub(crate) fn fill(&self, count: usize) -> anyhow::Result<()> {
        let mut held = self.held.borrow_mut();
        while held.len() < count {
            let netns = NetNs::fresh()?;
            self.call("setup", 1000 + u16::try_from(held.len())?, &netns)?;
            held.push(netns);
        }
        Ok(())
    }

    /// One set-up with a published port, taken down again outside the time.
    pub(crate) fn add_and_del(&self, turn: u16) -> anyhow::Result<Duration> {
        let netns = NetNs::fresh()?;
        let time = self.call("setup", turn, &netns)?;
        self.call("teardown", turn, &netns)?;
        Ok(time)
    }

    fn call(&self, verb: &str, turn: u16, netns: &NetNs) -> anyhow::Result<Duration> {
        let [high, low] = (turn + 10).to_be_bytes();
        let asked = json!({
            "container_id": format!("netavark-{turn}"),
            "container_name": format!("netavark-{turn}"),
            "port_mappings": [{ "container_port": 80, "host_ip": "", "host_port": 30_000 + turn,
                                "protocol": "tcp", "range": 1 }],
            "networks": { "bench": { "interface_name": "eth0",
                "static_ips": [format!("10.80.{high}.{low}")] } },
            "network_info": { "bench": {
                "name": "bench", "id": "b".repeat(64), "driver": "bridge",
                "network_interface": "netavark0", "created": "2026-01-01T00:00:00Z",
                "subnets": [{ "subnet": "10.80.0.0/16", "gateway": "10.80.0.1" }],
                "ipv6_enabled": false, "internal": false, "dns_enabled": false,
                "ipam_options": { "driver": "host-local" } } },
        })
        .to_string();
        let mut command = Command::new(&self.program);
        command
            .args(["--config", "/run/netavark", verb, &path(netns)])
            .env("NETAVARK_FW", "nftables");
        Ok(run_in(&self.host, &mut command, &asked)?.0)
    }
}
