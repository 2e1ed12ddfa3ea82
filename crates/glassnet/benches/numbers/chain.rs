//! The reference plugins in a chain: bridge with host-local and masquerade, portmap, firewall.

use crate::private::{path, run_in};
use kernel::NetNs;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// The plugins, where `scripts/setup bench` put them, and a host for them.
pub(crate) struct Chain {
    plugins: PathBuf,
    host: NetNs,
}

impl Chain {
    pub(crate) fn find() -> anyhow::Result<Option<Self>> {
        let Some(tools) = std::env::var_os("GLASSNET_TOOLS") else { return Ok(None) };
        let plugins = PathBuf::from(tools).join("cni");
        let all = ["bridge", "host-local", "portmap", "firewall"];
        if !all.iter().all(|plugin| plugins.join(plugin).exists()) {
            return Ok(None);
        }
        let chain = Self { plugins, host: NetNs::fresh()? };
        // Many at once fail ("chain already exists") unless one has made the chains before.
        let first = NetNs::fresh()?;
        chain.add("first", &first, 30_999)?;
        chain.del("first", &first, 30_999)?;
        Ok(Some(chain))
    }

    /// One ADD of the whole chain.
    pub(crate) fn add(&self, name: &str, netns: &NetNs, port: u16) -> anyhow::Result<Duration> {
        let started = Instant::now();
        let mut result = Value::Null;
        for plugin in ["bridge", "portmap", "firewall"] {
            result = self.call("ADD", plugin, (name, netns, port), &result)?;
        }
        Ok(started.elapsed())
    }

    pub(crate) fn del(&self, name: &str, netns: &NetNs, port: u16) -> anyhow::Result<()> {
        for plugin in ["firewall", "portmap", "bridge"] {
            self.call("DEL", plugin, (name, netns, port), &Value::Null)?;
        }
        Ok(())
    }

    fn call(
        &self,
        verb: &str,
        plugin: &str,
        (name, netns, port): (&str, &NetNs, u16),
        previous: &Value,
    ) -> anyhow::Result<Value> {
        let mut config = match plugin {
            "bridge" => json!({
                "bridge": "reference", "isGateway": true, "ipMasq": true,
                "ipam": { "type": "host-local", "subnet": "10.79.0.0/16",
                          "routes": [{ "dst": "0.0.0.0/0" }], "dataDir": "/run/host-local" },
            }),
            "portmap" => json!({
                "runtimeConfig": { "portMappings": [
                    { "hostPort": port, "containerPort": 80, "protocol": "tcp" }] },
            }),
            _ => json!({}),
        };
        config["cniVersion"] = json!("1.0.0");
        config["name"] = json!("reference");
        config["type"] = json!(plugin);
        if !previous.is_null() {
            config["prevResult"] = previous.clone();
        }
        let mut command = Command::new(self.plugins.join(plugin));
        command
            .env("CNI_COMMAND", verb)
            .env("CNI_CONTAINERID", name)
            .env("CNI_NETNS", path(netns))
            .env("CNI_IFNAME", "eth0")
            .env("CNI_PATH", &self.plugins);
        let (_, output) = run_in(&self.host, &mut command, &config.to_string())?;
        Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
    }
}
