//! Without privileges: what is needed, in words.

use crate::watch::{GLASSNET, Pair, text};
use std::process::Command;

#[test]
fn what_it_takes_is_said() {
    let pair = Pair::new("nobody");
    let path = format!("/run/netns/{}", pair.a());
    // The program may lie where only its owner comes; a descriptor leads there.
    let run = |place: &str| {
        let line = format!(
            "exec 9<{GLASSNET}; exec setpriv --reuid 65534 --regid 65534 \
            --clear-groups --inh-caps=-all --bounding-set=-all /proc/self/fd/9 capture {place} --count 1"
        );
        Command::new("bash").args(["-c", &line]).env("HOME", "/").output().unwrap()
    };
    for (place, wanted) in
        [("host", "CAP_NET_RAW"), (&path[..], "CAP_SYS_ADMIN"), ("--everywhere", "CAP_NET_RAW")]
    {
        let output = run(place);
        assert!(!output.status.success(), "{place}");
        assert!(text(&output).contains(wanted), "{place}: {}", text(&output));
    }
}
