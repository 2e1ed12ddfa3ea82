//! An engine's calls with a daemon that is a function: what was said, asked and left behind.

mod add;
mod chain;
mod check;
mod hostile;
mod refusals;
mod verbs;
mod wishes;

use super::environment::Environment;
use super::{World, answer, netns};
use crate::client::NoAnswer;
use crate::protocol::{Attached, Code, Failure, Request, Response};
use model::cluster::{Attachment, AttachmentId, Bandwidth, Network, Pool};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::io;

const NETNS: &str = "/run/netns/blue";

/// What came of a call.
struct Came {
    /// What went to standard output, and whether the exit status was 0.
    said: Result<Option<Value>, Value>,
    asked: Vec<Request>,
    left: Vec<Request>,
}

type Daemon<'a> = &'a dyn Fn(&Request) -> Result<Response, NoAnswer>;

fn call_with(variables: &[(&str, &str)], input: &[u8], daemon: Daemon<'_>) -> Came {
    let (asked, left) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let world = World {
        ask: &|request, netns| {
            let wants = matches!(request, Request::Attach(_) | Request::Check { .. });
            assert_eq!(netns.is_some(), wants, "the namespace goes along with ADD and CHECK only");
            asked.borrow_mut().push(request.clone());
            daemon(request)
        },
        leave: &|request| {
            left.borrow_mut().push(request.clone());
            Ok(())
        },
        open: &|path| netns::open(if path == NETNS { "/proc/self/ns/net" } else { path }),
    };
    let variable = |name: &str| {
        let found = variables.iter().rev().find(|(other, _)| *other == name);
        found.map(|(_, value)| value.into())
    };
    let said = answer(&Environment::read(&variable), &mut &*input, &world);
    Came { said, asked: asked.into_inner(), left: left.into_inner() }
}

fn call(command: &str, input: &Value, daemon: Daemon<'_>) -> Came {
    let variables = [
        ("CNI_COMMAND", command),
        ("CNI_CONTAINERID", "pod1"),
        ("CNI_NETNS", NETNS),
        ("CNI_IFNAME", "eth0"),
        ("CNI_PATH", "/opt/cni/bin"),
    ];
    call_with(&variables, input.to_string().as_bytes(), daemon)
}

/// The smallest configuration, and more.
fn configuration(version: &str, more: Value) -> Value {
    let mut configuration = json!({ "cniVersion": version, "name": "pods", "type": "glassnet" });
    let (Value::Object(all), Value::Object(more)) = (&mut configuration, more) else {
        panic!("more than an object")
    };
    all.extend(more);
    configuration
}

/// Two families on network `default`.
fn attachment() -> Attachment {
    Attachment {
        alone: Vec::new(),
        id: id("pod1"),
        network: "default".parse().unwrap(),
        addresses: vec!["10.88.0.5".parse().unwrap(), "fd00:88::5".parse().unwrap()],
        mac: "02:67:0a:58:00:05".parse().unwrap(),
        publish: Vec::new(),
        bandwidth: Bandwidth::default(),
        default_route: true,
    }
}

fn id(container: &str) -> AttachmentId {
    AttachmentId { container: container.parse().unwrap(), interface: "eth0".parse().unwrap() }
}

/// A daemon that leases 10.88.0.5 and fd00:88::5 to everybody.
fn leases(request: &Request) -> Result<Response, NoAnswer> {
    let Request::Attach(request) = request else { panic!("{request:?}") };
    let pools = ["10.88.0.0/16", "fd00:88::/64"];
    let pools = pools.map(|subnet| Pool::with_first_gateway(subnet.parse().unwrap()));
    Ok(Response::Attached(Box::new(Attached {
        attachment: Attachment {
            alone: Vec::new(),
            id: request.id.clone(),
            default_route: request.default_route,
            ..attachment()
        },
        network: Network::new("default".parse().unwrap(), pools.to_vec()),
        mtu: 1450,
    })))
}

fn down(_: &Request) -> Result<Response, NoAnswer> {
    let source = io::Error::from(io::ErrorKind::NotFound);
    Err(NoAnswer::Down { path: "/run/glassnet/attach.sock".into(), source })
}

fn fails(code: Code) -> impl Fn(&Request) -> Result<Response, NoAnswer> {
    move |_| Ok(Response::Failed(Failure { code, message: "because".to_owned(), reason: None }))
}

fn never(request: &Request) -> Result<Response, NoAnswer> {
    panic!("the daemon was asked {request:?}")
}
