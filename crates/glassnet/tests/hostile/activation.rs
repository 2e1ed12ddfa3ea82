//! The daemon with sockets that systemd opened, by systemd's own program for trying that.

use crate::host::{HANG, alone, frame, text};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

const GLASSNET: &str = env!("CARGO_BIN_EXE_glassnet");

struct Activated(Child);

impl Drop for Activated {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn activate(directory: &std::path::Path, sockets: &[&str]) -> Activated {
    let mut command = Command::new("systemd-socket-activate");
    for socket in sockets {
        command.arg("--listen").arg(directory.join(socket));
    }
    command
        .args(["--setenv=GLASSNET_RUN_DIR", "--setenv=GLASSNET_STATE_DIR", "--", GLASSNET, "node"])
        .env("GLASSNET_RUN_DIR", directory)
        .env("GLASSNET_STATE_DIR", directory.join("state"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(directory.join("log")).unwrap());
    let activated = Activated(command.spawn().expect("systemd-socket-activate is installed"));
    let late = Instant::now() + HANG;
    while !sockets.iter().all(|socket| directory.join(socket).exists()) {
        assert!(Instant::now() < late, "systemd-socket-activate does not listen");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    activated
}

#[test]
fn the_first_question_starts_it_and_is_answered_in_whatever_order_the_sockets_come() {
    for sockets in [["attach.sock", "api.sock"], ["api.sock", "attach.sock"]] {
        alone(|| {
            let directory = tempfile::tempdir().unwrap();
            let _daemon = activate(directory.path(), &sockets);
            // This one is asked before there is a daemon.
            let mut stream = UnixStream::connect(directory.path().join("attach.sock")).unwrap();
            stream.set_read_timeout(Some(HANG)).unwrap();
            stream.write_all(&frame(br#"{"verb":"ready","network":"blue"}"#)).unwrap();
            let mut answer = Vec::new();
            if let Err(error) = stream.read_to_end(&mut answer) {
                let log = std::fs::read_to_string(directory.path().join("log"));
                panic!("{error}: {}", log.unwrap_or_default());
            }
            let answer = String::from_utf8_lossy(&answer);
            assert!(answer.contains("no-network-yet"), "{answer}");
            let status = Command::new(GLASSNET)
                .args(["status", "--json"])
                .env("GLASSNET_RUN_DIR", directory.path())
                .output()
                .unwrap();
            assert!(status.status.success(), "{}", text(&status));
        });
    }
}

#[test]
fn half_of_the_sockets_is_refused() {
    alone(|| {
        let directory = tempfile::tempdir().unwrap();
        let mut daemon = activate(directory.path(), &["api.sock"]);
        drop(UnixStream::connect(directory.path().join("api.sock")).unwrap());
        assert!(!daemon.0.wait().unwrap().success());
        let log = std::fs::read_to_string(directory.path().join("log")).unwrap();
        assert!(log.contains("systemd passed no attach.sock"), "{log}");
        assert!(log.contains("[node]"), "{log}");
    });
}
