//! What is no prefix, and where in the text.

use super::super::*;

/// The part of the text that is wrong, and what is.
fn mistake(words: &[&str]) -> (String, String) {
    let mistake = prefixes(words.iter().copied()).unwrap_err();
    (mistake.text[mistake.at].to_owned(), mistake.fault.to_string())
}

#[test]
fn each_is_named_where_it_stands() {
    for (text, at, fault) in [
        ("", "", "there is nothing"),
        ("  ", "", "there is nothing"),
        ("/24", "", "the address before it is missing"),
        ("here/24", "here", "this is no address"),
        ("10.0.0.300/24", "300", "300 is more than 255"),
        (
            "10.0.0.99999999999999999999",
            "99999999999999999999",
            "99999999999999999999 is more than 255",
        ),
        ("10.0.0.x/24", "x", "\"x\" is no number"),
        ("10.0.0/24", "10.0.0", "an IPv4 address has four parts, not 3"),
        ("10.0.0.1.2", "10.0.0.1.2", "an IPv4 address has four parts, not 5"),
        ("10..0.1", "10..0.1", "a part between the dots is missing"),
        ("10.0.0.010", "010", "010 begins with 0, which some programs take for octal"),
        ("10.0.0.-1", "-1", "\"-1\" is no number"),
        ("10.0.0.0/", "", "the length after \"/\" is missing: 0 to 32"),
        ("10.0.0.0/33", "33", "an IPv4 address has 32 bits"),
        ("10.0.0.0/999", "999", "an IPv4 address has 32 bits"),
        ("10.0.0.0/+8", "+8", "a length is a number from 0 to 32"),
        ("10.0.0.0/8/8", "8/8", "a length is a number from 0 to 32"),
        ("::/129", "129", "an IPv6 address has 128 bits"),
        ("::/255.0.0.0", "255.0.0.0", "IPv6 has no masks of this kind"),
        ("10.0.0.0/255.255.300.0", "300", "300 is more than 255"),
        (
            "10.0.0.0/255.0.255.0",
            "255.0.255.0",
            "a mask is ones and then zeros; here the 16 ones are not together, as in 255.255.0.0",
        ),
        (
            "10.0.0.0/0.0.3.255",
            "0.0.3.255",
            "this is a wildcard: its bits are those of the mask 255.255.252.0, turned round",
        ),
        ("1::2::3/64", "1::2::3", "\"::\" may stand for zeros in one place only"),
        ("2001:db8::12345/64", "12345", "\"12345\" has more than four digits"),
        ("2001:db8::xyz/64", "xyz", "\"xyz\" is no hexadecimal number"),
        (
            "1:2:3/64",
            "1:2:3",
            "an IPv6 address has eight groups, fewer only with \"::\"; these are 3",
        ),
        ("::ffff:10.0.0.300", "300", "300 is more than 255"),
        (
            "fe80::1%eth0/64",
            "%eth0",
            "a zone is known on one host only, and is no part of a prefix",
        ),
        ("１０.0.0.1", "１０", "\"１０\" is no number"),
    ] {
        assert_eq!(mistake(&[text]), (at.to_owned(), fault.to_owned()), "{text:?}");
    }
}

#[test]
fn a_mask_of_its_own_word_is_looked_at_too() {
    let (at, fault) = mistake(&["10.0.0.0", "255.0.255.0"]);
    assert_eq!(at, "255.0.255.0");
    assert!(fault.contains("not together"), "{fault}");
    assert_eq!(mistake(&["10.0.0.0", "0.0.0.255"]).0, "0.0.0.255");
    assert_eq!(mistake(&["10.0.0.0/8", ""]).1, "there is nothing");
}

#[test]
fn what_to_write_instead() {
    let cure = |text| prefix(text).unwrap_err().fault.cure().to_string();
    assert_eq!(cure("10.0.0.0/0.0.3.255"), "write the mask: 255.255.252.0");
    assert_eq!(cure("10.0.0.0/255.0.255.0"), "if 16 bits are meant, write 255.255.0.0 or /16");
    assert_eq!(cure("10.0.0.010"), "write 10");
    assert_eq!(cure("10.0.0.000"), "write 0");
    assert_eq!(cure("::/129"), "write /0 (all addresses) to /128 (one)");
}
