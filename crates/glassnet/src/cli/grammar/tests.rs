//! The grammar is sound, and what it does not understand is told in both languages.

use super::*;
use crate::cli::output::Output;

fn read(line: &str, language: Language) -> Result<Read, Error> {
    super::read(line.split_whitespace().map(OsString::from).collect(), language)
}

/// The message of a line that is not understood.
fn no(line: &str, language: Language) -> String {
    match read(line, language) {
        Err(error) => error.message(language),
        Ok(_) => panic!("understood: {line}"),
    }
}

#[test]
fn the_grammar_is_sound() {
    for language in Language::BOTH {
        command(language).debug_assert();
    }
}

#[test]
fn options_for_all_may_stand_anywhere() {
    for line in ["glassnet --json ls", "glassnet ls --json", "glassnet network --lang zh ls"] {
        assert!(matches!(read(line, Language::En), Ok(Read::Verb(_))), "{line}");
    }
    assert!(matches!(read("glassnet -V", Language::En), Ok(Read::Verb(_))));
    assert!(matches!(read("glassnet network create -h", Language::En), Ok(Read::Help(_))));
}

#[test]
fn mistakes_are_told_in_our_words() {
    let en = |line| no(line, Language::En);
    assert_eq!(en("glassnet frob"), "there is no verb \"frob\"");
    assert_eq!(
        en("glassnet network"),
        "a verb is missing; it may be: create, ls, inspect, rm, set"
    );
    assert_eq!(en("glassnet ls --frob"), "unexpected argument \"--frob\"");
    assert_eq!(en("glassnet network rm"), "these are missing: <NAME>");
    assert_eq!(en("glassnet attach x --mac"), "--mac <MAC> wants a value");
    assert_eq!(en("glassnet --lang de ls"), "\"de\" cannot be --lang <LANG>; it may be: en, zh");
    assert_eq!(en("glassnet attach x --mtu 1"), "unexpected argument \"--mtu\"");
    assert_eq!(en("glassnet attach x --name a --name b"), "--name <ID> may be given once only");
    assert_eq!(
        en("glassnet attach x --ingress fast"),
        "\"fast\" cannot be --ingress <RATE>: \"fast\" is not a rate; write bits a second, such \
         as 100mbit, 1.5gbit or 800kbit"
    );
}

#[test]
fn and_in_chinese() {
    let zh = |line| no(line, Language::Zh);
    assert_eq!(zh("glassnet frob"), "没有动词“frob”");
    assert_eq!(zh("glassnet network rm"), "缺少参数：<NAME>");
    assert_eq!(
        zh("glassnet attach x -p 80:80/sctp"),
        "“80:80/sctp”不能用作 --publish <PORTS>：“sctp”不是可以发布端口的协议；请用 tcp 或 udp"
    );
}

#[test]
fn help_is_named_for_the_verb_that_was_meant() {
    let line = ["glassnet", "--json", "network", "create", "--frob"].map(OsString::from);
    assert_eq!(spoken(&command(Language::En), &line), "glassnet network create");
    let out = Output::new(false, Language::En);
    let Err(error) = read("glassnet network rm", Language::En) else { panic!("understood") };
    assert_eq!(error.advice(out.language).as_deref(), Some("read: glassnet network rm --help"));
}
