//! What a lab's router or switch loses in silence: `glassnet lab drop`, `glassnet lab pass`.

use super::place;
use crate::cli::output::Output;
use crate::cli::{DONE, Outcome};
use clap::Args;
use lab::Dropped;
use model::explain::Text;
use serde_json::json;

/// Let a router or switch of a lab lose packets in silence
#[derive(Args)]
#[command(after_help = "What can be dropped:
  icmp             ICMP and ICMPv6, but for what IPv6 cannot live without
  too-big          only the ICMP errors that tell of packets too large
  udp [PORT]       UDP, or only what is sent to this port; tcp likewise
  fragments        fragments of IP packets
  larger BYTES     IP packets of more bytes
  from PREFIX      packets with such a source; to PREFIX likewise

Examples:
  glassnet lab drop gate udp 4789
  glassnet lab drop two/gate larger 1400
  glassnet lab drop fabric to 192.0.2.1")]
pub(super) struct Drop {
    /// Router or switch; LAB may be left out if there is one only
    #[arg(value_name = "[LAB/]PLACE")]
    place: String,

    /// What to drop
    #[arg(value_name = "WHAT", required = true, num_args = 1..)]
    what: Vec<String>,
}

/// Let pass again what a router or switch of a lab drops
#[derive(Args)]
pub(super) struct Pass {
    /// Router or switch; LAB may be left out if there is one only
    #[arg(value_name = "[LAB/]PLACE")]
    place: String,

    /// What to let pass, as it was dropped
    #[arg(value_name = "WHAT", required = true, num_args = 1..)]
    what: Vec<String>,
}

impl Drop {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let place = place::find(&self.place)?;
        let what = read(&self.what)?;
        let new = lab::drop(&place.lab, &place.part, what)?;
        out.document(&json!({ "place": place.part, "dropped": what, "new": new }))?;
        let (name, what) = (&*place.part, &*what.to_string());
        out.say(&Text::Dropping { name, what })?;
        DONE
    }
}

impl Pass {
    pub(super) fn run(self, out: &Output) -> Outcome {
        let place = place::find(&self.place)?;
        let what = read(&self.what)?;
        let new = lab::pass(&place.lab, &place.part, what)?;
        out.document(&json!({ "place": place.part, "passed": what, "new": new }))?;
        let (name, what) = (&*place.part, &*what.to_string());
        out.say(&match new {
            true => Text::Passing { name, what },
            false => Text::PassingAlready { name, what },
        })?;
        DONE
    }
}

/// Several words or one text: `udp 4789`, `'udp 4789'`.
fn read(words: &[String]) -> Result<Dropped, lab::Error> {
    let text = words.join(" ");
    text.parse().map_err(|_| lab::Error::NoSuchDrop { text })
}
