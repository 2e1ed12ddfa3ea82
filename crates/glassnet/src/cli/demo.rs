//! `glassnet demo`: a lab comes up, pages are fetched in it, and the way of each is shown.
//!
//! It runs the commands a reader could type, shows them, and adds nothing of its own: what is
//! printed is what they print.

use super::error::Error;
use super::{DONE, Outcome};
use anyhow::{Context as _, bail};
use clap::Args;
use std::io::Write as _;
use std::process::{Command, Stdio};

const LAB: &str = include_str!("../../../../examples/one-host.yaml");
const NAME: &str = "one-host";

/// Bring up a small lab, fetch pages in it and show the way each took
#[derive(Args)]
pub(super) struct Demo {}

impl Demo {
    pub(super) fn run(self) -> Outcome {
        play().map_err(Error::Daemon)?;
        DONE
    }
}

/// One question of the demo.
struct Scene {
    title: &'static str,
    /// Where the request is sent from.
    place: &'static str,
    url: &'static str,
    /// What `trace` is asked on the host, if the walk starts there.
    trace: &'static [&'static str],
}

const SCENES: &[Scene] = &[
    Scene {
        title: "container to container",
        place: "alpha/client",
        url: "http://10.1.0.10/",
        trace: &["client", "10.1.0.10", "--port", "80"],
    },
    Scene {
        title: "container to the outside",
        place: "alpha/client",
        url: "http://192.0.2.254/",
        trace: &["client", "192.0.2.254", "--port", "80"],
    },
    Scene {
        title: "the outside to a published port",
        place: "outside",
        url: "http://192.0.2.1:8080/",
        trace: &["192.0.2.254", "192.0.2.1", "--in", "eth0", "--port", "8080"],
    },
    Scene {
        title: "one network to another: not allowed",
        place: "alpha/other",
        url: "http://10.1.0.10/",
        trace: &["other", "10.1.0.10", "--port", "80"],
    },
];

/// Plays the scenes. The lab stays up for the reader to go on with.
fn play() -> anyhow::Result<()> {
    let file = std::env::temp_dir().join(format!("glassnet-demo-{}.yaml", std::process::id()));
    std::fs::write(&file, LAB).with_context(|| format!("cannot write {}", file.display()))?;
    // A demo that was broken off has left its lab.
    let _ = glassnet(&["lab", "down", NAME]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let path = file.to_str().context("the temporary folder's name is not UTF-8")?;
    println!("$ glassnet lab up examples/{NAME}.yaml");
    let up = glassnet(&["lab", "up", path]).status();
    let _ = std::fs::remove_file(&file);
    if !up?.success() {
        bail!("the lab did not come up");
    }
    show("alpha", &["glassnet", "ls"])?;
    for scene in SCENES {
        println!("\n── {} ──", scene.title);
        show(
            scene.place,
            &["busybox", "timeout", "3", "busybox", "wget", "-q", "-O", "-", scene.url],
        )?;
        let trace: Vec<&str> = ["glassnet", "trace"].iter().chain(scene.trace).copied().collect();
        show("alpha", &trace)?;
    }
    println!(
        "\nLook further with `glassnet lab exec {NAME}/alpha -- glassnet status`; take it down with `glassnet lab down {NAME}`."
    );
    Ok(())
}

fn glassnet(arguments: &[&str]) -> Command {
    // The program's own file, also when it has been replaced on disk meanwhile.
    let mut command = Command::new("/proc/self/exe");
    command.args(arguments);
    command
}

/// Runs a command in the lab, shown as a reader would type it.
fn show(place: &str, command: &[&str]) -> anyhow::Result<()> {
    let place = format!("{NAME}/{place}");
    println!("$ glassnet lab exec {place} -- {}", command.join(" "));
    std::io::stdout().flush()?;
    let status = glassnet(&["lab", "exec", &place, "--"]).args(command).status()?;
    if !status.success() {
        println!("(no answer: {status})");
    }
    Ok(())
}
