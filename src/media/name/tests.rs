use jiff::civil::{date, datetime};
use proptest::prelude::*;

use super::*;

fn read(name: &str) -> NameFacts {
    NamePatterns::new(&[]).unwrap().read(name)
}

fn facts(recorder: &str, officer: &str, at: Option<DateTime>, sequence: Option<u32>, pattern: &str) -> NameFacts {
    NameFacts {
        recorder: Some(recorder.to_owned()),
        officer: Some(officer.to_owned()),
        recorded: at,
        sequence,
        pattern: Some(pattern.to_owned()),
        ..NameFacts::default()
    }
}

fn doubting(words: &[&str], facts: NameFacts) -> NameFacts {
    NameFacts { doubts: words.iter().map(|w| (*w).to_owned()).collect(), ..facts }
}

#[test]
fn built_in_patterns_compile() {
    assert_eq!(shape::built_in().len(), 4);
}

#[test]
fn recorder_and_officer_joined() {
    let at = Some(datetime(2024, 5, 8, 13, 29, 20, 0));
    let factory = ["recorder_never_set", "officer_never_set"];
    let expected = doubting(&factory, facts("0000000", "000000", at, Some(6), "recorder_officer_time_seq"));
    assert_eq!(read("0000000_00000020240508132920_0006.mp4"), expected);
    let marked = NameFacts { important: true, sequence: Some(1), ..expected };
    assert_eq!(read("0000000_00000020240508132920_0001_IMP.mp4"), marked);
    assert_eq!(read("0000000_00000020240508132920_0001_imp.MP4"), marked);
    let set = facts("1234568", "220721", at, Some(6), "recorder_officer_time_seq");
    assert_eq!(read("1234568_22072120240508132920_0006"), set);
}

#[test]
fn two_ids_in_either_order() {
    let name = "a_b_time_seq";
    let never = datetime(2010, 1, 1, 9, 33, 9, 0);
    let words = ["ambiguous_order", "clock_never_set", "recorder_never_set"];
    let ambiguous = doubting(&words, facts("123456", "456", Some(never), Some(2), name));
    assert_eq!(read("123456_456_20100101093309_0002.mp4"), ambiguous);
    assert_eq!(
        read("123456_456_20100101093309_0003IMP.mp4"),
        NameFacts { important: true, sequence: Some(3), ..ambiguous }
    );
    let at = Some(datetime(2016, 1, 29, 20, 55, 47, 0));
    let factory = ["recorder_never_set", "officer_never_set"];
    assert_eq!(
        read("8888888_000000_20160129205547_0001"),
        doubting(&factory, facts("8888888", "000000", at, Some(1), name))
    );
    assert_eq!(read("220721_7654321_20160129205547_0001.mp4"), facts("7654321", "220721", at, Some(1), name));
    assert_eq!(read("7654321_220721_20160129205547_0001.mp4"), facts("7654321", "220721", at, Some(1), name));
}

#[test]
fn dcam_and_dashcam() {
    let at = Some(datetime(2024, 5, 8, 13, 29, 20, 0));
    let plain = facts("A1-07", "220721", at, None, "dcam");
    for ext in ["mp4", "jpg", "aac", "m4a"] {
        assert_eq!(read(&format!("DCAM_A1-07_220721_20240508_132920.{ext}")), plain);
    }
    assert_eq!(
        read("dcam_A1-07_220721_20240508_132920_IMP_enc.mp4"),
        NameFacts { important: true, encrypted: true, ..plain.clone() }
    );
    assert_eq!(read("DCAM_A1-07_220721_20240508_132920_enc.mp4"), NameFacts { encrypted: true, ..plain });
    for category in ["NOR", "EVT", "MOT", "IMG"] {
        let expected = NameFacts {
            recorded: at,
            category: Some(category.to_owned()),
            pattern: Some("dashcam".to_owned()),
            ..NameFacts::default()
        };
        assert_eq!(read(&format!("20240508-132920_{category}_D1.avi")), expected);
        assert_eq!(read(&format!("20240508-132920_{}", category.to_lowercase())), expected);
    }
}

