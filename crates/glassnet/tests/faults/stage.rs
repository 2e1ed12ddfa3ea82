//! A private host with a daemon, whose containers and neighbours are namespaces that the test holds:
//! where a lab's machines run programs, here the test itself opens sockets in them.

use crate::host::{Host, NETWORK};
use kernel::NetNs;
use kernel::netns::within;
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A namespace: a container, or a machine of its own.
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) netns: NetNs,
}

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), netns: NetNs::fresh().unwrap() }
    }

    pub(crate) fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.netns.as_fd().as_raw_fd())
    }

    pub(crate) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        within(self.netns.as_fd(), work).unwrap()
    }

    /// Runs lines of shell there; they have to succeed.
    pub(crate) fn shell(&self, lines: &str) -> String {
        self.within(|| shell(lines))
    }

    /// A port that was closed just now may be held for a moment by a child that another test is making.
    pub(crate) fn udp(&self, address: &str) -> UdpSocket {
        let mut bound = self.within(|| UdpSocket::bind(address));
        for _ in 0..50 {
            if bound.is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
            bound = self.within(|| UdpSocket::bind(address));
        }
        let socket = bound.unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        socket
    }

    /// Serves TCP for as long as the process lives: whoever connects gets the place's name.
    pub(crate) fn serve(&self, address: &str) {
        let listener = self.within(|| TcpListener::bind(address).unwrap());
        let name = self.name.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let _ = std::io::Write::write_all(&mut { client }, name.as_bytes());
            }
        });
    }

    /// What a server says, or `None` if it is not reached.
    pub(crate) fn fetch(&self, address: &str) -> Option<String> {
        self.within(|| fetch(address))
    }
}

/// The same from the thread's own namespace.
pub(crate) fn fetch(address: &str) -> Option<String> {
    let to: SocketAddr = address.parse().unwrap();
    let mut stream = std::net::TcpStream::connect_timeout(&to, Duration::from_secs(2)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut stream, &mut said).ok()?;
    Some(said)
}

/// Runs lines of shell in the thread's namespace; they have to succeed.
pub(crate) fn shell(lines: &str) -> String {
    let output = Command::new("sh").args(["-ec", lines]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(output.status.success(), "{lines}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// A machine beside the host, 192.0.2.254 and 2001:db8::fe, by the host's link `out0`.
pub(crate) fn outside() -> Place {
    let outside = Place::new("outside");
    shell(&format!(
        "ip link add out0 type veth peer name eth0 netns {}; ip link set out0 up; \
         ip address add 192.0.2.1/24 dev out0; ip address add 2001:db8::1/64 dev out0 nodad; \
         ip route add default via 192.0.2.254; ip -6 route add default via 2001:db8::fe",
        name(&outside)
    ));
    outside.shell(
        "ip link set lo up; ip link set eth0 up; ip address add 192.0.2.254/24 dev eth0; \
         ip address add 2001:db8::fe/64 dev eth0 nodad",
    );
    outside
}

/// What `ip` takes for a namespace: a name in /run/netns or a path.
fn name(place: &Place) -> String {
    place.path()
}

/// Attaches a new container to the network; `with` are further arguments.
pub(crate) fn attach(host: &Host, name: &str, with: &[&str]) -> Result<Place, String> {
    let place = Place::new(name);
    attach_place(host, &place, with)?;
    Ok(place)
}

pub(crate) fn attach_place(host: &Host, place: &Place, with: &[&str]) -> Result<String, String> {
    let path = place.path();
    let network = if with.contains(&"--network") { vec![] } else { vec!["--network", NETWORK] };
    let start = ["attach", &path, "--name", &place.name];
    host.cli(&[&start[..], &network, with].concat())
}

pub(crate) fn detach(host: &Host, name: &str) {
    host.cli(&["detach", name]).unwrap();
}

/// The address that the daemon has leased to a container.
pub(crate) fn addresses(host: &Host, name: &str) -> Vec<IpAddr> {
    let rows = host.held().unwrap();
    let row = rows.iter().find(|row| row["container"] == name).expect("it is attached");
    serde_json::from_value(row["addresses"].clone()).unwrap()
}

/// A verb of the CNI program with a network configuration; its result, or what it said instead.
pub(crate) fn cni(host: &Host, verb: &str, place: &Place, more: &Value) -> Result<Value, String> {
    let mut configuration = json!({
        "cniVersion": "1.1.0", "name": "of-tests", "type": "glassnet", "network": NETWORK,
    });
    configuration.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut child = host
        .program()
        .envs([("CNI_COMMAND", verb), ("CNI_CONTAINERID", &place.name), ("CNI_IFNAME", "eth0")])
        .envs([("CNI_NETNS", place.path()), ("CNI_PATH", "/nonexistent".to_owned())])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let written = configuration.to_string();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), written.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.success() {
        true => Ok(serde_json::from_str(&said).unwrap_or_default()),
        false => Err(said),
    }
}
