use proptest::prelude::*;

use super::*;
use crate::ledger::cosignature::tests::{Witness, signed};
use crate::ledger::key::SignerKey;

const ORIGIN: &str = "court.example/zhilu";

fn log(seed: u8) -> VerifierKey {
    SignerKey::from_seed(ORIGIN.parse().unwrap(), &[seed; 32]).verifier().clone()
}

fn witness(n: u8) -> Witness {
    Witness::new(&format!("w{n}.example"), 10 + n)
}

/// `{log}` and `{w1}`…`{w6}` stand for keys.
fn filled(text: &str) -> String {
    let mut text = text.replace("{log}", &log(1).to_string());
    for n in 1..=6 {
        text = text.replace(&format!("{{w{n}}}"), &witness(n).key.to_string());
    }
    text
}

fn policy(text: &str) -> Policy {
    Policy::parse(filled(text).as_bytes()).unwrap()
}

fn fault(text: &str) -> (usize, Fault) {
    let error = Policy::parse(filled(text).as_bytes()).unwrap_err();
    (error.line, error.fault)
}

/// The signed checkpoint, cosigned by these.
fn note(by: &[u8]) -> SignedCheckpoint {
    by.iter().fold(signed(), |note, n| witness(*n).cosign(&note, 1_700_000_000 + u64::from(*n)))
}

// The example of the C2SP tlog-policy specification, with two witnesses of Y named in Chinese.
const TWO_LEVELS: &str = "log {log} https://court.example/\n\n# X is run by the high court\nwitness X1 {w1}\n\
    witness X2\t{w2}  https://w2.example/\n  witness X3 {w3}\ngroup X-witnesses 2 X1 X2 X3\n\nwitness 吉 {w4}\nwitness 辽 {w5}\n\
    witness Y3 {w6}\ngroup Y-witnesses any 吉 辽 Y3\n\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n";

#[test]
fn a_quorum_of_groups_is_reached_by_exactly_the_sets_that_it_names() {
    let policy = policy(TWO_LEVELS);
    for set in 0..64u8 {
        let by: Vec<u8> = (1..=6).filter(|n| set & (1 << (n - 1)) != 0).collect();
        let expected = (set & 0b111).count_ones() >= 2 && set & 0b11_1000 != 0;
        let outcome = policy.accept(&note(&by));
        assert_eq!(outcome.is_ok(), expected, "{by:?}");
        match outcome {
            Ok(vouched) => {
                assert_eq!((vouched.witnesses.len(), vouched.witnessed), (by.len(), true));
                assert_eq!(vouched.log, log(1));
            }
            Err(error) => assert!(matches!(error, NotVouched::Quorum { .. }) && !error.is_forgery(), "{error}"),
        }
    }
    let again = Policy::parse(policy.to_string().as_bytes()).unwrap();
    assert_eq!(again, policy);
}

#[test]
fn without_witnesses_the_log_s_key_alone_vouches_and_that_is_said() {
    let policy = Policy::of_log(log(1));
    assert_eq!(policy.to_string(), format!("log {}\nquorum none\n", log(1)));
    assert_eq!(Policy::parse(policy.to_string().as_bytes()).as_ref(), Ok(&policy));
    let vouched = policy.accept(&note(&[1])).unwrap();
    assert_eq!((vouched.witnessed, vouched.witnesses.len(), vouched.head.size), (false, 0, 7));
}

#[test]
fn only_a_listed_log_counts() {
    let other = Policy::of_log(log(2));
    assert!(matches!(other.accept(&signed()), Err(NotVouched::Log(CheckpointError::NotSigned { .. }))));
    let elsewhere = SignerKey::from_seed("other.example".parse().unwrap(), &[1; 32]);
    let policy = Policy::of_log(elsewhere.verifier().clone());
    assert!(matches!(policy.accept(&signed()), Err(NotVouched::UnknownLog(_))));
    let none = Policy::parse(b"quorum none\n").unwrap();
    assert!(matches!(none.accept(&signed()), Err(NotVouched::UnknownLog(_))));
    // After a key was exchanged both are listed, and either is enough.
    for keys in [[1, 2], [2, 1]] {
        let [a, b] = keys.map(log);
        let both = Policy::parse(format!("log {a}\nlog {b}\nquorum none\n").as_bytes()).unwrap();
        assert_eq!(both.accept(&signed()).unwrap().log, log(1));
    }
}

#[test]
fn a_forged_cosignature_spoils_the_note_even_when_the_quorum_needs_it_not() {
    let policy = policy("log {log}\nwitness a {w1}\nwitness b {w2}\ngroup g any a b\nquorum g\n");
    let good = note(&[1, 2]).to_string();
    let line = good.lines().last().unwrap();
    let forged = good.replace(line, &format!("{}A{}", &line[..line.len() - 12], &line[line.len() - 11..]));
    assert_ne!(forged, good);
    let error = policy.accept(&SignedCheckpoint::parse(forged.as_bytes()).unwrap()).unwrap_err();
    assert!(matches!(error, NotVouched::Witness(_)) && error.is_forgery(), "{error}");
}

