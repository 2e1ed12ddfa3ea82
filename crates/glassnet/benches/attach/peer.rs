//! The reference plugins in a chain: bridge with host-local and masquerade, portmap, firewall.

use anyhow::Context as _;
use kernel::NetNs;
use serde_json::{Value, json};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The plugins, where `scripts/setup bench` put them.
pub(crate) struct Chain {
    directory: PathBuf,
}

impl Chain {
    pub(crate) fn find() -> Option<Self> {
        let directory = PathBuf::from(std::env::var_os("GLASSNET_CNI_PLUGINS")?);
        let all = ["bridge", "host-local", "portmap", "firewall"];
        all.iter().all(|plugin| directory.join(plugin).exists()).then_some(Self { directory })
    }

    /// One ADD of the whole chain; its DEL is not timed.
    pub(crate) fn add_and_del(&self, turn: usize) -> anyhow::Result<Duration> {
        let netns = NetNs::fresh()?;
        let name = format!("chain-{turn}");
        let port = 30_000 + turn;
        let started = Instant::now();
        let mut result = Value::Null;
        for plugin in ["bridge", "portmap", "firewall"] {
            result = self.call("ADD", plugin, &name, &netns, port, &result)?;
        }
        let time = started.elapsed();
        for plugin in ["firewall", "portmap", "bridge"] {
            self.call("DEL", plugin, &name, &netns, port, &result)?;
        }
        Ok(time)
    }

    fn call(
        &self,
        verb: &str,
        plugin: &str,
        name: &str,
        netns: &NetNs,
        port: usize,
        previous: &Value,
    ) -> anyhow::Result<Value> {
        let mut config = match plugin {
            "bridge" => json!({
                "bridge": "reference", "isGateway": true, "ipMasq": true,
                "ipam": { "type": "host-local", "subnet": "10.79.0.0/16", "routes": [{ "dst": "0.0.0.0/0" }],
                          "dataDir": "/run/host-local" },
            }),
            "portmap" => json!({
                "runtimeConfig": { "portMappings": [{ "hostPort": port, "containerPort": 80, "protocol": "tcp" }] },
            }),
            _ => json!({}),
        };
        config["cniVersion"] = json!("1.0.0");
        config["name"] = json!("reference");
        config["type"] = json!(plugin);
        if !previous.is_null() {
            config["prevResult"] = previous.clone();
        }
        let path = format!("/proc/{}/fd/{}", std::process::id(), netns.as_fd().as_raw_fd());
        let mut command = Command::new(self.directory.join(plugin));
        command
            .env("CNI_COMMAND", verb)
            .env("CNI_CONTAINERID", name)
            .env("CNI_NETNS", path)
            .env("CNI_IFNAME", "eth0")
            .env("CNI_PATH", &self.directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn()?;
        serde_json::to_writer(child.stdin.take().context("no stdin")?, &config)?;
        let output = child.wait_with_output()?;
        anyhow::ensure!(
            output.status.success(),
            "{plugin} {verb}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        Ok(serde_json::from_slice(&output.stdout).unwrap_or_else(|_| previous.clone()))
    }
}
