use proptest::prelude::*;
use serde_json::json;

use super::*;

fn canonical_text(value: &Value) -> String {
    String::from_utf8(canonical(value).unwrap()).unwrap()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("no object: {other}"),
    }
}

fn entry() -> Entry {
    let at = "2026-11-24T08:52:07Z".parse().unwrap();
    let public = object(json!({"size": 12, "name": "clip", "a": [1, null, true]}));
    Entry { at, kind: EntryKind::Clip, prev: None, public, commit: [0xab; 32] }
}

#[test]
fn a_line_is_exactly_this() {
    let commit = "ab".repeat(32);
    let pub_ = r#"{"a":[1,null,true],"name":"clip","size":12}"#;
    let line =
        format!(r#"{{"at":"2026-11-24T08:52:07Z","commit":"{commit}","kind":"clip","prev":null,"pub":{pub_},"v":1}}"#);
    assert_eq!(String::from_utf8(entry().to_line().unwrap()).unwrap(), line);
    assert_eq!(Entry::parse(line.as_bytes()).unwrap(), entry());
    let second = Entry { prev: Some(MAX_NUMBER), ..entry() };
    assert_eq!(Entry::parse(&second.to_line().unwrap()).unwrap(), second);
    let within_the_second = Entry { at: Micros(entry().at.0 + 999_999), ..entry() };
    assert_eq!(within_the_second.to_line().unwrap(), line.as_bytes());
}

#[test]
fn every_kind_round_trips() {
    for kind in EntryKind::ALL {
        let entry = Entry { kind, ..entry() };
        assert_eq!(Entry::parse(&entry.to_line().unwrap()).unwrap().kind, kind);
    }
}

/// The whole line through `change`, which must be refused.
fn refused(change: impl FnOnce(&str) -> String) -> EntryError {
    let line = String::from_utf8(entry().to_line().unwrap()).unwrap();
    let changed = change(&line);
    assert_ne!(line, changed);
    Entry::parse(changed.as_bytes()).unwrap_err()
}

#[test]
fn other_spellings_are_refused() {
    let spellings: [(&str, &str); 12] = [
        (",", ", "),
        ("\"v\":1}", "\"v\":1}\n"),
        ("abab\"", "ABAB\""),
        (":07Z", ":07.000Z"),
        (":07Z", ":07+00:00"),
        ("08:52", "24:52"),
        ("\"v\":1}", "\"v\":1,\"w\":1}"),
        ("\"kind\":\"clip\"", "\"kind\":\"event\",\"kind\":\"clip\""),
        ("\"a\":[1", "\"a\":[01"),
        ("\"a\":[1", "\"a\":[1e0"),
        ("\"name\":\"clip\"", "\"name\":\"\\u0063lip\""),
        ("\"name\":\"clip\",\"size\":12", "\"size\":12,\"name\":\"clip\""),
    ];
    for (from, to) in spellings {
        let error = refused(|line| line.replacen(from, to, 1));
        let expected = matches!(
            error,
            EntryError::NotCanonical(_) | EntryError::Json(_) | EntryError::Canonical(_) | EntryError::Member { .. }
        );
        assert!(expected, "{from} -> {to}: {error}");
    }
    assert!(matches!(refused(|l| l.replace("\"at\"", " \"at\"")), EntryError::NotCanonical(1)));
}

#[test]
fn each_wrong_member_is_named() {
    for (from, to, name) in [
        ("2026-11", "2026-13", "at"),
        ("abab\"", "aba\"", "commit"),
        ("\"kind\":\"clip\"", "\"kind\":1", "kind"),
        ("null,\"pub\"", "-1,\"pub\"", "prev"),
        ("null,\"pub\"", "0.5,\"pub\"", "prev"),
        ("\"pub\"", "\"Pub\"", "pub"),
        ("\"v\":1", "\"w\":1", "v"),
    ] {
        let error = refused(|line| line.replacen(from, to, 1));
        assert!(matches!(error, EntryError::Member { name: n, .. } if n == name), "{to}: {error}");
    }
    assert!(matches!(refused(|l| l.replace("\"kind\":\"clip\"", "\"kind\":\"clap\"")), EntryError::Kind(_)));
    assert!(matches!(refused(|l| l.replace("\"v\":1", "\"v\":2")), EntryError::Version(_)));
    assert!(matches!(refused(|_| "[]".to_owned()), EntryError::Json(None)));
}

#[test]
fn what_cannot_be_written_is_refused() {
    let with = |public| Entry { public: object(public), ..entry() }.to_line().unwrap_err().to_string();
    assert!(with(json!({"gps": [{}, {"lat": 43.5}]})).starts_with("$.pub.gps[1].lat holds a fraction"));
    assert!(with(json!({"a b": 9_007_199_254_740_992_u64})).starts_with("$.pub[\"a b\"] holds a number beyond"));
    assert!(with(json!({"n": u64::MAX})).starts_with("$.pub.n holds a number beyond"));
    let far = Entry { prev: Some(MAX_NUMBER + 1), ..entry() }.to_line().unwrap_err();
    assert!(far.to_string().starts_with("$.prev holds"), "{far}");
    for at in [Micros(-1), Micros(i64::MIN), END_OF_TIME, Micros(i64::MAX)] {
        assert!(matches!(Entry { at, ..entry() }.to_line(), Err(EntryError::Time(_))));
    }
    for at in [Micros(0), Micros(END_OF_TIME.0 - 1)] {
        let line = Entry { at, ..entry() }.to_line().unwrap();
        assert_eq!(Entry::parse(&line).unwrap().at.0, at.0 / 1_000_000 * 1_000_000);
    }
}

#[test]
fn the_longest_line() {
    let spare = MAX_LINE_BYTES - Entry { public: object(json!({"x": ""})), ..entry() }.to_line().unwrap().len();
    let of = |n: usize| Entry { public: object(json!({"x": "y".repeat(n)})), ..entry() };
    let longest = of(spare).to_line().unwrap();
    assert_eq!(longest.len(), MAX_LINE_BYTES);
    assert_eq!(Entry::parse(&longest).unwrap(), of(spare));
    assert!(matches!(of(spare + 1).to_line(), Err(EntryError::TooLong(n)) if n == MAX_LINE_BYTES + 1));
    assert!(matches!(Entry::parse(&[b' '; MAX_LINE_BYTES + 1]), Err(EntryError::TooLong(_))));
}

// RFC 8785 §3.2.3.
#[test]
fn members_sort_by_utf16() {
    let members: Value = serde_json::from_str(
        r#"{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
            "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
            "\u00f6": "Latin Small Letter O With Diaeresis"}"#,
    )
    .unwrap();
    let expected = "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\
        \"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\
        \"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}";
    assert_eq!(canonical_text(&members), expected);
}

