//! The client against listeners that answer well, badly, or not at all.

use super::*;
use crate::protocol::Code;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::thread::JoinHandle;

/// A daemon that takes one connection, reads one question and answers with these bytes.
struct Listener {
    directory: tempfile::TempDir,
    question: JoinHandle<String>,
}

impl Listener {
    fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::with(move |stream| stream.write_all(&answer).unwrap())
    }

    fn with(answer: impl FnOnce(&mut std::os::unix::net::UnixStream) + Send + 'static) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join(API_SOCKET)).unwrap();
        let question = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut question = vec![0; 1 << 16];
            let length = stream.read(&mut question).unwrap();
            answer(&mut stream);
            String::from_utf8_lossy(&question[..length]).into_owned()
        });
        Self { directory, question }
    }

    fn api(&self) -> Api {
        Api { patience: Duration::from_millis(300), ..Api::at(self.directory.path()) }
    }

    fn question(self) -> String {
        self.question.join().unwrap()
    }
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn name() -> NetworkName {
    "blue".parse().unwrap()
}

#[test]
fn a_question_is_asked_and_its_answer_read() {
    let network = Network::new(
        name(),
        vec![model::cluster::Pool::with_first_gateway("10.88.0.0/16".parse().unwrap())],
    );
    let created = CreatedNetwork { network, created: true };
    let listener =
        Listener::answering(answer("201 Created", &serde_json::to_string(&created).unwrap()));
    let wanted = CreateNetwork {
        name: name(),
        subnets: vec!["10.88.0.0/16".parse().unwrap()],
        gateways: Vec::new(),
        mtu: None,
        masquerade: true,
        spoofing: false,
        local: false,
        backend: None,
        vni: None,
        vxlan_port: None,
    };
    assert_eq!(listener.api().create_network(&wanted).unwrap(), created);
    let question = listener.question();
    assert!(question.starts_with("POST /v1/networks HTTP/1.1\r\n"), "{question}");
    let (_, body) = question.split_once("\r\n\r\n").unwrap();
    assert_eq!(serde_json::from_str::<CreateNetwork>(body).unwrap(), wanted);
}

#[test]
fn an_empty_answer_is_enough_where_nothing_is_told() {
    let listener = Listener::answering("HTTP/1.1 204 No Content\r\n\r\n");
    listener.api().remove_network(&name()).unwrap();
    assert!(listener.question().starts_with("DELETE /v1/networks/blue "));
}

#[test]
fn a_refusal_keeps_the_daemons_words() {
    let body = r#"{"code":"in-use","message":"network blue is in use by web/eth0"}"#;
    let listener = Listener::answering(answer("409 Conflict", body));
    let error = listener.api().remove_network(&name()).unwrap_err();
    let Error::Refused(failure) = error else { panic!("{error}") };
    assert_eq!(failure.code, Code::InUse);
    assert_eq!(failure.message, "network blue is in use by web/eth0");
}

#[test]
fn a_refusal_in_other_words_is_shown_as_it_came() {
    let listener = Listener::answering(answer("404 Not Found", "404 page not found\n"));
    let error = listener.api().status().unwrap_err().to_string();
    assert!(error.ends_with("HTTP 404 Not Found: 404 page not found"), "{error}");
}

#[test]
fn what_is_no_http_or_no_json_is_not_understood() {
    for garbage in
        ["SSH-2.0-OpenSSH_9.2\r\n\r\n".to_owned(), answer("200 OK", "{"), answer("200 OK", "[1]")]
    {
        let error = Listener::answering(garbage.clone()).api().status().unwrap_err();
        assert!(matches!(error, Error::NotUnderstood { .. }), "{garbage:?}: {error:?}");
    }
}

#[test]
fn a_connection_that_breaks_off_is_told_from_a_bad_answer() {
    let error = Listener::answering("").api().status().unwrap_err();
    assert!(matches!(error, Error::Broken { .. }), "{error:?}");
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n[";
    let error = Listener::answering(half).api().status().unwrap_err();
    assert!(matches!(error, Error::NotUnderstood { .. }), "{error:?}");
}

#[test]
fn silence_ends_when_patience_does() {
    let listener = Listener::with(|stream| {
        // Until the client goes away.
        let _ = stream.read(&mut [0]);
    });
    let error = listener.api().status().unwrap_err();
    assert!(matches!(error, Error::Silent { .. }), "{error:?}");
    assert!(error.to_string().contains("GET /v1/status"), "{error}");
    listener.question();
}

#[test]
fn no_daemon_and_a_dead_ones_socket_are_the_same_to_people() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join(API_SOCKET);
    let api = Api::at(directory.path());
    assert!(matches!(api.status().unwrap_err(), Error::NotRunning { .. }));
    drop(UnixListener::bind(&socket).unwrap());
    assert!(matches!(api.status().unwrap_err(), Error::NotRunning { .. }));
}
