//! Containers on a machine, and what glassnet is asked to do for them. The
//! program of these tests only writes down what it was asked.

use crate::stage::Stage;

const LAB: &str = "
lab: box
hosts:
  a:
    networks: { blue: { subnet: [10.1.0.0/24, 2001:db8:1::/64] } }
    containers:
      web:
        network: blue
        address: 10.1.0.9
        publish: ['8080:80', '53:53/udp']
        serve: 80:hello
      job: { command: [sleep, '4713'] }
";

#[test]
fn a_container_has_a_root_of_its_own() {
    let stage = Stage::new();
    stage.up("box", LAB);
    assert_eq!(stage.sh("box", "a/web", "hostname; ls /sys/class/net"), "web\nlo\n");
    assert_eq!(stage.sh("box", "a/web", "wget -qO- http://127.0.0.1/"), "hello\n");
    assert_eq!(stage.sh("box", "a/web", "ls /usr /home 2>/dev/null || true"), "");
    assert!(stage.sh("box", "a/job", "ps").contains("sleep 4713"));
    assert!(!stage.sh("box", "a/web", "ps").contains("sleep 4713"));
    let unknown = stage.refused(&["exec", "box", "a/wob", "--", "true"]);
    assert!(unknown.contains("it has: web, job"), "{unknown}");
}

#[test]
fn glassnet_is_asked_for_networks_and_attachments_at_every_start() {
    let stage = Stage::new();
    stage.up("box", LAB);
    let asked =
        |stage: &Stage| stage.sh("box", "a", "sed 's,/proc/[0-9]*/,/proc/N/,' /var/log/asked");
    let once = "node\n\
                network create blue --subnet 10.1.0.0/24 --subnet 2001:db8:1::/64\n\
                attach /proc/N/ns/net --network blue --name web --address 10.1.0.9 --publish 8080:80 \
                --publish 53:53/udp\n";
    assert_eq!(asked(&stage), once);
    stage.run(&["kill", "box", "a"]);
    stage.run(&["start", "box", "a"]);
    // The network outlived the power cut; the attachment did not.
    let again: String =
        once.split_inclusive('\n').filter(|line| !line.starts_with("network")).collect();
    assert_eq!(asked(&stage), format!("{once}{again}"));
    assert_eq!(stage.sh("box", "a/web", "hostname"), "web\n");
}
