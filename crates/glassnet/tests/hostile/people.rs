//! What a person reads in Chinese of a real daemon's refusals, and that every verb can be repeated.

use crate::host::{HANG, Host, text, with_a_daemon};
use nix::mount::{MsFlags, mount};
use serde_json::Value;
use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

fn fails(host: &Host, line: &str, code: &str, zh: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let said = host.glassnet(&[&["--lang", "zh"], &words[..]].concat());
    let message = text(&said);
    assert!(!said.status.success(), "{line}: {message}");
    assert!(message.starts_with("错误：") && message.contains(zh), "{line}: {message}");
    assert!(message.contains(&format!("[{code}]")), "{line}: {message}");
    let json = host.glassnet(&[&["--json", "--lang", "zh"], &words[..]].concat());
    let document: Value = serde_json::from_slice(&json.stdout).expect(line);
    assert_eq!(document["error"]["code"], code, "{line}");
}

fn works(host: &Host, line: &str, says: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let said = host.glassnet(&words);
    assert!(said.status.success(), "{line}: {}", text(&said));
    assert!(text(&said).contains(says), "{line}: {}", text(&said));
}

#[test]
fn refusals_are_told_in_chinese_and_verbs_can_be_repeated() {
    with_a_daemon(|host| {
        let named = format!("gn-test-{}", std::process::id());
        let ip = |arguments: &[&str]| {
            assert!(Command::new("ip").args(arguments).status().unwrap().success());
        };
        // Names of this thread's own: the files that namespaces are mounted on would be left in
        // the computer's directory, though the mounts are seen by nobody else.
        std::fs::create_dir_all("/run/netns").unwrap();
        let none = None::<&str>;
        mount(none, "/run/netns", Some("tmpfs"), MsFlags::empty(), none).unwrap();
        ip(&["netns", "add", &named]);
        let held = TcpListener::bind("0.0.0.0:8088").unwrap();

        fails(host, "network create red --subnet 10.7.0.0/28", "taken", "与 10.7.0.0/29 重叠");
        fails(host, "network create red --subnet 10.7.0.1/28", "invalid-request", "带有主机位");
        fails(host, "network create red --mtu 10", "invalid-request", "超出范围");
        fails(host, "network create ../x", "usage", "以其他字符开头");
        fails(host, "network create red --subnet 10.0.0.0/99", "usage", "它不是子网");
        fails(host, "network inspect red", "no-network", "现有：blue");
        let attach = format!("attach {named} --network blue --name web");
        fails(host, &format!("{attach} -p 8088:80"), "taken", "正在监听本机的 tcp 0.0.0.0:8088");
        fails(host, &format!("{attach} --address 10.8.0.1"), "invalid-request", "地址范围是");
        fails(host, &format!("{attach} --address x"), "usage", "它不是 IP 地址");
        fails(host, &format!("{attach} --mac 01:00:00:00:00:01"), "invalid-request", "单播");
        fails(host, "attach nowhere --network blue", "no-namespace", "没有网络命名空间");
        fails(host, "attach /dev/null --network blue --name x", "no-namespace", "不是网络命名空间");
        drop(held);

        works(host, &attach, "10.7.0.");
        works(host, &attach, "10.7.0.");
        fails(host, &format!("{attach} -p 8088:80"), "exists", "发布端口是无，而不是 8088:80/tcp");
        fails(host, "network rm blue", "in-use", "仍被 web/eth0 使用");
        for free in 2..6 {
            let other = format!("{named}-{free}");
            ip(&["netns", "add", &other]);
            works(host, &format!("attach {other} --network blue"), "attached");
        }
        let one_more = format!("{named}-9");
        ip(&["netns", "add", &one_more]);
        fails(host, &format!("attach {one_more} --network blue"), "exhausted", "5 个全部租出");

        works(host, "network create blue --subnet 10.7.0.0/29", "was there already");
        works(host, "network create blue", "was there already");
        fails(host, "network create blue --no-masquerade", "exists", "地址伪装为开启，而不是关闭");
        works(host, "detach web", "detached");
        works(host, "detach web", "nothing to do");
        works(host, "network create green", "is there");
        works(host, "network rm green", "removed");
        works(host, "network rm green", "nothing to do");
        // An address is free again once its link is gone, a moment after the detach.
        let late = Instant::now() + HANG;
        while !host.glassnet(&["doctor", "host"]).status.success() && Instant::now() < late {
            std::thread::sleep(Duration::from_millis(20));
        }
        works(host, "doctor host", "");
    });
}

