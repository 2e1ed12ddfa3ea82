//! Lists of sentences with typed facts, in every language side by side.
//!
//! A value of such a list crosses the protocol as its name and its facts; whoever shows it says it
//! in the reader's language. A fact that either text leaves out does not compile, nor does a
//! sentence without a Chinese text.

use super::Language;
use crate::cluster::{AttachmentId, Backend, ContainerId, Means, NetworkName, NodeName, Publish};
use crate::net::{Family, IpNet, LinkName, Mac, Transport};
use std::net::{IpAddr, SocketAddr};

/// What can stand in a sentence.
pub trait Say {
    fn said(&self, language: Language) -> String;
}

macro_rules! the_same_in_each {
    ($($type:ty),* $(,)?) => {
        $(impl Say for $type {
            fn said(&self, _: Language) -> String {
                self.to_string()
            }
        })*
    };
}

the_same_in_each!(
    AttachmentId,
    Backend,
    ContainerId,
    Family,
    IpAddr,
    IpNet,
    LinkName,
    Mac,
    Means,
    NetworkName,
    NodeName,
    Publish,
    SocketAddr,
    Transport,
    bool,
    i32,
    u8,
    u16,
    u32,
    u64,
    usize,
);

/// A text from elsewhere. It must not move the cursor of the terminal it is shown on, so control
/// characters are written out; line breaks are kept, for what other programs said.
impl Say for str {
    fn said(&self, _: Language) -> String {
        let control = |c: char| c.is_control() && c != '\n';
        if !self.contains(control) {
            return self.to_owned();
        }
        let mut plain = String::with_capacity(self.len());
        for character in self.chars() {
            if control(character) {
                plain.extend(character.escape_default());
            } else {
                plain.push(character);
            }
        }
        plain
    }
}

impl Say for String {
    fn said(&self, language: Language) -> String {
        self.as_str().said(language)
    }
}

impl Say for &'static str {
    fn said(&self, _: Language) -> String {
        (*self).to_owned()
    }
}

/// A list. That it is empty, the sentence around it has to know.
impl<T: Say> Say for Vec<T> {
    fn said(&self, language: Language) -> String {
        let comma = if language == Language::Zh { "、" } else { ", " };
        self.iter().map(|one| one.said(language)).collect::<Vec<_>>().join(comma)
    }
}

impl<T: Say + ?Sized> Say for Box<T> {
    fn said(&self, language: Language) -> String {
        (**self).said(language)
    }
}

/// Makes an enum of sentences. Each is a name, its facts, and the text in each language.
macro_rules! sentences {
    (
        $(#[$list_doc:meta])*
        enum $List:ident;
        $(
            $(#[$doc:meta])*
            $id:ident $({ $($field:ident: $type:ty),* $(,)? })?
                en $en:literal
                zh $zh:literal
        )*
    ) => {
        $(#[$list_doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "is", content = "facts", rename_all = "kebab-case")]
        pub enum $List {
            $($(#[$doc])* $id $({ $($field: $type),* })?,)*
        }

        impl $List {
            /// Each sentence's name with its texts, facts not filled in.
            pub const TEXTS: &'static [(&'static str, &'static str, &'static str)] =
                &[$((stringify!($id), $en, $zh),)*];

            pub fn say(&self, language: $crate::explain::Language) -> String {
                #[allow(unused_imports)]
                use $crate::explain::Say as _;
                match language {
                    $crate::explain::Language::En => match self {
                        $(Self::$id $({ $($field),* })? => {
                            $($(let $field = $field.said(language);)*)?
                            format!($en)
                        })*
                    },
                    $crate::explain::Language::Zh => match self {
                        $(Self::$id $({ $($field),* })? => {
                            $($(let $field = $field.said(language);)*)?
                            format!($zh)
                        })*
                    },
                }
            }
        }

        impl $crate::explain::Say for $List {
            fn said(&self, language: $crate::explain::Language) -> String {
                self.say(language)
            }
        }

        /// In English, for logs.
        impl std::fmt::Display for $List {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.say($crate::explain::Language::En))
            }
        }
    };
}

pub(super) use sentences;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::*;

    #[test]
    fn no_sentence_lacks_its_chinese_text() {
        let lists = [
            Reason::TEXTS,
            Deed::TEXTS,
            Notice::TEXTS,
            Fault::TEXTS,
            Named::TEXTS,
            SystemFault::TEXTS,
            StoreFault::TEXTS,
            StoreTried::TEXTS,
            StoreFailure::TEXTS,
            StoreRefusal::TEXTS,
            Reserved::TEXTS,
            Unusable::TEXTS,
            NetworkDifference::TEXTS,
            AttachmentDifference::TEXTS,
            Choice::TEXTS,
            Ports::TEXTS,
            PathText::TEXTS,
            AddressKind::TEXTS,
            PrefixFault::TEXTS,
            PrefixCure::TEXTS,
            LabFailure::TEXTS,
            LabDeed::TEXTS,
            LabMistake::TEXTS,
            LabCure::TEXTS,
            LabThing::TEXTS,
            LabValue::TEXTS,
            Text::TEXTS,
            Unsent::TEXTS,
            WayFault::TEXTS,
            CaptureText::TEXTS,
            LadderText::TEXTS,
            FilterFault::TEXTS,
            ChangeFault::TEXTS,
            TraceText::TEXTS,
            PartText::TEXTS,
            Cure::TEXTS,
            ReachText::TEXTS,
            TraceRefusal::TEXTS,
            Target::TEXTS,
            Lesson::TEXTS,
            MaskedText::TEXTS,
        ];
        let mut seen = 0;
        for (name, en, zh) in lists.into_iter().flatten() {
            seen += 1;
            assert_eq!(facts(en), facts(zh), "{name}: both texts tell the same facts");
            // What is the same in both languages is a name of the field, or nothing but facts.
            let same = *name == "Mtu" || !without_facts(en).chars().any(char::is_alphabetic);
            let chinese = zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert!(chinese || same, "{name} has no Chinese text: {zh}");
            assert!(en.is_ascii() || en.contains('§'), "{name}: {en}");
        }
        assert!(seen > 200, "{seen} sentences only");
    }

    /// The facts a text names, each once.
    fn facts(text: &str) -> std::collections::BTreeSet<&str> {
        let named = text.split('{').skip(1);
        named.filter_map(|rest| rest.split_once('}')?.0.split(':').next()).collect()
    }

    fn without_facts(text: &str) -> String {
        let parts = text.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
        parts.collect()
    }

    #[test]
    fn a_fact_cannot_write_to_the_terminal() {
        let name = "a\u{1b}[2Jb\u{9b}".to_owned();
        assert_eq!(name.said(Language::En), "a\\u{1b}[2Jb\\u{9b}");
    }
}
