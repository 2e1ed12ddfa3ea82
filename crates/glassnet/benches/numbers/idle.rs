//! What the daemon costs when nothing happens.

use crate::node::Node;
use crate::target::Targets;
use std::time::Duration;

/// How long nothing happens.
const TIME: Duration = Duration::from_secs(60);

pub(crate) fn measure(node: &Node, targets: &mut Targets) -> anyhow::Result<()> {
    node.fill(500)?;
    std::thread::sleep(Duration::from_secs(2));
    let before = node.ticks()?;
    std::thread::sleep(TIME);
    // A tick is 1/100 s on every Linux we know (`USER_HZ`).
    let share = (node.ticks()? - before) as f64 / TIME.as_secs_f64();
    let mebibytes = node.resident()? as f64 / 1024.0;
    targets.say(
        "daemon: at most 30 MB resident with 500 containers",
        format!("{mebibytes:.1} MiB"),
        mebibytes <= 30.0e6 / (1 << 20) as f64,
    );
    targets.say(
        "daemon: at most 0.1 % of a core over 60 idle seconds, 500 containers",
        format!("{share:.3} %"),
        share <= 0.1,
    );
    Ok(())
}
