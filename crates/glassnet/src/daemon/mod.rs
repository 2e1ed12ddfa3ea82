//! `glassnet node`: the one owner of this host's attachments.

mod book;
mod record;
