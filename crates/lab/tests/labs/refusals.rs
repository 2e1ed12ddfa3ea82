//! What is asked wrongly is refused in words, and changes nothing.

use std::process::Command;

use crate::stage::{Stage, on_one_switch};

#[test]
fn lacking_privilege_is_named() {
    let stage = Stage::new();
    let file = stage.file("one", &on_one_switch("one", 1));
    let program = stage.command(&[]).get_program().to_owned();
    let output = Command::new("setpriv")
        .args(["--bounding-set=-sys_admin,-net_admin", "--inh-caps=-all"])
        .arg(program)
        .args(["up", &file])
        .env("GLASSNET_LABS_DIR", stage.labs())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("CAP_NET_ADMIN, CAP_SYS_ADMIN"), "{said}");
    assert!(!stage.labs().exists());
}

#[test]
fn unknown_names_are_answered_with_the_known() {
    let stage = Stage::new();
    stage.up("pair", &on_one_switch("pair", 2));
    for (words, part) in [
        (&["exec", "pear", "h1", "--", "true"][..], "the labs here are: pair"),
        (&["kill", "pair", "h3"], "it has: h1, h2"),
        (&["cut", "pair", "h1.eth1"], "it has: h1.eth0, h2.eth0"),
        (&["down", "../pair"], "no name for a lab"),
    ] {
        let said = stage.refused(words);
        assert!(said.contains(part), "{words:?}: {said}");
    }
    assert!(stage.reaches("pair", "h1", "h2"));
}

#[test]
fn a_command_ends_with_its_own_status() {
    let stage = Stage::new();
    stage.up("one", &on_one_switch("one", 1));
    let mut command = stage.command(&["exec", "one", "h1", "--", "sh", "-c", "exit 7"]);
    assert_eq!(command.status().unwrap().code(), Some(7));
    let said = stage.refused(&["exec", "one", "h1", "--", "no-such-program"]);
    assert!(said.contains("cannot run no-such-program on \"h1\": No such file"), "{said}");
}

/// A machine that cannot be made takes the others down with it, and the
/// reason is told.
#[test]
fn a_failed_up_leaves_nothing() {
    let stage = Stage::new();
    let text = on_one_switch("half", 3) + "  bad: { sysctls: { net.ipv4.no_such_thing: 1 } }\n";
    let file = stage.file("half", &text);
    let said = stage.refused(&["up", &file]);
    assert!(said.contains("sysctl net.ipv4.no_such_thing = 1 on \"bad\""), "{said}");
    assert!(!stage.labs().exists());
}
