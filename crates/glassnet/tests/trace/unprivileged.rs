//! Without rights: what is not seen, and what it takes.

use crate::stage::{GLASSNET, Stage, text};
use std::process::{Command, Output};

/// The program may lie where only its owner comes; a descriptor leads there.
pub(crate) fn as_nobody(words: &str) -> Output {
    let line = format!(
        "exec 9<{GLASSNET}; exec setpriv --reuid 65534 --regid 65534 \
         --clear-groups --inh-caps=-all --bounding-set=-all /proc/self/fd/9 {words}"
    );
    let mut command = Command::new("bash");
    command.args(["-c", &line]).env("HOME", "/").env_remove("LANG").env_remove("LC_ALL");
    command.output().unwrap()
}

#[test]
fn what_it_takes_is_said() {
    let stage = Stage::new("rights");
    let a = stage.called("a");
    let host = as_nobody("trace host 127.0.0.1");
    assert_eq!(host.status.code(), Some(3), "{}", text(&host));
    for wanted in ["CAP_NET_ADMIN", "not seen: nftables rules of host", "run it as root"] {
        assert!(text(&host).contains(wanted), "{wanted}: {}", text(&host));
    }
    let into = as_nobody(&format!("trace netns:{a} 10.9.2.2"));
    assert_eq!(into.status.code(), Some(3), "{}", text(&into));
    assert!(text(&into).contains("CAP_SYS_ADMIN"), "{}", text(&into));
    let to = as_nobody(&format!("trace host netns:{a}"));
    assert_eq!(to.status.code(), Some(1), "{}", text(&to));
    for wanted in ["the addresses of netns:", "CAP_SYS_ADMIN"] {
        assert!(text(&to).contains(wanted), "{wanted}: {}", text(&to));
    }
}

#[test]
fn the_doctor_says_what_he_could_not_look_at() {
    let found = as_nobody("doctor host");
    assert_eq!(found.status.code(), Some(1), "{}", text(&found));
    for wanted in ["nftables rules of host could not be read", "CAP_NET_ADMIN", "as root"] {
        assert!(text(&found).contains(wanted), "{wanted}: {}", text(&found));
    }
}
