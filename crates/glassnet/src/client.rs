//! Asks the daemon over `attach.sock`: one question and one answer to a connection. Blocking, and
//! with nothing started that the CNI program would have to pay for.
//!
//! Every wait has an end, also that for a place in the listener's backlog: an engine that calls
//! the CNI program waits for it. See [`crate::frame`] for what a frame is.

use crate::failpoint;
use crate::frame::{self, NoFrame};
use crate::protocol::{ATTACH_SOCKET, RUN_DIRECTORY, Request, Response};
use rustix::io::retry_on_intr;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// An attach waits for the kernel and for others before it; longer than this it does not.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error("no daemon listens at {}: {source}; start it with `glassnet node`", path.display())]
    Down { path: PathBuf, source: io::Error },
    #[error("the daemon at {} does not answer: {source}", path.display())]
    Silent { path: PathBuf, source: io::Error },
    #[error("the daemon at {} answered something odd: {why}", path.display())]
    Odd { path: PathBuf, why: String },
}

/// Where the daemon listens.
pub(crate) fn socket() -> PathBuf {
    let directory = std::env::var_os("GLASSNET_RUN_DIR").unwrap_or_else(|| RUN_DIRECTORY.into());
    PathBuf::from(directory).join(ATTACH_SOCKET)
}

/// Asks, sending the network namespace along, if there is one.
pub(crate) fn ask(request: &Request, netns: Option<BorrowedFd<'_>>) -> Result<Response, NoAnswer> {
    failpoint::BEFORE_ASKED.hit();
    ask_at(&socket(), PATIENCE, request, netns)
}

fn ask_at(
    path: &Path,
    patience: Duration,
    request: &Request,
    netns: Option<BorrowedFd<'_>>,
) -> Result<Response, NoAnswer> {
    let path = || path.to_owned();
    let until = Instant::now() + patience;
    let silent = |source| NoAnswer::Silent { path: path(), source: in_time(source, patience) };
    let stream = reach(&path(), patience).map_err(|source| match source.kind() {
        // The backlog is full: somebody listens, and does not accept.
        io::ErrorKind::WouldBlock => silent(source),
        _ => NoAnswer::Down { path: path(), source },
    })?;
    frame::send(&stream, request, netns, until).map_err(silent)?;
    failpoint::ASKED.hit();
    let body = frame::receive(&stream, until).map_err(|error| match error {
        NoFrame::Connection(source) => silent(source),
        NoFrame::TooLong(_) => NoAnswer::Odd { path: path(), why: error.to_string() },
    })?;
    failpoint::ANSWERED.hit();
    serde_json::from_slice(&body)
        .map_err(|error| NoAnswer::Odd { path: path(), why: error.to_string() })
}

/// A connection, which the kernel lets us wait for no longer than `patience`.
fn reach(path: &Path, patience: Duration) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    set_socket_timeout(&socket, Timeout::Send, Some(patience))?;
    retry_on_intr(|| connect(&socket, &address))?;
    Ok(socket.into())
}

/// The two endings that the kernel words for programmers, in other words.
fn in_time(error: io::Error, patience: Duration) -> io::Error {
    let seconds = patience.as_secs_f32();
    match error.kind() {
        io::ErrorKind::WouldBlock => {
            io::Error::new(io::ErrorKind::TimedOut, format!("nothing came within {seconds} s"))
        }
        io::ErrorKind::UnexpectedEof => io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "it closed the connection before its answer was whole",
        ),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixListener;
    use std::thread;

    const SHORT: Duration = Duration::from_millis(200);

    fn ask_one_who(answers: &'static [u8], then_stays: bool) -> Result<Response, NoAnswer> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(ATTACH_SOCKET);
        let listener = UnixListener::bind(&path).unwrap();
        let daemon = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut question = [0; 1024];
            let read = stream.read(&mut question).unwrap();
            stream.write_all(answers).unwrap();
            if then_stays {
                // Until the one who asked goes.
                let _ = stream.read(&mut question);
            }
            question[..read].to_vec()
        });
        let network = "default".parse().unwrap();
        let answer = ask_at(&path, SHORT, &Request::Ready { network }, None);
        let question = daemon.join().unwrap();
        assert_eq!(question, b"\x24\0\0\0{\"verb\":\"ready\",\"network\":\"default\"}");
        answer
    }

    #[test]
    fn a_frame_is_a_length_and_json() {
        let answer = ask_one_who(b"\x11\0\0\0{\"answer\":\"done\"}", false);
        assert_eq!(answer.unwrap(), Response::Done);
    }

    #[test]
    fn nobody_there_is_told_from_somebody_silent() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(ATTACH_SOCKET);
        let request = Request::Ready { network: "default".parse().unwrap() };
        let missing = ask_at(&path, SHORT, &request, None).unwrap_err();
        assert!(matches!(missing, NoAnswer::Down { .. }), "{missing}");
        drop(UnixListener::bind(&path).unwrap());
        let refused = ask_at(&path, SHORT, &request, None).unwrap_err();
        assert!(matches!(refused, NoAnswer::Down { .. }), "{refused}");

        for (answers, stays, says) in [
            (&b""[..], true, "nothing came within 0.2 s"),
            (b"\x11\0\0\0{\"answer\"", true, "nothing came within 0.2 s"),
            (b"\x11\0\0\0{\"answer\"", false, "before its answer was whole"),
            (b"\x11\0", false, "before its answer was whole"),
        ] {
            let silent = ask_one_who(answers, stays).unwrap_err();
            assert!(matches!(silent, NoAnswer::Silent { .. }), "{silent}");
            assert!(silent.to_string().ends_with(says), "{silent}");
        }
    }

    #[test]
    fn a_full_backlog_is_not_waited_for_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(ATTACH_SOCKET);
        let listener =
            socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
                .unwrap();
        rustix::net::bind(&listener, &SocketAddrUnix::new(&path).unwrap()).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let _first = UnixStream::connect(&path).unwrap();
        let request = Request::Ready { network: "default".parse().unwrap() };
        let silent = ask_at(&path, SHORT, &request, None).unwrap_err();
        assert!(matches!(silent, NoAnswer::Silent { .. }), "{silent}");
    }

    #[test]
    fn odd_answers_are_named() {
        for (answers, says) in [
            (
                &b"\xff\xff\xff\xff"[..],
                "a frame of 4294967295 bytes; the longest there is has 4194304",
            ),
            (b"\x02\0\0\0{}", "missing field `answer` at line 1 column 2"),
        ] {
            let odd = ask_one_who(answers, false).unwrap_err();
            assert!(matches!(odd, NoAnswer::Odd { .. }), "{odd}");
            assert!(odd.to_string().ends_with(says), "{odd}");
        }
    }
}