#[test]
fn without_a_daemon_every_verb_that_asks_it_says_so_in_either_language() {
    let directory = tempfile::tempdir().unwrap();
    for line in [
        "status",
        "ls",
        "network ls",
        "network inspect x",
        "network rm x",
        "network create x",
        "detach x",
        "attach /proc/self/ns/net --network x --name x",
    ] {
        let run = |options: &[&str]| {
            Command::new(env!("CARGO_BIN_EXE_glassnet"))
                .args(options)
                .args(line.split_whitespace())
                .env("GLASSNET_RUN_DIR", directory.path())
                .output()
                .unwrap()
        };
        let said = run(&["--lang", "zh"]);
        assert!(text(&said).contains("没有守护进程在监听"), "{line}: {}", text(&said));
        let document: Value = serde_json::from_slice(&run(&["--json"]).stdout).expect(line);
        assert_eq!(document["error"]["code"], "no-daemon", "{line}");
    }
}

/// Who may ask the daemon, and not look into containers, is answered by what the daemon sees.
#[test]
fn a_trace_by_who_may_only_ask_the_daemon() {
    with_a_daemon(|host| {
        std::fs::create_dir_all("/run/netns").unwrap();
        let none = None::<&str>;
        mount(none, "/run/netns", Some("tmpfs"), MsFlags::empty(), none).unwrap();
        let added = Command::new("ip").args(["netns", "add", "box"]).status().unwrap();
        assert!(added.success() && host.glassnet(&["attach", "box"]).status.success());
        let socket = host.socket("api.sock");
        let run = socket.parent().unwrap();
        for (path, mode) in [(run.parent().unwrap(), 0o755), (run, 0o755), (&socket, 0o666)] {
            std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        }
        // The program may lie where only its owner comes; a descriptor leads there.
        let line = format!(
            "exec 9<{}; exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
             --bounding-set=-all /proc/self/fd/9 trace box 10.7.0.1",
            env!("CARGO_BIN_EXE_glassnet")
        );
        let mut command = Command::new("bash");
        command.args(["-c", &line]).env("HOME", "/").env("GLASSNET_RUN_DIR", run);
        let said = command.env_remove("LANG").env_remove("LC_ALL").output().unwrap();
        assert_eq!(said.status.code(), Some(0), "{}", text(&said));
        for wanted in ["container:box to 10.7.0.1", "bridge glassnet antispoof", "delivered at"] {
            assert!(text(&said).contains(wanted), "{wanted}: {}", text(&said));
        }
    });
}

#[test]
fn a_panic_is_a_document_too() {
    let run = Command::new(env!("CARGO_BIN_EXE_glassnet"))
        .args(["ls", "--json", "--lang", "zh"])
        .env("GLASSNET_TEST_PANIC", "1")
        .output()
        .unwrap();
    assert!(!run.status.success());
    let document: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(document["error"]["code"], "bug");
    assert!(document["error"]["message"].as_str().unwrap().contains("cli/mod.rs"));
}

#[test]
fn the_daemon_names_the_privilege_it_lacks() {
    let directory = tempfile::tempdir().unwrap();
    for (language, words) in [("en", "run the command as root"), ("zh", "请以 root 身份运行")]
    {
        for verb in [&["node"][..], &["node", "reset", "--yes"]] {
            let said = Command::new("setpriv")
                .args(["--bounding-set=-sys_admin", "--inh-caps=-all"])
                .arg(env!("CARGO_BIN_EXE_glassnet"))
                .args(verb)
                .args(["--lang", language])
                .env("GLASSNET_RUN_DIR", directory.path())
                .env("GLASSNET_STATE_DIR", directory.path())
                .output()
                .unwrap();
            assert_eq!(said.status.code(), Some(1), "{}", text(&said));
            assert!(text(&said).contains("CAP_SYS_ADMIN") && text(&said).contains(words));
            assert!(!text(&said).contains("CAP_NET_ADMIN"), "{}", text(&said));
        }
    }
}
