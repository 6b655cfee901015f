use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<CaseNumber, CaseNumberError> {
    text.parse()
}

fn canonical(text: &str) -> String {
    parse(text).unwrap_or_else(|e| panic!("{text}: {e}")).canonical()
}

fn found(text: &str) -> Vec<String> {
    find_all(text).into_iter().map(|f| f.number.canonical()).collect()
}

#[test]
fn every_accepted_form() {
    for (text, expected) in [
        ("（2021）吉0721执123号", "（2021）吉0721执123号"),
        ("(2021)吉0721执恢45号", "（2021）吉0721执恢45号"),
        ("（2021）吉0721执保6号之一", "（2021）吉0721执保6号"),
        ("2021吉0721执123", "（2021）吉0721执123号"),
        ("（2018）沪02执复23号", "（2018）沪02执复23号"),
        ("(2021)最高法执监344号", "（2021）最高法执监344号"),
        ("（2020）湘执复244号", "（2020）湘执复244号"),
        ("（2018）湘01执12号", "（2018）湘01执12号"),
        ("（2018）沪72财保116号", "（2018）沪72财保116号"),
        ("(2024)京0491民初19067号", "（2024）京0491民初19067号"),
        ("（２０２１）吉０７２１执１２３号", "（2021）吉0721执123号"),
        ("〔2004〕执他字第19号", "（2004）执他字第19号"),
        ("（2015）沪一中民保字第7号之一", "（2015）沪一中民保字第7号"),
        ("[2021] 吉0721 执 123 号", "（2021）吉0721执123号"),
        ("【2021】\u{3000}吉0721执\u{200b}123号", "（2021）吉0721执123号"),
        ("［２０２１］吉0721执123号", "（2021）吉0721执123号"),
        ("\u{feff}（2021）吉0721执12\u{200b}3号\n", "（2021）吉0721执123号"),
        ("（2021）吉0721执00123号", "（2021）吉0721执123号"),
        ("2021年吉0721执123号", "（2021）吉0721执123号"),
        ("（2021）吉0721执字第123号", "（2021）吉0721执123号"),
        ("（2021）吉0721执第123号", "（2021）吉0721执123号"),
        ("(2021吉0721执123号", "（2021）吉0721执123号"),
        ("2021）吉0721执123", "（2021）吉0721执123号"),
        ("（2020）粤73知民初1号", "（2020）粤73知民初1号"),
        ("（2022）兵0801执9号", "（2022）兵0801执9号"),
        ("（2013）浦民一(民)初字第12345号", "（2013）浦民一（民）初字第12345号"),
        ("（2009）执监字第175-1号", "（2009）执监字第175号"),
        ("2012浦执字第8号", "（2012）浦执字第8号"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
        assert_eq!(canonical(expected), expected);
    }
}

#[test]
fn every_rejected_form_says_why() {
    use CaseNumberError as E;
    for (text, expected) in [
        ("(2021)吉0721执号", E::NumberMissing { after: "执".to_owned() }),
        ("（2021）吉072执1号", E::CourtDigits { digits: 3 }),
        ("（2121）吉0721执1号", E::YearOutOfRange { year: 2121 }),
        ("（1948）执字第1号", E::YearOutOfRange { year: 1948 }),
        ("（2015）吉0721执1号", E::NewStyleTooEarly { year: 2015 }),
        ("（2016）前执字第1号", E::OldStyleTooLate { year: 2016 }),
        ("（2021）吉07211执1号", E::CourtDigits { digits: 5 }),
        ("（2021）最高法01执1号", E::CourtDigits { digits: 2 }),
        ("(21)吉0721执1号", E::YearDigits { digits: 2 }),
        ("12021吉0721执1号", E::YearDigits { digits: 5 }),
        ("吉0721执1号", E::YearMissing),
        ("", E::Empty),
        (" \u{200b}\u{3000}", E::Empty),
        ("（2021）号0721执1号", E::CourtMissing { found: "号".to_owned() }),
        ("2021", E::CourtMissing { found: String::new() }),
        ("（2021）吉0721 1号", E::TypeMissing),
        ("（2021）吉0721知1号", E::TypeMissing),
        ("（2021）吉0721执行案件卷宗1号", E::TypeInvalid { found: "执行案件卷宗".to_owned() }),
        ("（2021）吉12月3日", E::TypeInvalid { found: "月".to_owned() }),
        ("（2021）吉0721执0号", E::NumberZero),
        ("（2021）吉0721执20240508", E::NumberTooLong { digits: 8 }),
        ("（2021）吉0721执99999999999999999999号", E::NumberTooLong { digits: 20 }),
        ("（2021）吉0721执12 3号", E::NumberBroken { by: ' ' }),
        ("（2021）吉0721执1,234号", E::NumberBroken { by: ',' }),
        ("（2021）吉0721执12③", E::NumberBroken { by: '③' }),
        ("（2021）吉0721执1号张三", E::Trailing { rest: "张三".to_owned() }),
        ("（2021）吉0721\n执1号", E::TypeMissing),
    ] {
        assert_eq!(parse(text), Err(expected.clone()), "{text}");
        assert!(!expected.to_string().is_empty() && !expected.zh().is_ascii());
    }
}

#[test]
fn parts() {
    let number = parse("（2021）吉0721执保6号之一").unwrap();
    assert_eq!((number.year(), number.court_code(), number.type_code()), (2021, Some("吉0721"), Some("执保")));
    assert_eq!((number.number(), number.document(), number.is_old_style()), (6, Some("之一"), false));
    assert_eq!(number, parse("（2021）吉0721执保6号").unwrap());
    assert_eq!(number.key(), CaseKey { year: 2021, court: "吉0721", series: "执保", number: 6 });

    let old = parse("〔2015〕沪一中民保字第7号之一").unwrap();
    assert!(old.is_old_style() && !old.is_enforcement());
    assert_eq!((old.court_code(), old.type_code(), old.document()), (None, None, Some("之一")));
    assert_eq!(old.key(), CaseKey { year: 2015, court: "", series: "沪一中民保", number: 7 });

    let ip = parse("（2020）粤73知民初1号").unwrap();
    assert!(ip.is_intellectual_property());
    assert_eq!((ip.type_code(), ip.key().series), (Some("民初"), "知民初"));
    assert_eq!(parse("（2009）执监字第175-1号").unwrap().document(), Some("-1"));
}

#[test]
fn series_are_different_cases() {
    let all =
        ["执123", "执恢123", "执保123", "知执123", "执124"].map(|t| parse(&format!("（2021）吉0721{t}号")).unwrap());
    for (i, a) in all.iter().enumerate() {
        for (k, b) in all.iter().enumerate() {
            assert_eq!(a == b, i == k, "{a} {b}");
        }
    }
}

#[test]
fn enforcement_types() {
    for (text, expected) in [
        ("（2021）吉0721执1号", true),
        ("（2021）吉0721执恢1号", true),
        ("（2021）吉0721财保1号", true),
        ("（2021）吉0721司惩1号", true),
        ("（2021）粤73知执1号", true),
        ("（2021）吉0721民初1号", false),
        ("（2021）吉0721未知类1号", false),
        ("〔2004〕执他字第19号", true),
    ] {
        assert_eq!(parse(text).unwrap().is_enforcement(), expected, "{text}");
    }
}

#[test]
fn found_in_names() {
    for (text, expected) in [
        ("张三（2021）吉0721执123号搜查.mp4", vec!["（2021）吉0721执123号"]),
        ("2021吉0721执123_0001.mp4", vec!["（2021）吉0721执123号"]),
        ("2021吉0721执123.mp4", vec!["（2021）吉0721执123号"]),
        ("2021吉0721执1234号", vec!["（2021）吉0721执1234号"]),
        ("20210508 2021吉0721执123 20210509.mp4", vec!["（2021）吉0721执123号"]),
        ("20210508_（2021）吉0721执123号 (1).mp4", vec!["（2021）吉0721执123号"]),
        ("（2021）吉0721执1号、（2021）吉0721执恢2号", vec!["（2021）吉0721执1号", "（2021）吉0721执恢2号"]),
        ("（2021）吉0721执1、2号、3号腾房", vec!["（2021）吉0721执1号", "（2021）吉0721执2号", "（2021）吉0721执3号"]),
        ("（2021）吉0721执1号、2楼", vec!["（2021）吉0721执1号"]),
        ("执行〔2004〕执他字第19号卷", vec!["（2004）执他字第19号"]),
        ("（2022）京0105特殊1号", vec!["（2022）京0105特殊1号"]),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn not_found_where_it_is_a_guess() {
    for text in [
        "吉0721执123号",
        "12021吉0721执123号",
        "202105082021吉0721执123号",
        "2022新12月3日.mp4",
        "2023京10号线3.mp4",
        "2021京东购物3.mp4",
        "2021吉0721执12 3号",
        "2021吉0721执1,234号",
        "2021吉0721执123①",
        "2021吉0721执12021吉0721执2",
        "2021吉0721执\n123号",
        "0000000_00000020240508132920_0006.mp4",
        "20240508-132920_NOR_D1.avi",
    ] {
        assert_eq!(found(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn scan_tells_what_only_looks_like_one() {
    use CaseNumberError as E;
    for (text, expected) in [
        ("张三(2021)吉0721执号.mp4", E::NumberMissing { after: "执".to_owned() }),
        ("（2021）吉072执1号", E::CourtDigits { digits: 3 }),
        ("（2121）吉0721执1号", E::YearOutOfRange { year: 2121 }),
        ("张三吉0721执123号", E::YearMissing),
        ("2021吉0721执20240508", E::NumberTooLong { digits: 8 }),
    ] {
        let all = scan(text);
        assert_eq!(all.len(), 1, "{text}");
        assert_eq!(all[0].reading, Err(expected), "{text}");
    }
    for text in ["2022新12月3日.mp4", "20240508-132920_NOR_D1.avi", "2021张三", "10楼3单元", "2021"] {
        assert_eq!(scan(text), [], "{text}");
    }
}

#[test]
fn ranges_are_the_text_of_the_number() {
    let text = "甲 〔 2021 〕吉0721执１２号 乙2021吉0721执3,4";
    let parts: Vec<&str> = find_all(text).into_iter().map(|f| &text[f.range]).collect();
    assert_eq!(parts, ["〔 2021 〕吉0721执１２号", "2021吉0721执3"]);
}

#[test]
fn json_is_the_canonical_text() {
    let number = parse("2021吉0721执123号之一").unwrap();
    let json = serde_json::to_string(&number).unwrap();
    assert_eq!(json, "\"（2021）吉0721执123号\"");
    assert_eq!(serde_json::from_str::<CaseNumber>(&json).unwrap(), number);
    assert!(serde_json::from_str::<CaseNumber>("\"吉0721\"").is_err());
}

/// Numbers of every form, in canonical text.
fn any_canonical() -> impl Strategy<Value = String> {
    let court = prop_oneof![Just("最高法".to_owned()), "[京津冀吉沪兵军]([0-9]{2}|[0-9]{4})?"];
    let kind = prop_oneof![
        prop::sample::select(vec!["执", "执恢", "执保", "财保", "知民初", "民初", "行审"]).prop_map(str::to_owned),
        "知?[民刑行执赔申再]{1,5}",
    ];
    let new = (2016u16..=2099, court, kind, 1u32..=9_999_999)
        .prop_map(|(year, court, kind, n)| format!("（{year}）{court}{kind}{n}号"));
    let old = (1949u16..=2015, "[沪浦一中民执他初]{1,10}", 1u32..=9_999_999)
        .prop_map(|(year, body, n)| format!("（{year}）{body}字第{n}号"));
    prop_oneof![new, old]
}

proptest! {
    #[test]
    fn canonical_is_a_fixed_point(text in any_canonical()) {
        let number = parse(&text).unwrap();
        prop_assert_eq!(number.canonical(), text);
    }

    #[test]
    fn found_between_any_text_without_digits(text in any_canonical(), a in "[^0-9０-９𝟎-𝟿]*", b in "[^0-9０-９𝟎-𝟿]*") {
        let all = find_all(&format!("{a}{text}{b}"));
        prop_assert_eq!(all.len(), 1);
        prop_assert_eq!(all[0].number.canonical(), text);
    }

    #[test]
    fn digits_are_taken_whole(text in any_canonical(), more in "[0-9]{1,30}") {
        let longer = text.replace('号', &more);
        for found in find_all(&longer) {
            prop_assert_ne!(found.number.canonical(), &text[..]);
        }
        let front = format!("{more}{}", text.replace(['（', '）'], ""));
        prop_assert!(find_all(&front).is_empty());
    }

    #[test]
    fn anything_is_read_without_panic(text in any::<String>(), near in "[（()〔2021吉0最高法执恢字第号之一、 \u{200b},.-]{0,60}") {
        for t in [&text, &near] {
            let _ = parse(t);
            for c in scan(t) {
                prop_assert!(t.get(c.range).is_some());
                if let Ok(number) = c.reading {
                    prop_assert_eq!(parse(&number.canonical()), Ok(number));
                }
            }
        }
    }
}

#[test]
fn hostile_text_costs_linear_time() {
    let texts = ["2021吉0721执\u{200b}\u{200b}\u{200b}", "2021（", "1、", "（2021）", "2021 ", "2021吉0721执1、2、"];
    for unit in texts {
        let text = unit.repeat(100_000 / unit.len());
        let start = std::time::Instant::now();
        let _ = scan(&text);
        assert!(start.elapsed().as_secs() < 10, "{unit}: {:?}", start.elapsed());
    }
    assert!(scan(&"9".repeat(1_000_000)).is_empty());
}