// RFC 8785 §3.2.2, its strings and literals.
#[test]
fn strings_and_literals() {
    let value: Value = serde_json::from_str(
        r#"{"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#,
    )
    .unwrap();
    let expected = r#"{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}"#;
    assert_eq!(canonical_text(&value), expected);
    assert_eq!(
        canonical_text(&json!("\u{8}\t\u{c}\r\0\u{1f}\u{7f}\u{2028}")),
        "\"\\b\\t\\f\\r\\u0000\\u001f\u{7f}\u{2028}\""
    );
}

#[test]
fn numbers_at_the_edges() {
    assert_eq!(canonical_text(&json!([0, -1, MAX_NUMBER])), "[0,-1,9007199254740991]");
    assert_eq!(canonical_text(&json!(-9_007_199_254_740_991_i64)), "-9007199254740991");
    for text in ["-0", "1.0", "1e2", "9007199254740992", "-9007199254740992", "1e400", "18446744073709551616"] {
        let read = serde_json::from_str::<Value>(text);
        assert!(read.is_err() || canonical(&read.unwrap()).is_err(), "{text}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    assert!(canonical(&nested(MAX_DEPTH)).is_ok());
    let error = canonical(&nested(MAX_DEPTH + 1)).unwrap_err();
    assert_eq!(error.path, format!("${}", "[0]".repeat(MAX_DEPTH)));
}

// RFC 4231 test cases 1 and 2: a short key is the same key filled up with zeros.
#[test]
fn commitments_are_hmac_sha256() {
    let mut salt = [0u8; 32];
    salt[..20].fill(0x0b);
    let expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
    assert_eq!(to_hex(&commitment(&salt, b"Hi There")), expected);
    let mut salt = [0u8; 32];
    salt[..4].copy_from_slice(b"Jefe");
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(to_hex(&commitment(&salt, b"what do ya want for nothing?")), expected);
    // openssl dgst -sha256 -mac HMAC -macopt hexkey:0101…01
    let expected = "2e4e3a096ca4c34624548cb9271664a712cb362ba04a1d2fdaee91ea5575d222";
    assert_eq!(to_hex(&commitment(&[1; 32], br#"{"officer":"000000"}"#)), expected);
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9_007_199_254_740_991..=9_007_199_254_740_991_i64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn canonical_reads_back_equal(value in json_value()) {
        let bytes = canonical(&value).unwrap();
        let again: Value = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(&again, &value);
        prop_assert_eq!(canonical(&again).unwrap(), bytes);
    }

    #[test]
    fn entries_round_trip(
        at in 0..END_OF_TIME.0, kind in 0..7usize, prev in prop::option::of(0..=MAX_NUMBER), commit: [u8; 32],
        members in prop::collection::hash_map(any::<String>(), json_value(), 0..4),
    ) {
        let at = Micros(at / 1_000_000 * 1_000_000);
        let entry = Entry { at, kind: EntryKind::ALL[kind], prev, public: members.into_iter().collect(), commit };
        let line = entry.to_line().unwrap();
        prop_assert_eq!(Entry::parse(&line).unwrap(), entry);
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        let _ = Entry::parse(&bytes);
    }

    #[test]
    fn a_changed_byte_is_another_entry_or_none(at: prop::sample::Index, byte: u8) {
        let line = entry().to_line().unwrap();
        let mut changed = line.clone();
        changed[at.index(line.len())] = byte;
        if let Ok(read) = Entry::parse(&changed) {
            prop_assert_eq!(read == entry(), changed == line);
        }
    }
}
