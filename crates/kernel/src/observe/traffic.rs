//! Queueing disciplines and ingress filters (`tc_fill_qdisc`, `tcf_fill_node`).

use super::Names;
use crate::Result;
use crate::netlink::{Attributes, Message, Socket, rtm};
use crate::traffic_control as tc;
use model::host::link::Link;
use model::host::qdisc::{Filter, FilterKind, Place, Qdisc, QdiscKind, Tbf};
use model::host::{Table, Unknown};

/// `struct tcmsg`.
const HEADER: usize = 20;
/// `TC_H_CLSACT` with the minor of its ingress side.
const CLSACT_INGRESS: u32 = 0xffff_fff2;

/// The qdiscs at the roots and ingresses of all links; those within others are left out.
pub fn qdiscs(socket: &mut Socket, names: &Names) -> Result<Table<Qdisc<Unknown>>> {
    let request = Message::new(rtm::GET_QDISC, 0, vec![0; HEADER], "qdiscs");
    let bodies = socket.dump(&request)?;
    Ok(bodies.iter().filter_map(|body| qdisc(socket, names, body)).collect())
}

fn qdisc(socket: &Socket, names: &Names, body: &[u8]) -> Option<Qdisc<Unknown>> {
    let attributes = Attributes::after(body, HEADER);
    let place = match tc::number(body, 12)? {
        tc::ROOT => Place::Root,
        tc::INGRESS => Place::Ingress,
        _ => return None,
    };
    let name = attributes.get(tc::KIND)?.text();
    let foreign = |why: String| {
        let options = attributes.get(tc::OPTIONS).map(|options| options.value.to_vec());
        QdiscKind::Foreign(Unknown { bytes: options.unwrap_or_default(), why })
    };
    let kind = match &name[..] {
        "noqueue" => QdiscKind::NoQueue,
        "ingress" => QdiscKind::Ingress,
        "tbf" => tbf(attributes.nested(tc::OPTIONS))
            .map_or_else(|| foreign("a token bucket with a peak rate".to_owned()), QdiscKind::Tbf),
        _ => foreign(format!("qdisc \"{name}\"")),
    };
    Some(Qdisc { link: names.get(socket, tc::number(body, 4)?)?, place, kind })
}

fn tbf(options: Attributes<'_>) -> Option<Tbf> {
    let parameters = options.get(tc::TBF_PARMS)?.value;
    let peak = tc::number(parameters, 20)? != 0 || options.get(tc::TBF_PRATE64).is_some();
    let rate = options
        .get(tc::TBF_RATE64)
        .and_then(|rate| rate.value.try_into().ok().map(u64::from_ne_bytes))
        .or_else(|| tc::number(parameters, 8).map(u64::from))?;
    let burst = tc::tbf_burst(rate, tc::number(parameters, 28)?);
    (!peak).then_some(Tbf { rate, burst, limit: tc::number(parameters, 24)? })
}

/// The filters at the ingress of those links that have a qdisc for it. Where a link has several,
/// one that the model does not know stands for all.
pub fn filters(
    socket: &mut Socket,
    links: &Table<Link<Unknown>>,
    qdiscs: &Table<Qdisc<Unknown>>,
) -> Result<Table<Filter<Unknown>>> {
    let names = Names::of(links);
    let mut filters = Table::<Filter<Unknown>>::default();
    for qdisc in qdiscs.iter().filter(|qdisc| qdisc.place == Place::Ingress) {
        let Some(index) = links.get(&qdisc.link).and_then(|link| link.index) else { continue };
        let parent = match qdisc.kind {
            QdiscKind::Ingress => tc::INGRESS_HANDLE,
            _ => CLSACT_INGRESS,
        };
        let header = tc::header(index, 0, parent, 0).to_vec();
        let subject = format!("filters of {}", qdisc.link);
        for body in socket.dump(&Message::new(rtm::GET_FILTER, 0, header, subject))? {
            let Some(kind) = filter(socket, &names, &body) else { continue };
            let foreign = |filter: &Filter<_>| matches!(filter.kind, FilterKind::Foreign(_));
            if !filters.get(&qdisc.link).is_some_and(foreign) {
                filters.insert(Filter { link: qdisc.link.clone(), kind });
            }
        }
    }
    Ok(filters)
}

/// One filter; `None` for the messages that tell of its empty frame.
fn filter(socket: &Socket, names: &Names, body: &[u8]) -> Option<FilterKind<Unknown>> {
    let attributes = Attributes::after(body, HEADER);
    let name = attributes.get(tc::KIND)?.text();
    let options = attributes.nested(tc::OPTIONS);
    if tc::number(body, 8)? == 0 || name == "u32" && options.get(tc::U32_SEL).is_none() {
        return None;
    }
    let known = || {
        let selector = options.get(tc::U32_SEL)?.value;
        let keys = selector.get(16..32)?;
        let matches_all = selector.get(2) == Some(&1) && keys.iter().all(|byte| *byte == 0);
        let mut actions = options.nested(tc::U32_ACT);
        let action = actions.next()?.nested();
        let alone = actions.next().is_none();
        let mirred = action.nested(tc::ACT_OPTIONS).get(tc::MIRRED_PARMS)?.value;
        let redirects =
            action.get(tc::ACT_KIND)?.text() == "mirred" && tc::number(mirred, 20)? == tc::REDIRECT;
        let to = names.get(socket, tc::number(mirred, 24)?)?;
        (matches_all && alone && redirects).then_some(FilterKind::RedirectAll { to })
    };
    known().or_else(|| {
        let why = format!("filter \"{name}\"");
        Some(FilterKind::Foreign(Unknown { bytes: options.as_bytes().to_vec(), why }))
    })
}
