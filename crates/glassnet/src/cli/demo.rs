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

const LAB: &str = include_str!("../../../../examples/one-host.yaml");
const NAME: &str = "one-host";

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
    url: &'static str,
    /// What `trace` is asked on the host, if the walk starts there.
    trace: &'static [&'static str],
}

const SCENES: &[Scene] = &[
    Scene {
        title: Text::DemoInside,
        place: "alpha/client",
        url: "http://10.1.0.10/",
        trace: &["client", "10.1.0.10", "--port", "80"],
    },
    Scene {
        title: Text::DemoOut,
        place: "alpha/client",
        url: "http://192.0.2.254/",
        trace: &["client", "192.0.2.254", "--port", "80"],
    },
    Scene {
        title: Text::DemoIn,
        place: "outside",
        url: "http://192.0.2.1:8080/",
        trace: &["192.0.2.254", "192.0.2.1", "--in", "eth0", "--port", "8080"],
    },
    Scene {
        title: Text::DemoAcross,
        place: "alpha/other",
        url: "http://10.1.0.10/",
        trace: &["other", "10.1.0.10", "--port", "80"],
    },
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
        let mut shown = vec![self.ask(&["ls"])?];
        for scene in SCENES {
            self.say(&format!("\n── {} ──\n", self.out.word(scene.title.clone())))?;
            let fetch = ["busybox", "timeout", "3", "busybox", "wget", "-q", "-O", "-", scene.url];
            shown.push(self.show(scene.place, &fetch)?);
            shown.push(self.ask(&[&["trace"], scene.trace].concat())?);
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

    /// Asks the glassnet of the host. A machine of the lab knows nothing of the reader's language.
    fn ask(&self, words: &[&str]) -> Result<Value, Error> {
        let language: &[&str] =
            if self.out.language == Language::Zh { &["--lang", "zh"] } else { &[] };
        self.show("alpha", &[&["glassnet"], words, language].concat())
    }

    /// Runs a command in the lab, shown as a reader would type it.
    fn show(&self, place: &str, command: &[&str]) -> Result<Value, Error> {
        let place = format!("{NAME}/{place}");
        let typed = format!("glassnet lab exec {place} -- {}", command.join(" "));
        self.say(&format!("$ {typed}\n"))?;
        let mut run = self.glassnet(&["lab", "exec", &place, "--"]);
        let ended = run.args(command).stdout(self.stdout()).spawn();
        let ended = ended.and_then(Child::wait_with_output).map_err(failed)?;
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
