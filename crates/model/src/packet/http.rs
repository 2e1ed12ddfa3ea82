//! HTTP/1: the first line of a request or an answer, and the header lines behind it as they are
//! (RFC 9112 §2 to §5). What they announce is a payload.

use super::field::Fields;
use super::{Field, Header, Malformed};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    pub first: FirstLine,
    /// From the first line's end to the empty line, both with it; less if more is to come.
    pub rest: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FirstLine {
    Request {
        method: String,
        target: String,
        version: String,
    },
    /// Without a phrase there may be no space before it either.
    Response {
        version: String,
        status: u16,
        phrase: Option<String>,
    },
}

/// The longest first line that is looked for.
const LONGEST: usize = 8000;

impl Http {
    /// The header lines, each with its first byte counted from the rest's.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut at = 0;
        self.rest.split_inclusive(|byte| *byte == b'\n').filter_map(move |line| {
            let start = at;
            at += line.len();
            let text = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
            let text = text.strip_suffix('\r').unwrap_or(text);
            (!text.is_empty()).then_some((start, text))
        })
    }

    /// What a header says.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.lines().find_map(|(_, line)| {
            let (its, value) = line.split_once(':')?;
            its.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

impl FirstLine {
    fn read(line: &str) -> Option<Self> {
        if line.starts_with("HTTP/") {
            let (version, rest) = line.split_once(' ')?;
            let (status, phrase) = match rest.split_once(' ') {
                Some((status, phrase)) => (status, Some(phrase.to_owned())),
                None => (rest, None),
            };
            let digits = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
            let status = status.parse().ok().filter(|_| digits && is_version(version))?;
            return Some(Self::Response { version: version.to_owned(), status, phrase });
        }
        let mut parts = line.split(' ');
        let (method, target, version) = (parts.next()?, parts.next()?, parts.next()?);
        let token = |text: &str| {
            let fits = |byte: u8| byte.is_ascii_uppercase() || byte == b'-';
            (1..=20).contains(&text.len()) && text.bytes().all(fits)
        };
        let is = token(method) && !target.is_empty() && is_version(version);
        (is && parts.next().is_none()).then(|| Self::Request {
            method: method.to_owned(),
            target: target.to_owned(),
            version: version.to_owned(),
        })
    }

    fn written(&self) -> String {
        match self {
            Self::Request { method, target, version } => format!("{method} {target} {version}"),
            Self::Response { version, status, phrase: Some(phrase) } => {
                format!("{version} {status:03} {phrase}")
            }
            Self::Response { version, status, phrase: None } => format!("{version} {status:03}"),
        }
    }
}

/// `HTTP/1.0` or `HTTP/1.1`.
fn is_version(text: &str) -> bool {
    matches!(text, "HTTP/1.0" | "HTTP/1.1")
}

/// As [`FirstLine`] is shown.
impl std::fmt::Display for FirstLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.written())
    }
}

impl Header for Http {
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let no = |value: usize| Malformed::NotRead { field: "http", value: value as u64 };
        let window = &bytes[..bytes.len().min(LONGEST)];
        let newline = window.iter().position(|byte| *byte == b'\n').ok_or_else(|| no(0))?;
        let line = bytes[..newline].strip_suffix(b"\r").unwrap_or(&bytes[..newline]);
        let first = std::str::from_utf8(line).ok().and_then(FirstLine::read);
        let first = first.ok_or_else(|| no(newline))?;
        let (mut end, mut start) = (bytes.len(), newline + 1);
        for next in bytes[start..].split_inclusive(|byte| *byte == b'\n') {
            start += next.len();
            if matches!(next, b"\r\n" | b"\n") {
                end = start;
                break;
            }
        }
        Ok((Self { first, rest: bytes[line.len()..end].to_vec() }, end))
    }

    fn emit(&self, to: &mut Vec<u8>) {
        to.extend(self.first.written().as_bytes());
        to.extend(&self.rest);
    }

    fn fields(&self) -> Vec<Field> {
        let (mut fields, lines) = match &self.first {
            FirstLine::Request { method, target, version } => (
                Fields::new()
                    .then("http.request.method", method.len(), &method[..])
                    .skip(1)
                    .then("http.request.uri", target.len(), &target[..])
                    .skip(1)
                    .then("http.request.version", version.len(), &version[..]),
                "http.request.line",
            ),
            FirstLine::Response { version, status, phrase } => {
                let fields = Fields::new()
                    .then("http.response.version", version.len(), &version[..])
                    .skip(1)
                    .then("http.response.code", 3, *status);
                let fields = match phrase {
                    Some(phrase) => {
                        fields.skip(1).then("http.response.phrase", phrase.len(), &phrase[..])
                    }
                    None => fields,
                };
                (fields, "http.response.line")
            }
        };
        for (at, line) in self.lines() {
            fields = fields.bits(lines, at..at + line.len(), line);
        }
        fields.end()
    }
}
