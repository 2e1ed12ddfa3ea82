//! Queueing disciplines and filters.

use super::{index, subject};
use crate::Result;
use crate::netlink::{CREATE, EXCL, Message, REPLACE, Socket, Writer, rtm};
use crate::traffic_control as tc;
use model::host::qdisc::{Filter, FilterKind, Place, Qdisc, QdiscKind};
use model::host::{NamespaceId, Never};

pub(super) fn add_qdisc(
    socket: &Socket,
    home: &NamespaceId,
    qdisc: &Qdisc<Never>,
) -> Result<Message> {
    let mut body = place(socket, home, qdisc)?;
    match &qdisc.kind {
        QdiscKind::NoQueue => body.text(tc::KIND, "noqueue"),
        QdiscKind::Ingress => body.text(tc::KIND, "ingress"),
        QdiscKind::Tbf(tbf) => {
            body.text(tc::KIND, "tbf");
            body.nest(tc::OPTIONS, |body| {
                body.bytes(tc::TBF_PARMS, &tc::tbf_parameters(tbf.rate, tbf.limit));
                body.u32(tc::TBF_BURST, tbf.burst);
                if tbf.rate > u64::from(u32::MAX) {
                    body.u64(tc::TBF_RATE64, tbf.rate);
                }
            });
        }
        QdiscKind::Foreign(never) => match *never {},
    }
    // A bucket of another size takes its predecessor's place without a gap.
    let flags = match qdisc.kind {
        QdiscKind::Tbf(_) => CREATE | REPLACE,
        _ => CREATE | EXCL,
    };
    Ok(message(rtm::NEW_QDISC, flags, body, home, qdisc))
}

pub(super) fn remove_qdisc(
    socket: &Socket,
    home: &NamespaceId,
    qdisc: &Qdisc<Never>,
) -> Result<Message> {
    Ok(message(rtm::DELETE_QDISC, 0, place(socket, home, qdisc)?, home, qdisc))
}

fn place(socket: &Socket, home: &NamespaceId, qdisc: &Qdisc<Never>) -> Result<Writer> {
    let link = index(socket, home, &qdisc.link)?;
    Ok(Writer::after(&match qdisc.place {
        Place::Root => tc::header(link, 0, tc::ROOT, 0),
        Place::Ingress => tc::header(link, tc::INGRESS_HANDLE, tc::INGRESS, 0),
    }))
}

fn message(
    kind: u16,
    flags: u16,
    body: Writer,
    home: &NamespaceId,
    qdisc: &Qdisc<Never>,
) -> Message {
    let what = format_args!("qdisc at the {:?} of {}", qdisc.place, qdisc.link);
    Message::new(kind, flags, body.finish(), subject(what, home))
}

pub(super) fn add_filter(
    socket: &Socket,
    home: &NamespaceId,
    filter: &Filter<Never>,
) -> Result<Message> {
    let FilterKind::RedirectAll { to } = &filter.kind else { unreachable!("no value is foreign") };
    let target = index(socket, home, to)?;
    let mut body = filter_place(socket, home, filter, tc::FILTER_HANDLE)?;
    body.nest(tc::OPTIONS, |body| {
        body.bytes(tc::U32_SEL, &tc::MATCH_ALL);
        body.nest(tc::U32_ACT, |body| {
            body.nest(1, |body| {
                body.text(tc::ACT_KIND, "mirred");
                body.nest(tc::ACT_OPTIONS, |body| {
                    body.bytes(tc::MIRRED_PARMS, &tc::redirect(target));
                });
            });
        });
    });
    Ok(filter_message(rtm::NEW_FILTER, CREATE | EXCL, body, home, filter))
}

pub(super) fn remove_filter(
    socket: &Socket,
    home: &NamespaceId,
    filter: &Filter<Never>,
) -> Result<Message> {
    let body = filter_place(socket, home, filter, 0)?;
    Ok(filter_message(rtm::DELETE_FILTER, 0, body, home, filter))
}

fn filter_place(
    socket: &Socket,
    home: &NamespaceId,
    filter: &Filter<Never>,
    handle: u32,
) -> Result<Writer> {
    let link = index(socket, home, &filter.link)?;
    let mut body = Writer::after(&tc::header(link, handle, tc::INGRESS_HANDLE, tc::FILTER_INFO));
    body.text(tc::KIND, "u32");
    Ok(body)
}

fn filter_message(
    kind: u16,
    flags: u16,
    body: Writer,
    home: &NamespaceId,
    filter: &Filter<Never>,
) -> Message {
    let what = format_args!("filter at the ingress of {}", filter.link);
    Message::new(kind, flags, body.finish(), subject(what, home))
}
