//! What ends a verb, and how it is told: what happened, where, what to try, and the code in
//! brackets that `glassnet explain` knows more about.
//!
//! ```text
//! error: no daemon listens at /run/glassnet/api.sock [no-daemon]
//!   try: start it with …
//! ```

use super::capture;
use super::cidr;
use super::netns;
use super::output::{Output, colour};
use super::publish;
use super::trace;
use super::usage::Usage;
use crate::api;
use crate::protocol::Failure;
use model::cluster::NetworkName;
use model::explain::{Language, SystemFault, Text, codes};
use serde_json::json;
use std::io::{self, IsTerminal, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Why a verb did not do what was asked. Exit code 1, or 2 where the asking was at fault.
pub(super) enum Error {
    Usage(Usage),
    Netns(netns::Invalid),
    Publish(publish::Invalid),
    Cidr(cidr::Wrong),
    Capture(capture::Wrong),
    Trace(trace::Wrong),
    AddressTwice(IpAddr, IpAddr),
    Api(api::Error),
    Refused(Failure),
    Lab(lab::Error),
    WhichNetwork(Vec<NetworkName>),
    WhichLab(Vec<String>),
    NoSuchCode(String),
    NoSuchVerb(String),
    NotConfirmed,
    Kernel(kernel::Error),
    File(PathBuf, io::Error),
    /// A panic, after it was told on stderr.
    Bug {
        place: String,
        what: String,
    },
    /// Stdout could not be written.
    Output(io::Error),
}

/// An error in words.
struct Words {
    code: &'static str,
    message: String,
    /// What was read, with a mark where it is wrong, in whole lines.
    place: Option<String>,
    advice: Option<String>,
}

impl Error {
    /// Tells it, and gives the exit code.
    pub(super) fn tell(&self, out: &Output) -> ExitCode {
        if let Self::Output(error) = self
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            // Whoever read has seen enough.
            return ExitCode::SUCCESS;
        }
        let words = self.words(out.language);
        if out.json {
            // If stdout fails too, the exit code is all that is left to tell.
            let _ = out.document(&words.document());
        } else {
            let text = words.text(out.language, colour(io::stderr().is_terminal()));
            let _ = io::stderr().write_all(text.as_bytes());
        }
        ExitCode::from(if matches!(words.code, "usage" | "not-a-prefix" | "not-a-filter") {
            2
        } else {
            1
        })
    }

    /// What happened.
    pub(super) fn message(&self, language: Language) -> String {
        self.words(language).message
    }

    /// What to try.
    #[cfg(test)]
    pub(super) fn advice(&self, language: Language) -> Option<String> {
        self.words(language).advice
    }

    fn words(&self, language: Language) -> Words {
        let own = |code, text: Text<'_>| (code, text.say(language), None);
        let (code, message, advice) = match self {
            Self::Usage(usage) => ("usage", usage.message(language), usage.advice(language)),
            Self::Netns(invalid) => {
                let code = match invalid {
                    netns::Invalid::Missing(_) | netns::Invalid::Other(_) => "no-namespace",
                    netns::Invalid::Closed(..) => "file",
                    _ => "usage",
                };
                (code, invalid.say(language), None)
            }
            Self::Cidr(wrong) => (wrong.code(), wrong.message(language), wrong.advice(language)),
            Self::Capture(wrong) => (wrong.code(), wrong.message(language), wrong.advice(language)),
            Self::Trace(wrong) => (wrong.code(), wrong.message(language), wrong.advice(language)),
            Self::Publish(invalid) => ("usage", invalid.say(language), None),
            Self::AddressTwice(one, two) => {
                own("usage", Text::AddressTwice { one: *one, two: *two })
            }
            Self::Api(error) => from_api(error, language),
            Self::Refused(failure) => from_daemon(failure, language),
            Self::Lab(error) => (error.code(), error.say(language), None),
            Self::WhichNetwork(names) if names.is_empty() => {
                let create = "glassnet network create NAME".to_owned();
                ("which-network", Text::NoNetworkToChoose.say(language), Some(create))
            }
            Self::WhichNetwork(names) => {
                own("which-network", Text::WhichNetwork { names: &list(names) })
            }
            Self::WhichLab(names) if names.is_empty() => own("which-lab", Text::NoLabToChoose),
            Self::WhichLab(names) => own("which-lab", Text::WhichLab { names: &list(names) }),
            Self::NoSuchCode(name) => own("no-such-code", Text::NoSuchCode { name }),
            Self::NoSuchVerb(name) => own("usage", Text::NoSuchVerb { name }),
            Self::NotConfirmed => own("not-confirmed", Text::NotConfirmed),
            Self::Kernel(error) => ("kernel", error.to_string(), None),
            Self::File(path, error) => {
                let why = SystemFault::from(error).say(language);
                let path = path.display().to_string();
                own("file", Text::FileFailed { path: &path, why: &why })
            }
            Self::Bug { place, what } => own("bug", Text::Bug { place, what }),
            Self::Output(error) => {
                let why = SystemFault::from(error).say(language);
                own("file", Text::FileFailed { path: "stdout", why: &why })
            }
        };
        let advice = advice.or_else(|| general_advice(self, code, language));
        let place = match self {
            Self::Cidr(wrong) => wrong.place(),
            Self::Capture(wrong) => wrong.place(),
            _ => None,
        };
        Words { code, message, place, advice }
    }
}

