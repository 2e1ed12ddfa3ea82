//! The places there are, and the links in each.

use crate::cli::error::Error;
use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::cli::{DONE, Outcome};
use crate::places::{Name, Places};
use model::explain::Text;
use serde_json::json;
use std::os::fd::AsFd as _;

pub(super) fn list(out: &Output) -> Outcome {
    let places = Places::look().map_err(Error::Kernel)?;
    let mut rows: Vec<_> = places
        .0
        .iter()
        .map(|place| {
            let links = kernel::capture::links(place.namespace.as_fd()).unwrap_or_default();
            let links: Vec<_> = links.into_iter().map(|link| link.name).collect();
            (place, links)
        })
        .collect();
    rows.sort_by(|(one, _), (other, _)| one.names.cmp(&other.names));
    out.document(
        &rows
            .iter()
            .map(|(place, links)| {
                let names: Vec<_> = place
                    .names
                    .iter()
                    .map(|name| json!({ "kind": name.kind.word(), "name": name.name }))
                    .collect();
                json!({ "namespace": place.inode, "names": names, "links": links })
            })
            .collect::<Vec<_>>(),
    )?;
    let mut table = Table::new([Text::Place, Text::Links]);
    for (place, links) in &rows {
        let names: Vec<_> = place.names.iter().map(Name::to_string).collect();
        table.row([names.join(", "), links.join(", ")]);
    }
    out.table(&table, &Text::NoAttachments)?;
    DONE
}
