//! Everybody asks everything; what was said and what happened, side by side.

use crate::ask::{Answer, Kind, Question};
use crate::listen::Receipt;
use crate::predict::{Predicted, predict};
use crate::stage::{CLOSED, OPEN, Stage};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// As many as ask at once, and as many predictions as are made at once: both mostly wait.
const CROWD: usize = 64;
const SEERS: usize = 8;

/// A container in two networks may have two default routes. The kernel goes by which gateway it has heard
/// of lately and which it took last (`fib_select_default`), and for IPv6 by a secret.
pub(crate) const TWO_GATEWAYS: &str = "several next hops";

/// The program by which Docker serves a published port to the host itself.
const RELAY: &str = "docker-proxy";

/// An address and a port that are offered by nobody in particular, or are reached by a way of their own.
pub(crate) struct Offer {
    pub(crate) to: IpAddr,
    pub(crate) kind: Kind,
    /// Where chance decides, what is to be said of it; and then it arrives all the same.
    pub(crate) uncertain: Option<&'static str>,
}

impl Offer {
    pub(crate) fn new(to: &str, kind: Kind) -> Self {
        Self { to: to.parse().unwrap(), kind, uncertain: None }
    }
}

struct Asked {
    question: Question,
    uncertain: Option<&'static str>,
    predicted: Predicted,
    said: String,
}

impl Stage {
    /// Asks each address of each place in each manner, and each offer, from everywhere; prints the counts
    /// and fails if anything differs.
    ///
    /// `chance` names what decides by chance on some way or other, and has to be said then.
    pub(crate) fn compare(&self, network: &str, offers: &[Offer], chance: &[&str]) {
        let start = Instant::now();
        let asked = self.predictions(offers);
        let predicted = start.elapsed();
        // No number is used twice in a process.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let first = NEXT.fetch_add(asked.len() as u32, Ordering::Relaxed);
        let answers =
            side_by_side(CROWD, &asked, |nth, asked| asked.question.ask(first + nth as u32));
        // What comes late is still one's own.
        std::thread::sleep(Duration::from_millis(300));
        let mut wrong = Vec::new();
        let (mut arrived, mut refused, mut uncertain) = (0, 0, 0);
        for (number, (asked, answer)) in (first..).zip(asked.iter().zip(answers)) {
            let receipts = self.heard.of(number);
            match judge(asked, answer, &receipts, chance) {
                Ok(()) => match asked.predicted {
                    Predicted::Taken { .. } => arrived += 1,
                    Predicted::Refused => refused += 1,
                    Predicted::Lost | Predicted::Unsent => {}
                    Predicted::Unknown { .. } => uncertain += 1,
                },
                Err(why) => {
                    let Asked { question, said, .. } = asked;
                    wrong.push(format!("{question}: {why}\n    predicted: {said}\n    observed: {answer:?} {receipts:?}"));
                }
            }
        }
        println!(
            "{network}: {} asked, {} agreed, {} wrong; {arrived} arrived, {refused} were refused, {} lost, \
             {uncertain} left to chance; predicted in {:.1} s, asked in {:.1} s",
            asked.len(),
            asked.len() - wrong.len(),
            wrong.len(),
            asked.len() - wrong.len() - arrived - refused - uncertain,
            predicted.as_secs_f32(),
            (start.elapsed() - predicted).as_secs_f32(),
        );
        assert!(wrong.is_empty(), "{network}: {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    }

    fn predictions(&self, offers: &[Offer]) -> Vec<Asked> {
        let addresses: BTreeSet<IpAddr> =
            self.places.iter().flat_map(|place| place.addresses()).collect();
        let kinds =
            [Kind::Tcp(OPEN), Kind::Tcp(CLOSED), Kind::Udp(OPEN), Kind::Udp(CLOSED), Kind::Echo];
        let plain = addresses.into_iter().flat_map(|to| kinds.map(|kind| (to, kind, None)));
        let offered = offers.iter().map(|offer| (offer.to, offer.kind, offer.uncertain));
        let all: Vec<_> = plain.chain(offered).collect();
        let questions: Vec<_> = self
            .places
            .iter()
            .flat_map(|from| {
                all.iter().map(move |(to, kind, uncertain)| {
                    (Question { from: Arc::clone(from), to: *to, kind: *kind }, *uncertain)
                })
            })
            .collect();
        let predicted = side_by_side(SEERS, &questions, |_, (question, _)| predict(question));
        let both = questions.into_iter().zip(predicted);
        both.map(|((question, uncertain), (predicted, said))| Asked {
            question,
            uncertain,
            predicted,
            said,
        })
        .collect()
    }
}

/// Whether what happened is what was said.
fn judge(
    asked: &Asked,
    answer: Answer,
    receipts: &[Receipt],
    chance: &[&str],
) -> Result<(), String> {
    let right = |is: bool, why: &str| if is { Ok(()) } else { Err(why.to_owned()) };
    let got = !receipts.is_empty();
    if let Some(why) = asked.uncertain {
        return match &asked.predicted {
            Predicted::Unknown { why: said } if said.contains(why) => {
                right(got && answer == Answer::Came, "chance may choose, but it has to arrive")
            }
            other => Err(format!("chance decides (\"{why}\"), and this was said: {other:?}")),
        };
    }
    match &asked.predicted {
        Predicted::Unknown { why } if chance.iter().any(|chance| why.contains(chance)) => Ok(()),
        Predicted::Unknown { why } => Err(format!("unknown: {why}")),
        Predicted::Refused => {
            let told = matches!(answer, Answer::Refused | Answer::Unreachable);
            right(told && !got, "it was to be refused")
        }
        Predicted::Unsent => {
            let unsent = matches!(answer, Answer::Unsent | Answer::Unreachable);
            right(unsent && !got, "it was not to be sent")
        }
        Predicted::Lost => {
            let unheard = matches!(answer, Answer::Silence | Answer::Unsent);
            right(unheard && !got, "it was to be lost")
        }
        // No socket of ours sees an echo request, or a connection whose answer is lost.
        Predicted::Taken { answered: false, .. }
            if !matches!(asked.question.kind, Kind::Udp(_)) =>
        {
            right(answer == Answer::Silence && !got, "the answer was to be lost")
        }
        // It goes on in its own name, or ends the connection if it cannot; and it answers datagrams from
        // any address of its host's, which is the program's doing, not the network's.
        Predicted::Taken { process: Some(process), .. } if process == RELAY => {
            let stood = matches!(answer, Answer::Came | Answer::Closed);
            let datagram = matches!(asked.question.kind, Kind::Udp(_));
            right(stood || datagram && receipts.len() == 1, "Docker's proxy was to take it")
        }
        Predicted::Taken { seen: None, .. } => {
            right(answer == Answer::Came, "it was to be answered")
        }
        Predicted::Taken { place, seen: Some((from, to)), answered, .. } => {
            let wanted = |receipt: &Receipt| {
                (&receipt.place, &receipt.from, &receipt.to) == (place, from, to)
            };
            right(
                receipts.len() == 1 && receipts.iter().all(wanted),
                "another was to get it, or from another",
            )?;
            right((answer == Answer::Came) == *answered, "the answer's fate is another")
        }
    }
}

/// Work on each item, by so many threads, in the order of the items.
fn side_by_side<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(usize, &T) -> R + Sync,
) -> Vec<R> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(number) else { return };
                    let result = work(number, item);
                    done.lock().unwrap().push((number, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(number, _)| *number);
    assert_eq!(done.len(), items.len());
    done.into_iter().map(|(_, result)| result).collect()
}
