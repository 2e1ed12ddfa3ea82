//! What a chain of nftables does with a packet (`net/netfilter/nf_tables_core.c`,
//! `nft_do_chain`): rules in order, jumps and returns, and the policy at the end.
//!
//! A rule whose outcome hangs on something the walk does not know ends the walk as unknown, but
//! only if the rest of the rule could match: an expression that surely breaks settles it.

mod ct;
mod expression;
mod fib;
mod meta;
mod nat;
mod register;
mod set;
mod xt;

use self::expression::{Outcome, rule};
use super::Evidence;
use super::buffer::State;
use super::hooks::At;
use super::machine::{Halt, Machine, unknown};
use crate::host::Unknown;
use crate::host::nft::{Chain, NftTable, Policy, Rule, Verdict, text};

/// What a chain works on.
pub(super) struct Scene<'s, 'a> {
    pub(super) machine: &'s Machine<'a>,
    pub(super) table: &'s NftTable<Unknown>,
    pub(super) at: &'s At<'s>,
    pub(super) state: &'s mut State,
    pub(super) evidence: &'s mut Vec<Evidence>,
    /// Rules looked at so far.
    pub(super) rules: usize,
}

/// What a base chain made of the packet.
pub(super) enum Fate {
    Accepted,
    Dropped(Evidence),
}

/// How a chain ended.
enum Ended {
    Decided(Fate),
    /// No rule decided; back to who called.
    Through,
}

/// `NFT_JUMP_STACK_SIZE`.
const DEEPEST: usize = 16;

/// Jumps that fan out could make a short ruleset a long walk.
const MOST_RULES: usize = 1_000_000;

/// A base chain's verdict.
pub(super) fn base_chain(scene: &mut Scene<'_, '_>, base: &Chain<Unknown>) -> Result<Fate, Halt> {
    if let Ended::Decided(fate) = chain(scene, base, 0)? {
        return Ok(fate);
    }
    let policy = base.base.as_ref().map_or(Policy::Accept, |base| base.policy);
    let evidence = Evidence::Policy {
        family: scene.table.family,
        table: scene.table.name.clone(),
        chain: base.name.clone(),
        accepts: policy == Policy::Accept,
    };
    match policy {
        Policy::Accept => {
            scene.evidence.push(evidence);
            Ok(Fate::Accepted)
        }
        Policy::Drop => Ok(Fate::Dropped(evidence)),
    }
}

fn chain(scene: &mut Scene<'_, '_>, chain: &Chain<Unknown>, depth: usize) -> Result<Ended, Halt> {
    if depth > DEEPEST {
        return unknown(format!("chain {} is more than {DEEPEST} jumps deep", chain.name));
    }
    for each in &chain.rules {
        scene.rules += 1;
        if scene.rules > MOST_RULES {
            return unknown(format!("chain {} leads through {MOST_RULES} rules", chain.name));
        }
        let mut changed = false;
        let outcome = rule(scene, chain, each, &mut changed)?;
        let evidence = |verdict| evidence(scene.table, chain, each, verdict);
        match outcome {
            Outcome::Breaks => {}
            Outcome::Through if changed => scene.evidence.push(evidence(None)),
            Outcome::Through => {}
            Outcome::Bound => {
                scene.evidence.push(evidence(None));
                return Ok(Ended::Decided(Fate::Accepted));
            }
            Outcome::Refused => {
                return Ok(Ended::Decided(Fate::Dropped(evidence(Some(Verdict::Drop)))));
            }
            Outcome::Verdict(verdict) => match &verdict {
                Verdict::Accept => {
                    scene.evidence.push(evidence(Some(verdict)));
                    return Ok(Ended::Decided(Fate::Accepted));
                }
                Verdict::Drop => {
                    return Ok(Ended::Decided(Fate::Dropped(evidence(Some(verdict)))));
                }
                Verdict::Queue(number) => {
                    let at = said(scene.table, chain, each);
                    return unknown(format!("{at} asks a program, by queue {number}"));
                }
                Verdict::Continue => {}
                Verdict::Return => return Ok(Ended::Through),
                Verdict::Jump(to) => {
                    if let Ended::Decided(fate) = self::chain(scene, find(scene, to)?, depth + 1)? {
                        return Ok(Ended::Decided(fate));
                    }
                }
                Verdict::Goto(to) => {
                    return self::chain(scene, find(scene, to)?, depth + 1);
                }
            },
        }
    }
    Ok(Ended::Through)
}

fn find<'s>(scene: &Scene<'s, '_>, name: &str) -> Result<&'s Chain<Unknown>, Halt> {
    match scene.table.chains.get(&name.to_owned()) {
        Some(chain) => Ok(chain),
        None => unknown(format!("chain {name} of table {} was not read", scene.table.name)),
    }
}

fn evidence(
    table: &NftTable<Unknown>,
    chain: &Chain<Unknown>,
    rule: &Rule<Unknown>,
    verdict: Option<Verdict>,
) -> Evidence {
    Evidence::Rule {
        family: table.family,
        table: table.name.clone(),
        chain: chain.name.clone(),
        handle: rule.handle,
        comment: rule.comment.clone(),
        text: text::rule(table, chain, rule),
        verdict,
    }
}

/// A rule in words, to say where something unknown is.
fn said(table: &NftTable<Unknown>, chain: &Chain<Unknown>, rule: &Rule<Unknown>) -> String {
    let family = format!("{:?}", table.family).to_lowercase();
    let which = match (&rule.comment, rule.handle, position(chain, rule)) {
        (Some(comment), ..) => format!("\"{comment}\""),
        (None, Some(handle), _) => format!("with handle {handle}"),
        (None, None, number) => format!("number {number}"),
    };
    format!("rule {which} of chain {} in table {family} {}", chain.name, table.name)
}

fn position(chain: &Chain<Unknown>, rule: &Rule<Unknown>) -> usize {
    chain.rules.iter().position(|each| std::ptr::eq(each, rule)).map_or(0, |at| at + 1)
}
