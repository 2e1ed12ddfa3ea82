//! What it costs to look: a TCP stream through a bridge while one of its ports is captured, by us and by
//! tcpdump, and how many of the packets each gets.
//!
//! Both write a file of all they get to /dev/null: whole packets, and the first 96 bytes of each. The
//! stream is sent in segments of up to 64 KiB, both its ends on one CPU, and who looks is on the other:
//! so what is measured is what the looking costs the stream, and not how three programs share two CPUs,
//! which is another thing every time. What tcpdump's own ring of 2 MiB has no room for is lost,
//! and not copied either; so it is tried with a ring of our size too.

use crate::floor::Floor;
use crate::private::run_in;
use crate::statistics::{Middle, Turns};
use crate::target::Targets;
use crate::traffic::by_hand;
use anyhow::{Context as _, ensure};
use kernel::NetNs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::fd::AsFd as _;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::Duration;

const TURNS: usize = 41;
/// The port of the bridge that the stream's sender is at.
const PORT: &str = "ta";
/// So many bytes are the headers of a packet.
const HEADERS: &str = "96";

/// Who looks.
#[derive(Clone, Copy)]
enum Who {
    Tcpdump,
    /// With a ring of as many bytes as ours.
    TcpdumpWithRing,
    Glassnet,
}

pub(crate) fn measure(targets: &mut Targets) -> anyhow::Result<()> {
    // A thread of its own, for it is kept on one CPU.
    let measured = thread::scope(|scope| scope.spawn(|| on_one_cpu(targets)).join());
    measured.ok().context("a thread panicked")?
}

fn on_one_cpu(targets: &mut Targets) -> anyhow::Result<()> {
    let floor = Floor::new(NetNs::fresh()?)?;
    let pair = by_hand(&floor, 0)?;
    let cases = [
        (Who::Tcpdump, None),
        (Who::TcpdumpWithRing, None),
        (Who::Glassnet, None),
        (Who::Tcpdump, Some(HEADERS)),
        (Who::Glassnet, Some(HEADERS)),
    ];
    let mut alone = Turns::default();
    let mut rates: [Turns; 5] = Default::default();
    let mut shares: [Turns; 5] = Default::default();
    for turn in 0..=TURNS {
        let rate = pair.stream()?;
        if turn > 0 {
            alone.push(rate);
        }
        for (number, (who, snap)) in cases.into_iter().enumerate() {
            let looking = Looking::begin(floor.host(), who, snap)?;
            let rate = pair.stream()?;
            let share = looking.end()?;
            if turn > 0 {
                rates[number].push(rate);
                shares[number].push(share);
            }
        }
    }
    println!("\na stream that is captured on a port of its bridge, {TURNS} turns\n");
    println!("| | stream, Gbit/s | : alone | share of packets got |\n|---|---|---|---|");
    println!("| alone | {} | {} | |", alone.middle(), alone.over(&alone));
    let names = [
        "tcpdump",
        "tcpdump, 16 MiB ring",
        "glassnet capture",
        "tcpdump, headers",
        "glassnet capture, headers",
    ];
    for (number, name) in names.iter().enumerate() {
        let (rate, share) = (&rates[number], &shares[number]);
        println!("| {name} | {} | {} | {} |", rate.middle(), rate.over(&alone), share.middle());
    }
    for (what, peer, tcpdump, ours) in [
        ("whole packets", "tcpdump", 0, 2),
        ("whole packets", "tcpdump with as large a ring", 1, 2),
        ("headers", "tcpdump", 3, 4),
    ] {
        let mut beside = |of: &str, ratio: Middle| {
            let what = format!("capture of {what}: {of} at least that of {peer}");
            targets.at_least(&what, 1.0, ratio);
        };
        beside("the stream", rates[ours].over(&rates[tcpdump]));
        beside("the share of packets", shares[ours].over(&shares[tcpdump]));
    }
    Ok(())
}

/// A capture that goes on.
struct Looking {
    child: Child,
    errors: BufReader<ChildStderr>,
    who: Who,
}

impl Looking {
    fn begin(host: &NetNs, who: Who, snap: Option<&str>) -> anyhow::Result<Self> {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", "1"]);
        match who {
            Who::Tcpdump | Who::TcpdumpWithRing => {
                command.args(["tcpdump", "-Z", "root", "-n", "-p", "-i", PORT, "-w", "/dev/null"]);
                command.args(snap.iter().flat_map(|snap| ["-s", snap]));
                if let Who::TcpdumpWithRing = who {
                    command.args(["-B", "16384"]);
                }
            }
            Who::Glassnet => {
                command.args([env!("CARGO_BIN_EXE_glassnet"), "capture", PORT]);
                command.args(["--write", "/dev/null"]);
                command.args(snap.iter().flat_map(|snap| ["--snap", snap]));
            }
        }
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = kernel::netns::within(host.as_fd(), || command.spawn())??;
        let mut errors = BufReader::new(child.stderr.take().context("stderr is piped")?);
        let mut line = String::new();
        loop {
            line.clear();
            ensure!(errors.read_line(&mut line)? > 0, "a capture did not begin");
            if line.contains("listening on") || line.starts_with("capturing") {
                return Ok(Self { child, errors, who });
            }
        }
    }

    /// Ends it; gives the share of packets that it got.
    fn end(mut self) -> anyhow::Result<f64> {
        // What waits in the ring is still to be looked at.
        thread::sleep(Duration::from_millis(200));
        let pid = self.child.id().to_string();
        run_in(&NetNs::current()?, Command::new("kill").args(["-INT", &pid]), "")?;
        let mut said = String::new();
        self.errors.read_to_string(&mut said)?;
        self.child.wait()?;
        // `1 packet dropped by kernel`, `7 packets captured, 0 lost because …`
        let number = |behind: &str| -> anyhow::Result<f64> {
            let at = said.find(behind).with_context(|| format!("no \"{behind}\" in: {said}"))?;
            let mut words = said[..at].split_whitespace().rev();
            let number = words.find(|word| !word.starts_with("packet"));
            Ok(number.unwrap_or_default().parse()?)
        };
        let lost = match self.who {
            Who::Tcpdump | Who::TcpdumpWithRing => "dropped by kernel",
            Who::Glassnet => "lost because",
        };
        let (got, lost) = (number("captured")?, number(lost)?);
        ensure!(got > 0.0, "a capture got nothing: {said}");
        Ok(got / (got + lost))
    }
}