#[test]
fn copies_and_extensions_are_no_matter() {
    let expected = read("7654321_22072120240508132920_0006_IMP.mp4");
    assert!(expected.important && expected.recorder.is_some());
    for rest in [
        "",
        " (1).mp4",
        "(2).MP4",
        "（1）.mp4",
        " - 副本.mp4",
        " - 副本 (2).mp4",
        "_copy.mp4",
        " copy 2.mov",
        " - Copy.mp4",
        ".mp4.xml",
        ".mp4.part",
        ".mp4 (1).xml",
        ".h264",
    ] {
        assert_eq!(read(&format!("7654321_22072120240508132920_0006_IMP{rest}")), expected, "{rest}");
    }
}

#[test]
fn digits_that_are_no_time() {
    let facts = read("7654321_22072120240230132920_0006.mp4");
    assert_eq!((facts.recorded, facts.doubts), (None, vec!["impossible_time".to_owned()]));
    assert_eq!(facts.sequence, Some(6));
}

#[test]
fn other_names_give_only_their_mark() {
    for name in [
        "",
        "搜查.mp4",
        "7654321_22072120240508132920.mp4",
        "x7654321_22072120240508132920_0006.mp4",
        "IMP",
        "chimp.mp4",
    ] {
        assert_eq!(read(name), NameFacts::default(), "{name}");
    }
    for name in ["现场_IMP.mp4", "clip-imp", "0003IMP (1).mp4"] {
        assert_eq!(read(name), NameFacts { important: true, ..NameFacts::default() }, "{name}");
    }
}

#[test]
fn templates_come_first() {
    let templates = [
        "{recorder}-{officer}-{yyyy}{MM}{dd}{HH}{mm}{ss}-{seq}{mark?}".to_owned(),
        "执法 {officer:6}{recorder:7} * {yyyy}年{MM}月{dd}日{HH}.{mm}".to_owned(),
        "{{a}}{seq}".to_owned(),
        "{officer:6}_{recorder:4}_{yyyy}{MM}{dd}{HH}{mm}{ss}_{seq}".to_owned(),
    ];
    let patterns = NamePatterns::new(&templates).unwrap();
    let at = datetime(2024, 5, 8, 13, 29, 20, 0);
    let first = facts("A7", "220721", Some(at), Some(6), &templates[0]);
    assert_eq!(patterns.read("A7-220721-20240508132920-6.mp4"), first);
    assert!(patterns.read("a7-220721-20240508132920-6-imp.mp4").important);
    assert_eq!(
        patterns.read("执法 2207217654321 甲\n乙 2024年05月08日13.29.mp4"),
        facts("7654321", "220721", Some(datetime(2024, 5, 8, 13, 29, 0, 0)), None, &templates[1])
    );
    assert_eq!(patterns.read("{A}17").sequence, Some(17));
    let ordered = patterns.read("220721_A001_20240508132920_0001.mp4");
    assert_eq!(ordered, facts("A001", "220721", Some(at), Some(1), &templates[3]));
    assert_eq!(patterns.read("0000000_00000020240508132920_0006.mp4").sequence, Some(6));
}

#[test]
fn template_errors_point_at_the_place() {
    use TemplateProblem as P;
    for (template, position, problem) in [
        ("", 1, P::NoField),
        ("执法{seq", 3, P::NotClosed),
        ("{seq}执}", 7, P::NotOpened),
        ("执{serial}", 2, P::UnknownField("serial".to_owned())),
        ("{seq}-{seq}", 7, P::Repeated("seq".to_owned())),
        ("{recorder:0}", 1, P::Width("0".to_owned())),
        ("{yyyy:4}", 1, P::Width("4".to_owned())),
        ("{recorder}{officer}", 11, P::RunTogether),
        ("{officer}{mark?}", 10, P::RunTogether),
        ("{yyyy}{MM}{dd}", 1, P::TimeIncomplete),
        ("{seq}_{ss}", 1, P::TimeIncomplete),
        ("*", 1, P::NoField),
    ] {
        let error = NamePatterns::new(&[template.to_owned()]).unwrap_err();
        assert_eq!((error.position, &error.problem), (position, &problem), "{template}");
        assert!(error.to_string().contains(&format!("character {position}: ")), "{error}");
    }
    let long = NamePatterns::new(&["长".repeat(90)]).unwrap_err();
    assert_eq!(long.problem, P::TooLong);
}

