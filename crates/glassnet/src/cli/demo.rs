//! `glassnet demo`: a lab comes up, pages are fetched in it, and the way of each is shown.
//!
//! It runs the commands a reader could type, shows them, and adds nothing of its own: what is
//! printed is what they print.

use super::error::Error;
use super::output::Output;
use super::{DONE, Outcome};
use clap::Args;
use model::explain::{Language, Reason, Text};
use serde_json::{Value, json};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const LAB: &str = include_str!("../../../../examples/two-hosts.yaml");
const NAME: &str = "two-hosts";

/// Stands for the address of the web server on the second host, which is known once it is there.
const WEB: &str = "WEB-B";

/// How long the two hosts may take to prove their way to each other.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bring up a small lab, fetch pages in it and show the way each took
#[derive(Args)]
pub(super) struct Demo {}

impl Demo {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let shown = Stage { out }.play()?;
        out.document(&json!({ "lab": NAME, "shown": shown })).and(DONE)
    }
}

/// One question of the demo.
struct Scene {
    title: Text<'static>,
    /// Where the request is sent from.
    place: &'static str,
    to: &'static str,
    port: &'static str,
    /// Whether the way of the answer is shown too.
    back: bool,
}

const SCENES: &[Scene] = &[
    Scene {
        title: Text::DemoAcrossHosts,
        place: "alpha/client-a",
        to: WEB,
        port: "80",
        back: true,
    },
    Scene {
        title: Text::DemoOut,
        place: "alpha/client-a",
        to: "198.51.100.254",
        port: "80",
        back: false,
    },
    Scene { title: Text::DemoIn, place: "outside", to: "192.0.2.140", port: "8080", back: false },
    Scene { title: Text::DemoAcross, place: "alpha/other-a", to: WEB, port: "80", back: false },
];

/// Where the scenes are shown: to people as they are played, to a program all together.
struct Stage<'a> {
    out: &'a Output,
}

impl Stage<'_> {
    /// Plays the scenes. The lab stays up for the reader to go on with.
    fn play(&self) -> Result<Vec<Value>, Error> {
        let file = std::env::temp_dir().join(format!("glassnet-demo-{}.yaml", std::process::id()));
        std::fs::write(&file, LAB).map_err(|error| Error::File(file.clone(), error))?;
        // A demo that was broken off has left its lab.
        let mut down = self.glassnet(&["lab", "down", NAME]);
        let _ = down.stdout(Stdio::null()).stderr(Stdio::null()).status();
        self.say(&format!("$ glassnet lab up examples/{NAME}.yaml\n"))?;
        let up = self.glassnet(&["lab", "up"]).arg(&file).stdout(self.stdout()).status();
        let _ = std::fs::remove_file(&file);
        if !up.map_err(failed)?.success() {
            return Err(failed(self.out.word(Text::DemoNoLab)));
        }
        let web = self.until_proven()?;
        let mut shown = vec![self.ask("beta", &["ls"])?, self.ask("alpha", &["status"])?];
        for scene in SCENES {
            self.say(&format!("\n── {} ──\n", self.out.word(scene.title.clone())))?;
            let to = if scene.to == WEB { &web } else { scene.to };
            let url = format!("http://{to}:{}/", scene.port);
            let fetch = ["busybox", "timeout", "3", "busybox", "wget", "-q", "-O", "-", &url];
            shown.push(self.show(scene.place, &fetch)?);
            shown.push(self.trace(scene, to)?);
        }
        self.say("\n")?;
        self.out.say(&Text::DemoEnd { name: NAME })?;
        Ok(shown)
    }

    fn glassnet(&self, arguments: &[&str]) -> Command {
        // The program's own file, also when it has been replaced on disk meanwhile.
        let mut command = Command::new("/proc/self/exe");
        command.args(["--lang", self.out.language.name()]).args(arguments);
        command
    }

    /// Waits until the hosts have proven their way to each other; gives the address of the web
    /// server on the second.
    fn until_proven(&self) -> Result<String, Error> {
        let started = Instant::now();
        loop {
            let status = self.answer("alpha", &["status"])?;
            let peers = status["cluster"]["peers"].as_array().into_iter().flatten();
            let mut networks = peers.flat_map(|peer| peer["networks"].as_array()).flatten();
            let proven = networks.clone().next().is_some()
                && networks.all(|network| network["by"].is_string());
            if proven || started.elapsed() > PATIENCE {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let rows = self.answer("beta", &["ls"])?;
        let mut rows = rows.as_array().into_iter().flatten();
        let web = rows.find(|row| row["container"] == "web-b");
        let address = web.and_then(|web| web["addresses"][0].as_str());
        address.map(str::to_owned).ok_or_else(|| failed(self.out.word(Text::DemoNoLab)))
    }

    /// What the glassnet of a host answers to a program.
    fn answer(&self, host: &str, words: &[&str]) -> Result<Value, Error> {
        let place = format!("{NAME}/{host}");
        let mut asked = self.glassnet(&["lab", "exec", &place, "--", "glassnet", "--json"]);
        let said = asked.args(words).output().map_err(failed)?;
        serde_json::from_slice(&said.stdout).map_err(failed)
    }

    /// Asks the glassnet of a host. A machine of the lab knows nothing of the reader's language.
    fn ask(&self, host: &str, words: &[&str]) -> Result<Value, Error> {
        let language: &[&str] =
            if self.out.language == Language::Zh { &["--lang", "zh"] } else { &[] };
        self.show(host, &[&["glassnet"], words, language].concat())
    }

    /// Runs a command in the lab, shown as a reader would type it.
    fn show(&self, place: &str, command: &[&str]) -> Result<Value, Error> {
        let place = format!("{NAME}/{place}");
        let typed = format!("glassnet lab exec {place} -- {}", command.join(" "));
        let mut run = self.glassnet(&["lab", "exec", &place, "--"]);
        run.args(command);
        self.run(&typed, run)
    }

    /// Asks for the way of a packet among all machines of the lab.
    fn trace(&self, scene: &Scene, to: &str) -> Result<Value, Error> {
        let place = format!("{NAME}/{}", scene.place);
        let mut words = vec!["lab", "trace", &place, to, "--port", scene.port];
        if scene.back {
            words.push("--back");
        }
        let typed = format!("glassnet {}", words.join(" "));
        let run = self.glassnet(&words);
        self.run(&typed, run)
    }

    fn run(&self, typed: &str, mut run: Command) -> Result<Value, Error> {
        self.say(&format!("$ {typed}\n"))?;
        let ended = run.stdout(self.stdout()).spawn().and_then(Child::wait_with_output);
        let ended = ended.map_err(failed)?;
        let said = String::from_utf8_lossy(&ended.stdout);
        if !ended.status.success() {
            self.say(&format!("({})\n", self.out.word(Text::DemoNoAnswer)))?;
        }
        Ok(json!({ "typed": typed, "said": said, "code": ended.status.code() }))
    }

    fn stdout(&self) -> Stdio {
        if self.out.json { Stdio::piped() } else { Stdio::inherit() }
    }

    fn say(&self, text: &str) -> Result<(), Error> {
        if self.out.json { Ok(()) } else { self.out.raw(text) }
    }
}

fn failed(why: impl ToString) -> Error {
    Error::Refused(Reason::DemoFailed { why: why.to_string() }.into())
}
