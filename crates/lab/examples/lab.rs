//! The lab's verbs as a program of their own, for its tests: labs run the very
//! program that made them, and a test's own program could not play that part.
//!
//! `node`, `network` and `attach` stand in for glassnet: they only write down
//! what they were asked, in the machine's /var/log/asked.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if arguments.first().is_some_and(|verb| verb == lab::init::VERB) {
        return lab::init::run(arguments.into_iter().skip(1));
    }
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    match run(&words, &arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str], arguments: &[OsString]) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut tell = |progress: lab::Progress<'_>| eprintln!("{progress}");
    match words {
        ["up", file] => drop(lab::up(Path::new(file), &mut tell)?),
        ["check", file] => drop(lab::file::read(Path::new(file))?),
        ["down", name] => {
            if !lab::down(name, &mut tell)? {
                eprintln!("there was no lab {name}");
            }
        }
        ["ls"] => println!("{}", serde_json::to_string_pretty(&lab::ls()?)?),
        ["kill", name, machine] => lab::kill(name, machine)?,
        ["start", name, machine] => {
            if !lab::start(name, machine, lab::Disk::Kept, &mut tell)? {
                eprintln!("{machine} was running already");
            }
        }
        ["start", name, machine, "--new-disk"] => {
            lab::start(name, machine, lab::Disk::New, &mut tell)?;
        }
        ["start", name, machine, service] => {
            println!("{}", lab::start_service(name, machine, service.parse()?)?);
        }
        ["stop", name, machine, service] => {
            println!("{}", lab::stop(name, machine, service.parse()?)?);
        }
        ["freeze", name, machine] => println!("{:?}", lab::freeze(name, machine, None)?),
        ["freeze", name, machine, service] => {
            println!("{:?}", lab::freeze(name, machine, Some(service.parse()?))?);
        }
        ["thaw", name, machine] => println!("{:?}", lab::thaw(name, machine, None)?),
        ["drop", name, place, what] => println!("{}", lab::drop(name, place, what.parse()?)?),
        ["pass", name, place, what] => println!("{}", lab::pass(name, place, what.parse()?)?),
        ["cut", name, link] => lab::cut(name, link)?,
        ["mend", name, link] => lab::mend(name, link)?,
        ["schema"] => print!("{}", lab::schema()),
        ["exec", name, part, "--", ..] => {
            let (machine, container) = match part.split_once('/') {
                Some((machine, container)) => (machine, Some(container)),
                None => (*part, None),
            };
            let status = lab::exec(name, machine, container, &arguments[4..])?;
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            return Ok(ExitCode::from(code.unwrap_or(1)));
        }
        ["node", ..] => node(words)?,
        ["network", "inspect", name] => {
            let asked = fs::read_to_string("/var/log/asked")?;
            if !asked.contains(&format!("network create {name} ")) {
                return Err("no such network".into());
            }
        }
        ["network" | "attach", ..] => asked(words)?,
        _ => return Err(format!("no such verb: {words:?}").into()),
    }
    Ok(ExitCode::SUCCESS)
}

fn node(words: &[&str]) -> std::io::Result<()> {
    asked(words)?;
    fs::create_dir_all("/run/glassnet")?;
    let socket = "/run/glassnet/api.sock";
    let _ = fs::remove_file(socket);
    let _listener = UnixListener::bind(socket)?;
    loop {
        std::thread::park();
    }
}

fn asked(words: &[&str]) -> std::io::Result<()> {
    let mut log = File::options().create(true).append(true).open("/var/log/asked")?;
    writeln!(log, "{}", words.join(" "))
}
