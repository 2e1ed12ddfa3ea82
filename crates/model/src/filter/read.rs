//! From words to an expression: the grammar of `pcap-filter(7)`, as far as it is understood.

use super::arithmetic;
use super::expression::{Comparison, Expression, Primitive};
use super::primitive::{self, Qualifiers};
use super::words::{Token, words};
use std::net::IpAddr;
use std::ops::Range;

/// What is wrong with a filter, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Bytes of the text.
    pub place: Range<usize>,
    pub problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No filter has this sign.
    Sign(char),
    /// Something else should stand here; what, in the words of [`Wanted`].
    Expected(Wanted),
    /// It is neither a keyword nor the name of a host that is known.
    Unknown(String),
    /// tcpdump understands it, this does not.
    NotHere(String),
    /// A protocol with something that it does not have.
    Mismatch {
        protocol: String,
        with: String,
    },
    /// Bits are set that the prefix does not have.
    HostBits {
        prefix: String,
        meant: String,
    },
    /// Too many brackets in brackets.
    TooDeep,
    DivisionByZero,
    /// By more bits than a number has.
    ShiftTooFar,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Primitive,
    Address,
    Network,
    Mask,
    Port,
    Ports,
    Protocol,
    EtherType,
    Mac,
    Number,
    VlanId,
    Size,
    Comparison,
    Bracket,
    SquareBracket,
    End,
}

impl Wrong {
    pub(super) fn at(place: Range<usize>, problem: Problem) -> Self {
        Self { place, problem }
    }
}

/// Brackets in brackets at most.
const DEEPEST: usize = 64;

pub(super) fn read(text: &str, hosts: &dyn Fn(&str) -> Vec<IpAddr>) -> Result<Expression, Wrong> {
    let tokens = words(text)?;
    let mut reader = Reader { tokens, at: 0, end: text.len(), hosts, last: None, depth: 0 };
    let expression = reader.expression()?;
    if reader.peek().is_some() {
        return Err(reader.expected(Wanted::End));
    }
    Ok(expression)
}

pub(super) struct Reader<'a> {
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    /// Bytes of the text.
    end: usize,
    pub(super) hosts: &'a dyn Fn(&str) -> Vec<IpAddr>,
    /// What stood before the last value, if that was what the last primitive was about: `port 80 or
    /// 443` means `port 80 or port 443`.
    pub(super) last: Option<Qualifiers>,
    depth: usize,
}

impl Reader<'_> {
    pub(super) fn peek(&self) -> Option<&Token> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|(token, _)| token)
    }

    /// A word that may be a keyword.
    pub(super) fn peek_word(&self) -> Option<&str> {
        match self.peek() {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// A word that is about to be a value.
    pub(super) fn peek_name(&self) -> Option<&str> {
        match self.peek() {
            Some(Token::Word(word) | Token::Name(word)) => Some(word),
            _ => None,
        }
    }

    pub(super) fn step(&mut self) {
        self.at += 1;
    }

    /// Where the next token stands; at the end, behind the text.
    pub(super) fn place(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.end..self.end, |(_, place)| place.clone())
    }

    pub(super) fn wrong(&self, problem: Problem) -> Wrong {
        Wrong::at(self.place(), problem)
    }

    pub(super) fn expected(&self, wanted: Wanted) -> Wrong {
        self.wrong(Problem::Expected(wanted))
    }

    pub(super) fn takes_word(&mut self, word: &str) -> bool {
        let is = self.peek_word() == Some(word);
        self.at += usize::from(is);
        is
    }

    pub(super) fn takes_sign(&mut self, sign: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Sign(its)) if *its == sign);
        self.at += usize::from(is);
        is
    }

    pub(super) fn word(&mut self, wanted: Wanted) -> Result<String, Wrong> {
        let word = self.peek_name().map(str::to_owned).ok_or_else(|| self.expected(wanted))?;
        self.step();
        Ok(word)
    }

    pub(super) fn takes_not(&mut self) -> bool {
        self.takes_word("not") || self.takes_sign("!")
    }

    /// Goes a bracket deeper for a while.
    pub(super) fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Wrong>,
    ) -> Result<T, Wrong> {
        if self.depth == DEEPEST {
            return Err(self.wrong(Problem::TooDeep));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// `and` and `or` bind equally, and from the left.
    pub(super) fn expression(&mut self) -> Result<Expression, Wrong> {
        let mut left = self.term()?;
        loop {
            if self.takes_word("and") || self.takes_sign("&&") {
                left = Expression::And(Box::new(left), Box::new(self.term()?));
            } else if self.takes_word("or") || self.takes_sign("||") {
                left = Expression::Or(Box::new(left), Box::new(self.term()?));
            } else {
                return Ok(left);
            }
        }
    }

    fn term(&mut self) -> Result<Expression, Wrong> {
        if self.takes_not() {
            let inner = self.deeper(Self::term)?;
            return Ok(Expression::Not(Box::new(inner)));
        }
        if let Some(relation) = self.relation()? {
            self.last = None;
            return Ok(relation);
        }
        if self.takes_sign("(") {
            let before = self.last.clone();
            let inner = self.deeper(Self::expression)?;
            self.last = before;
            return match self.takes_sign(")") {
                true => Ok(inner),
                false => Err(self.expected(Wanted::Bracket)),
            };
        }
        primitive::read(self)
    }

    /// A comparison, if one stands here. A bracket may begin either, so it is tried.
    fn relation(&mut self) -> Result<Option<Expression>, Wrong> {
        if !arithmetic::may_begin(self) {
            return Ok(None);
        }
        let (start, certain) = (self.at, arithmetic::begins(self));
        let left = match arithmetic::read(self) {
            Ok(left) => left,
            Err(wrong) if certain => return Err(wrong),
            Err(_) => {
                self.at = start;
                return Ok(None);
            }
        };
        let Some((comparison, holds)) = self.comparison() else {
            if certain {
                return Err(self.expected(Wanted::Comparison));
            }
            self.at = start;
            return Ok(None);
        };
        let place = self.place();
        let right = arithmetic::read(self)?;
        // The right side waits in memory while the left one is worked out.
        arithmetic::check(&left, &right).map_err(|problem| Wrong::at(place, problem))?;
        let relation = Primitive::Relation { left, comparison, holds, right };
        Ok(Some(Expression::Is(relation)))
    }

    fn comparison(&mut self) -> Option<(Comparison, bool)> {
        let found = match self.peek()? {
            Token::Sign("=" | "==") => (Comparison::Equal, true),
            Token::Sign("!=") => (Comparison::Equal, false),
            Token::Sign(">") => (Comparison::Greater, true),
            Token::Sign("<=") => (Comparison::Greater, false),
            Token::Sign(">=") => (Comparison::AtLeast, true),
            Token::Sign("<") => (Comparison::AtLeast, false),
            _ => return None,
        };
        self.step();
        Some(found)
    }
}
