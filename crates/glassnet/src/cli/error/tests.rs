//! How errors look, and that each has a code people can look up.

use super::*;
use crate::protocol::Code;
use model::cluster::AttachmentId;
use model::explain::Reason;

fn text(error: &Error, language: Language) -> String {
    error.words(language).text(language, false)
}

fn in_use() -> Error {
    let id = AttachmentId { container: "web".parse().unwrap(), interface: "eth0".parse().unwrap() };
    Error::Refused(Reason::NetworkInUseByOne { name: "blue".parse().unwrap(), id }.into())
}

#[test]
fn what_happened_where_what_to_try_and_the_code() {
    let error = Error::Api(api::Error::NotRunning { socket: "/run/glassnet/api.sock".into() });
    let english = text(&error, Language::En);
    assert!(english.starts_with(
        "error: no daemon listens at /run/glassnet/api.sock [no-daemon]\n  try: Start it with: "
    ));
    let chinese = text(&error, Language::Zh);
    assert!(chinese.starts_with(
        "错误：没有守护进程在监听 /run/glassnet/api.sock [no-daemon]\n  建议：用 systemctl"
    ));
}

#[test]
fn a_refusal_is_told_in_the_readers_language() {
    assert_eq!(
        text(&in_use(), Language::En),
        "error: network blue is in use by web/eth0; detach first [in-use]\n"
    );
    let chinese = text(&in_use(), Language::Zh);
    assert!(chinese.starts_with("错误：网络 blue 仍被 web/eth0 使用；请先断开 [in-use]\n  建议："));
}

#[test]
fn programs_get_the_same_as_a_document() {
    let document = in_use().words(Language::En).document();
    assert_eq!(document["error"]["code"], "in-use");
    assert_eq!(document["error"]["message"], "network blue is in use by web/eth0; detach first");
}

#[test]
fn each_refusal_of_the_daemon_is_explained() {
    for code in Code::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        assert!(codes::find(code.name()).is_some(), "{code:?}");
    }
}

#[test]
fn a_reason_of_another_version_is_shown_in_its_own_words() {
    let written = r#"{"code":"taken","message":"m","reason":{"is":"of-tomorrow","facts":{}}}"#;
    let failure: Failure = serde_json::from_str(written).unwrap();
    assert_eq!(text(&Error::Refused(failure), Language::En), "error: m [taken]\n");
}

#[test]
fn each_error_of_ours_is_explained() {
    let names = || vec!["one".to_owned(), "two".to_owned()];
    let socket = || PathBuf::from("/run/x");
    let errors = [
        Error::NoSuchCode("x".into()),
        Error::NoSuchVerb("x".into()),
        Error::NotConfirmed,
        Error::WhichLab(names()),
        Error::WhichNetwork(Vec::new()),
        Error::File(socket(), io::ErrorKind::NotFound.into()),
        Error::Netns(netns::Invalid::Missing(socket())),
        Error::Publish(publish::Invalid::TooMany(1001)),
        Error::Cidr(cidr::Wrong::Prefix(model::cidr::prefix("x").unwrap_err())),
        Error::Cidr(cidr::Wrong::TooManyLines(model::cidr::Count::power(20))),
        Error::Api(api::Error::Permission { path: socket() }),
        Error::Api(api::Error::Runtime(io::ErrorKind::Other.into())),
        Error::Lab(lab::Error::NoLab { name: "x".into(), labs: names() }),
    ];
    for error in errors {
        let words = error.words(Language::Zh);
        assert!(codes::find(words.code).is_some(), "{}", words.code);
        assert!(!words.message.is_ascii(), "{}", words.message);
        assert!(words.advice.is_some(), "{}", words.code);
    }
}