#[test]
fn folders_of_docking_tools() {
    let patterns = NamePatterns::new(&[]).unwrap();
    let expected = DockPath { disk: "执法仪3".to_owned(), date: date(2024, 5, 8) };
    for path in ["2024/05/2024-05-08/执法仪3", "dock/2024/05/2024-05-08/执法仪3/DCIM", "./2024//05/2024-05-08/执法仪3/"]
    {
        assert_eq!(patterns.read_path(path), Some(expected.clone()), "{path}");
    }
    for path in [
        "",
        "2024/05/2024-05-08",
        "2024/06/2024-05-08/E",
        "2024/05/2024-5-08/E",
        "2024/05/2024-05-32/E",
        "24/05/2024-05-08/E",
    ] {
        assert_eq!(patterns.read_path(path), None, "{path}");
    }
}

#[test]
fn temporary_names() {
    for name in
        ["a.mp4.part", "a.TMP", "a.filepart", "a.mp4.crdownload", "a.mp4~", ".a.mp4.swp", ".hidden", "a.partial"]
    {
        assert!(is_temporary(name), "{name}");
    }
    for name in ["a.mp4", "part", "tmp.mp4", "a.parts", "", "SEGTEMP", "~a.mp4"] {
        assert!(!is_temporary(name), "{name}");
    }
}

#[test]
fn sidecars_and_stems() {
    assert_eq!(stem("X.mp4"), "X");
    assert_eq!(stem("X.mp4.xml"), "X.mp4");
    for whole in ["X", ".xml", "X.", "（2021）吉0721执1号", "a.b c", "a.视频"] {
        assert_eq!(stem(whole), whole);
    }
    assert_eq!(sidecar_kind("X.XML"), Some(SidecarKind::Xml));
    assert_eq!(sidecar_kind("X.mp4.srt"), Some(SidecarKind::Srt));
    assert_eq!(sidecar_kind("X.mp4"), None);
    assert_eq!(sidecar_kind("xml"), None);
    assert!(pairs("X.xml", "X.mp4") && pairs("X.mp4.xml", "x.MP4") && pairs("X.gps", "X"));
    assert!(!pairs("X.xml", "Y.mp4") && !pairs("X.mp4", "X.mp4") && !pairs("X.mov.xml", "X.mp4"));
}

#[test]
fn factory_values() {
    for id in ["000000", "0000000", "000", "8888888", "888888", "123456", "1234567"] {
        assert!(is_never_set(id), "{id}");
    }
    for id in ["", "0", "00", "220721", "456", "12345", "234567", "111111", "88888", "12345678901"] {
        assert!(!is_never_set(id), "{id}");
    }
}

proptest! {
    #[test]
    fn any_name_is_read(name in any::<String>(), near in "[0-9A_.(){}副本copyIMP -]{0,80}", dir in any::<String>()) {
        let patterns = NamePatterns::new(&["{recorder}*{seq}{mark?}".to_owned()]).unwrap();
        for n in [&name, &near] {
            let facts = patterns.read(n);
            prop_assert!(facts.pattern.is_some() || facts.recorder.is_none() && facts.recorded.is_none());
            prop_assert!(n.starts_with(stem(n)));
            let _ = (is_temporary(n), sidecar_kind(n));
        }
        let _ = patterns.read_path(&dir);
    }

    #[test]
    fn any_template_compiles_or_says_where(template in "[{}:?*a-z执0-9_-]{0,40}", other in any::<String>()) {
        for t in [template, other] {
            if let Err(e) = NamePatterns::new(std::slice::from_ref(&t)) {
                prop_assert!(e.position <= t.chars().count() + 1);
            }
        }
    }

    #[test]
    fn what_is_written_is_read(recorder in "[1-9][0-9]{6}", officer in "[1-9][0-9]{5}", seq in 0u32..10_000, s in 0i64..600_000_000) {
        let at = datetime(2016, 1, 1, 0, 0, 0, 0).checked_add(jiff::SignedDuration::from_secs(s)).unwrap();
        let name = format!("{recorder}_{officer}{}_{seq:04}.mp4", at.strftime("%Y%m%d%H%M%S"));
        let facts = read(&name);
        prop_assert_eq!((facts.recorded, facts.sequence), (Some(at), Some(seq)));
        prop_assert_eq!((facts.recorder, facts.officer), (Some(recorder), Some(officer)));
    }
}
