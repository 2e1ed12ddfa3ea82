//! Wireshark's interface list: Wireshark runs this program from its extcap directory and asks what can
//! be captured, and then to capture it (`extcap(4)`; `doc/extcap.adoc` of Wireshark).
//!
//! ```text
//! --extcap-interfaces                                       what there is
//! --extcap-interface X --extcap-dlts | --extcap-config      of one of them
//! --capture --extcap-interface X --fifo F [--extcap-capture-filter T]
//! ```

use super::seen::Sink;
use super::watch::{Looked, Plan, Watch};
use super::write::ToFile;
use super::{SNAP, Wrong, understood};
use crate::cli::error::Error;
use crate::cli::output::Output;
use crate::cli::{DONE, Outcome};
use crate::places::{Name, Places};
use model::explain::CaptureText;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Whether the arguments are Wireshark's.
pub(in crate::cli) fn asks(arguments: &[OsString]) -> bool {
    arguments
        .iter()
        .skip(1)
        .any(|argument| argument.to_str().is_some_and(|argument| argument.starts_with("--extcap-")))
}

/// What is asked, as far as it matters.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    interfaces: bool,
    links: bool,
    capture: bool,
    interface: Option<String>,
    fifo: Option<PathBuf>,
    filter: Option<String>,
}

impl Asked {
    fn read(arguments: Vec<OsString>) -> Self {
        let mut asked = Self::default();
        let mut arguments = arguments.into_iter().skip(1).map(|a| a.to_string_lossy().into_owned());
        while let Some(argument) = arguments.next() {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (argument, None),
            };
            let mut value = || value.clone().or_else(|| arguments.next());
            match name.as_str() {
                "--extcap-interfaces" => asked.interfaces = true,
                "--extcap-dlts" => asked.links = true,
                "--capture" => asked.capture = true,
                "--extcap-interface" => asked.interface = value(),
                "--fifo" => asked.fifo = value().map(PathBuf::from),
                "--extcap-capture-filter" => asked.filter = value(),
                // --extcap-config: there is nothing to choose.
                _ => {}
            }
        }
        asked
    }
}

/// Answers Wireshark.
pub(in crate::cli) fn run(arguments: Vec<OsString>, out: &Output) -> Outcome {
    let asked = Asked::read(arguments);
    if asked.interfaces {
        let places = Places::look().map_err(Error::Kernel)?;
        out.raw(concat!("extcap {version=", env!("CARGO_PKG_VERSION"), "}{display=glassnet}\n"))?;
        for place in &places.0 {
            let (name, value) = (place.names[0].to_string(), value(&place.names[0]));
            out.raw(&format!("interface {{value={value}}}{{display=glassnet: {name}}}\n"))?;
        }
    } else if asked.links {
        out.raw("dlt {number=1}{name=EN10MB}{display=Ethernet}\n")?;
    } else if asked.capture {
        return capture(&asked);
    } else if let Some(text) = asked.filter {
        // Only whether it is understood. Wireshark shows what is printed.
        if let Err(error) = understood(&[text], None) {
            out.raw(&error.message(out.language))?;
        }
    }
    DONE
}

/// A name that stands in an argument and in Wireshark's settings: letters, digits, `.`, `-`, `_`.
fn value(name: &Name) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    format!("glassnet-{}", name.to_string().chars().map(plain).collect::<String>())
}

fn capture(asked: &Asked) -> Outcome {
    let places = Places::look().map_err(Error::Kernel)?;
    let wanted = asked.interface.as_deref().unwrap_or_default();
    let place = places.0.iter().find(|place| value(&place.names[0]) == wanted);
    let place = place.ok_or_else(|| {
        let (name, known) = (wanted.to_owned(), Vec::new());
        Error::Capture(Wrong::Place(crate::places::NoPlace::Unknown { name, known }))
    })?;
    let words = asked.filter.iter().cloned().collect::<Vec<_>>();
    let filter = understood(&words, Some(&places))?;
    let plan = Plan::of(filter.as_ref(), SNAP)?;
    let fifo = asked.fifo.clone().unwrap_or_else(|| "-".into());
    let file = ToFile::create(&fifo, None, SNAP)?;
    let mut sinks: Vec<Box<dyn Sink>> = vec![Box::new(file)];
    let mut tell = |_| {};
    let mut watch = Watch::new(plan, &mut tell)?;
    let looked = Looked { place, label: &place.names[0].name, link: None };
    if let Some((_, error)) = watch.add(&[looked]).pop() {
        return Err(Error::Kernel(error));
    }
    match watch.run(&mut sinks) {
        // Wireshark has seen enough and closed its end.
        Err(Error::File(_, error)) if error.kind() == std::io::ErrorKind::BrokenPipe => DONE,
        other => other.map(drop).and(DONE),
    }
}

/// Where Wireshark looks for such programs of the user: until 4.0, and since.
const DIRECTORIES: [&str; 2] = [".config/wireshark/extcap", ".local/lib/wireshark/extcap"];

/// Links this program into Wireshark's directories of such programs.
pub(super) fn link(out: &Output) -> Outcome {
    let home = std::env::var_os("HOME").unwrap_or_else(|| "/root".into());
    let paths = DIRECTORIES.map(|directory| PathBuf::from(&home).join(directory).join("glassnet"));
    paths.iter().try_for_each(|path| link_at(path))?;
    let paths = paths.map(|path| path.display().to_string());
    out.document(&serde_json::json!({ "linked": paths }))?;
    if !out.json {
        let path = paths.join(", ");
        out.raw(&format!("{}\n", CaptureText::ExtcapLinked { path }.say(out.language)))?;
    }
    DONE
}

fn link_at(path: &Path) -> Result<(), Error> {
    let own =
        std::env::current_exe().map_err(|error| Error::File("/proc/self/exe".into(), error))?;
    let made = fs::create_dir_all(path.parent().unwrap_or(path)).and_then(|()| {
        match fs::read_link(path) {
            Ok(there) if there == own => return Ok(()),
            Ok(_) => fs::remove_file(path)?,
            Err(_) => {}
        }
        std::os::unix::fs::symlink(&own, path)
    });
    made.map_err(|error| Error::File(path.to_owned(), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wireshark_asks_is_read() {
        let asked = |line: &str| {
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            asks(&words).then(|| Asked::read(words))
        };
        assert_eq!(asked("glassnet capture web"), None);
        assert!(asked("glassnet --extcap-interfaces --extcap-version=4.4").unwrap().interfaces);
        let wanted = Asked {
            capture: true,
            interface: Some("glassnet-host".to_owned()),
            fifo: Some("/tmp/x".into()),
            filter: Some("tcp".to_owned()),
            ..Asked::default()
        };
        let line = "glassnet --capture --extcap-interface glassnet-host --fifo=/tmp/x \
                    --extcap-capture-filter tcp";
        assert_eq!(asked(line), Some(wanted));
    }
}