/// What the list of codes advises. The daemon's and the labs' English messages say it already.
fn general_advice(error: &Error, code: &str, language: Language) -> Option<String> {
    let said =
        matches!(error, Error::Refused(_) | Error::Lab(_) | Error::Api(api::Error::Refused(_)));
    if said && language == Language::En {
        return None;
    }
    codes::find(code).map(|code| code.advice(language).to_owned())
}

/// A message that was made elsewhere and is English: in other languages, its code's title says
/// what it is about.
fn foreign(code: &str, message: &impl ToString, language: Language) -> String {
    let reason = message.to_string();
    match codes::find(code) {
        Some(code) if language != Language::En => {
            Text::WithReason { title: code.title(language), reason: &reason }.say(language)
        }
        _ => reason,
    }
}

type Told = (&'static str, String, Option<String>);

fn from_daemon(failure: &Failure, language: Language) -> Told {
    let code = failure.code.name();
    let message = match &failure.reason {
        Some(reason) => reason.say(language),
        // A daemon of another version: its own words are all there is.
        None => foreign(code, failure, language),
    };
    (code, message, None)
}

fn from_api(error: &api::Error, language: Language) -> Told {
    let shown = |path: &Path| path.display().to_string();
    let (code, message) = match error {
        api::Error::Refused(failure) => return from_daemon(failure, language),
        api::Error::NotRunning { socket } => {
            ("no-daemon", Text::NoDaemon { socket: &shown(socket) }.say(language))
        }
        api::Error::Permission { path } => {
            let user = rustix::process::geteuid().as_raw();
            ("permission", Text::NoPermission { path: &shown(path), user }.say(language))
        }
        api::Error::Silent { socket, asked, patience } => {
            let (socket, seconds) = (shown(socket), patience.as_secs());
            ("no-answer", Text::NoAnswer { asked, socket: &socket, seconds }.say(language))
        }
        api::Error::NotUnderstood { socket, asked, why } => {
            ("bad-answer", Text::BadAnswer { asked, socket: &shown(socket), why }.say(language))
        }
        api::Error::Connect { socket, source } => failed(socket, source, language),
        api::Error::Broken { socket, source, .. } => failed(socket, source, language),
        api::Error::Runtime(source) => {
            ("bug", Text::Bug { place: "api", what: &source.to_string() }.say(language))
        }
    };
    (code, message, None)
}

fn failed(socket: &Path, why: &impl ToString, language: Language) -> (&'static str, String) {
    let (socket, why) = (socket.display().to_string(), why.to_string());
    ("connection", Text::ConnectionFailed { socket: &socket, why: &why }.say(language))
}

fn list(names: &[impl ToString]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Words {
    fn text(&self, language: Language, colour: bool) -> String {
        let error = Text::Error.say(language);
        let error = if colour { format!("\x1b[1;31m{error}\x1b[0m") } else { error };
        let colon = if language == Language::Zh { "：" } else { ": " };
        let mut text = format!("{error}{colon}{} [{}]\n", self.message, self.code);
        text += self.place.as_deref().unwrap_or_default();
        if let Some(advice) = &self.advice {
            text += &Text::Try { text: advice }.say(language);
            text.push('\n');
        }
        text
    }

    fn document(&self) -> serde_json::Value {
        json!({ "error": { "code": self.code, "message": self.message, "try": self.advice } })
    }
}

impl From<api::Error> for Error {
    fn from(error: api::Error) -> Self {
        Self::Api(error)
    }
}

impl From<lab::Error> for Error {
    fn from(error: lab::Error) -> Self {
        Self::Lab(error)
    }
}

impl From<netns::Invalid> for Error {
    fn from(invalid: netns::Invalid) -> Self {
        Self::Netns(invalid)
    }
}

impl From<publish::Invalid> for Error {
    fn from(invalid: publish::Invalid) -> Self {
        Self::Publish(invalid)
    }
}

#[cfg(test)]
mod tests;