#[test]
fn what_is_no_policy_is_named_with_its_line() {
    assert_eq!(fault("log {log}\n"), (2, Fault::NoQuorum));
    assert_eq!(fault(""), (2, Fault::NoQuorum));
    assert_eq!(fault("quorum none\nquorum none\n"), (2, Fault::SecondQuorum));
    assert_eq!(fault("log {log}\r\nquorum none\n"), (1, Fault::Byte(b'\r')));
    assert_eq!(fault("quorum none\n\0"), (2, Fault::Byte(0)));
    assert_eq!(fault("logs {log}\n"), (1, Fault::Keyword("logs".to_owned())));
    assert!(matches!(fault("log\n"), (1, Fault::Form(_))));
    assert!(matches!(fault("log {log} url more\n"), (1, Fault::Form(_))));
    assert!(matches!(fault("witness a\n"), (1, Fault::Form(_))));
    assert!(matches!(fault("quorum\n"), (1, Fault::Form(_))));
    assert!(matches!(fault("quorum none more\n"), (1, Fault::Form(_))));
    assert!(matches!(fault("log {w1}\n"), (1, Fault::Key(_))));
    assert!(matches!(fault("witness a {log}\n"), (1, Fault::Key(_))));
    assert_eq!(fault("log {log}\nlog {log}\n"), (2, Fault::SameKey));
    assert_eq!(fault("witness a {w1}\nwitness b {w1}\n"), (2, Fault::SameKey));
    assert_eq!(fault("witness none {w1}\n"), (1, Fault::SameName("none".to_owned())));
    assert_eq!(fault("witness a {w1}\nwitness a {w2}\n"), (2, Fault::SameName("a".to_owned())));
    assert_eq!(fault("witness a {w1}\ngroup a 1 a\n"), (2, Fault::SameName("a".to_owned())));
    assert_eq!(fault("group g any g\n"), (1, Fault::Unknown("g".to_owned())));
    assert_eq!(fault("quorum a\nwitness a {w1}\n"), (1, Fault::Unknown("a".to_owned())));
    assert_eq!(fault("witness a {w1}\ngroup g any none\n"), (2, Fault::Unknown("none".to_owned())));
    assert_eq!(fault("witness a {w1}\ngroup g 2 a a\n"), (2, Fault::SameMember("a".to_owned())));
    assert_eq!(fault("witness a {w1}\ngroup g any a\ngroup h any a\n"), (3, Fault::SameMember("a".to_owned())));
    for (least, members) in [("0", 1), ("2", 1), ("-1", 1), ("+1", 1), ("one", 1), ("99999999999999999999", 1)] {
        let (line, fault) = fault(&format!("witness a {{w1}}\ngroup g {least} a\n"));
        assert_eq!((line, fault), (2, Fault::Threshold(least.to_owned(), members)));
    }
    assert_eq!(fault("group g any\n"), (1, Fault::Threshold("any".to_owned(), 0)));
    let many: String = (0..300).map(|n| format!("group g{n} any x\n")).collect();
    assert_eq!(fault(&many).0, 1);
    assert_eq!(fault(&"#\n".repeat(MAX_POLICY_BYTES)), (1, Fault::TooLarge));
}

#[test]
fn a_name_is_its_bytes() {
    // A Kelvin sign is no K, whatever Unicode says of the two.
    let text = filled("witness K {w1}\nquorum \u{212a}\n");
    assert!(matches!(Policy::parse(text.as_bytes()).unwrap_err().fault, Fault::Unknown(_)));
    let mut latin = b"witness \xe9 ".to_vec();
    latin.extend_from_slice(filled("{w1}\nquorum ").as_bytes());
    latin.extend_from_slice(b"\xe9");
    assert!(
        Policy::parse(&latin).unwrap().asks_for_witnesses(),
        "a last line without its newline, and a name in no known encoding"
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, words in prop::collection::vec("(log|witness|group|quorum|any|all|none|[a-c]|[0-3]|\n| ){1}", 0..40)) {
        let _ = Policy::parse(&bytes);
        let _ = Policy::parse(words.join(" ").as_bytes());
    }

    #[test]
    fn a_flipped_bit_never_accepts_more(at: prop::sample::Index, bit in 0..8u8) {
        let mut text = filled("log {log}\nwitness a {w1}\nwitness b {w2}\ngroup g all a b\nquorum g\n").into_bytes();
        let at = at.index(text.len());
        text[at] ^= 1 << bit;
        // Whatever still reads as a policy asks for both witnesses: `all` has no neighbour but itself.
        prop_assert!(!Policy::parse(&text).is_ok_and(|p| p.accept(&note(&[1])).is_ok()));
    }
}
