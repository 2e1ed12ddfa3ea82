//! A filter's text as words and signs.

use super::read::{Problem, Wrong};
use std::ops::Range;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, a number, an address.
    Word(String),
    /// A name that would be a keyword, but was escaped: `\tcp`.
    Name(String),
    Sign(&'static str),
}

/// The longer come first.
const SIGNS: [&str; 22] = [
    "&&", "||", "==", "!=", ">=", "<=", "<<", ">>", "!", "(", ")", "[", "]", ":", "&", "|", "^",
    "+", "-", "*", "/", "%",
];
const COMPARISONS: [&str; 3] = ["=", ">", "<"];

/// The words and signs, each with where it stands.
pub(super) fn words(text: &str) -> Result<Vec<(Token, Range<usize>)>, Wrong> {
    let mut tokens = Vec::new();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (start, token): (_, fn(String) -> Token) = match first {
            '\\' => (at + 1, Token::Name),
            _ => (at, Token::Word),
        };
        let length = word(&text[start..], depth > 0);
        if length > 0 {
            tokens.push((token(text[start..start + length].to_owned()), at..start + length));
            at = start + length;
            continue;
        }
        let mut signs = SIGNS.iter().chain(&COMPARISONS);
        let Some(sign) = signs.find(|sign| text[at..].starts_with(**sign)) else {
            let place = at..at + first.len_utf8();
            return Err(Wrong::at(place, Problem::Sign(first)));
        };
        match *sign {
            "[" => depth += 1,
            "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        tokens.push((Token::Sign(sign), at..at + sign.len()));
        at += sign.len();
    }
    Ok(tokens)
}

/// Bytes of the word that the text begins with. Within square brackets, a colon is a sign.
fn word(text: &str, within: bool) -> usize {
    let bytes = text.as_bytes();
    let mut length = 0;
    while let Some(byte) = bytes.get(length) {
        let address = bytes[..length].iter().any(|byte| matches!(byte, b'.' | b':'));
        let goes_on = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => true,
            b'.' => true,
            b'-' => length > 0,
            b':' => !within && (length > 0 || bytes.get(1) == Some(&b':')),
            b'/' => address && !within,
            _ => false,
        };
        if !goes_on {
            break;
        }
        length += 1;
    }
    length
}
