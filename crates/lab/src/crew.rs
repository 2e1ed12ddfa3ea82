//! Doing the same for many things at once, a few at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use crate::error::Error;

/// Works on every item and gives the results in the items' order, or the
/// first failure. `done` is called in the caller's thread after each.
pub(crate) fn each<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, Error> + Sync,
    mut done: impl FnMut(usize, &T),
) -> Result<Vec<R>, Error> {
    let hands = thread::available_parallelism().map_or(2, usize::from).clamp(2, 8);
    let next = AtomicUsize::new(0);
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    let mut failure = None;
    thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        for _ in 0..hands.min(items.len()) {
            let (tell, next, work) = (tell.clone(), &next, &work);
            scope.spawn(move || {
                while let Some((number, item)) = claim(items, next) {
                    let result = work(item);
                    // After a failure nothing more is begun.
                    if result.is_err() {
                        next.store(items.len(), Ordering::Relaxed);
                    }
                    if tell.send((number, result)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(tell);
        for (count, (number, result)) in told.iter().enumerate() {
            match result {
                Ok(result) => {
                    results[number] = Some(result);
                    done(count + 1, &items[number]);
                }
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(results.into_iter().flatten().collect()),
    }
}

fn claim<'a, T>(items: &'a [T], next: &AtomicUsize) -> Option<(usize, &'a T)> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    items.get(number).map(|item| (number, item))
}
