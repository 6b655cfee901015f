use jiff::civil::datetime;
use proptest::prelude::*;

use super::*;

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<locations usrName="张三" policeNum="220721" devNum="7654321" videoDuration="600" beginTime="2024-05-08 13:29:20" endTime="2024-05-08 13:39:20">
  <location><longitude>0</longitude><latitude>0</latitude></location>
  <location><longitude>124.8228</longitude><latitude>45.1171</latitude></location>
  <location><longitude>125.0</longitude><latitude>46.0</latitude></location>
</locations>"#;

fn xml(text: &str) -> SidecarFacts {
    read(SidecarKind::Xml, text.as_bytes())
}

fn text(text: &str) -> SidecarFacts {
    read(SidecarKind::Txt, text.as_bytes())
}

fn expected() -> SidecarFacts {
    SidecarFacts {
        officer: Some("220721".to_owned()),
        officer_name: Some("张三".to_owned()),
        recorder: Some("7654321".to_owned()),
        begin: Some(datetime(2024, 5, 8, 13, 29, 20, 0)),
        end: Some(datetime(2024, 5, 8, 13, 39, 20, 0)),
        duration_ms: Some(600_000),
        position: Position::new(45.1171, 124.8228),
        encoding: "utf-8".to_owned(),
        ..SidecarFacts::default()
    }
}

#[test]
fn recorders_xml() {
    assert_eq!(xml(XML), expected());
    assert_eq!(xml(&XML.replace("usrName", "USRNAME").replace("policeNum", "PoliceNum")), expected());
    let gbk = encoding_rs::GBK.encode(XML).0;
    assert_eq!(read(SidecarKind::Xml, &gbk), SidecarFacts { encoding: "gbk".to_owned(), ..expected() });
    let marked = [b"\xef\xbb\xbf".as_slice(), XML.as_bytes()].concat();
    assert_eq!(read(SidecarKind::Xml, &marked), expected());
    for (label, mark, bytes) in [
        ("utf-16le", [0xff, 0xfe], XML.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()),
        ("utf-16be", [0xfe, 0xff], XML.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    ] {
        let facts = read(SidecarKind::Xml, &[mark.as_slice(), &bytes].concat());
        assert_eq!(facts, SidecarFacts { encoding: label.to_owned(), ..expected() });
    }
}

#[test]
fn fields_as_elements() {
    let elements = "<record><policeNum>220721</policeNum><usr_name>张三</usr_name><DevNum> 7654321 </DevNum>\
        <beginTime>20240508132920</beginTime><endTime>2024/5/8 13:39:20</endTime><videoDuration>00:10:00</videoDuration>\
        <location longitude='124.8228' latitude='45.1171'/></record>";
    assert_eq!(xml(elements), expected());
}

#[test]
fn broken_xml_gives_what_stood_before() {
    for cut in [XML.find("<longitude>125").unwrap(), XML.find("</locations>").unwrap()] {
        let facts = xml(&XML[..cut]);
        assert_eq!(facts, SidecarFacts { doubts: vec!["broken_xml".to_owned()], ..expected() });
    }
    let crossed = xml("<a policeNum='220721'><b></a></b><c devNum='7654321'/>");
    assert_eq!((crossed.officer.as_deref(), crossed.recorder), (Some("220721"), None));
    assert_eq!(crossed.doubts, ["broken_xml"]);
    for none in ["", "no xml at all", "<", "<a", "\0\0\0"] {
        assert_eq!(xml(none).doubts, ["broken_xml"], "{none}");
    }
}

#[test]
fn entities_are_not_followed() {
    let bomb = "<!DOCTYPE a [<!ENTITY x \"220721\"><!ENTITY y \"&x;&x;\">]><a policeNum='&x;'><usrName>&y;&lt;&#24352;</usrName></a>";
    let facts = xml(bomb);
    assert_eq!(facts.officer_name.as_deref(), Some("<张"));
    assert_eq!(facts.officer.as_deref(), Some("&x;"));
    assert_eq!(facts.doubts, ["unknown_entity"]);
}

#[test]
fn marks() {
    for marked in [
        "<a important='1'/>",
        "<a><imp/></a>",
        "<a><mark>3</mark></a>",
        "<a 重点='是'/>",
        "<a><重点></重点></a>",
        "<IMP>true</IMP>",
    ] {
        assert!(xml(marked).important, "{marked}");
    }
    for plain in [
        "<a important='0'/>",
        "<a important=''/>",
        "<a><imp>FALSE</imp></a>",
        "<a 重点='否'/>",
        "<a><note>imp</note></a>",
    ] {
        assert!(!xml(plain).important, "{plain}");
    }
    assert!(text("重点标记：是").important && !text("重点标记：否\n重点标记：").important);
}

#[test]
fn case_numbers_anywhere() {
    let facts = xml(
        "<a remark='（2021）吉0721执123号'>与2021吉0721执恢<b>45</b>及（2021）吉0721执保6号之一<c/>（2021）吉0721执123号</a>",
    );
    let numbers: Vec<String> = facts.case_numbers.iter().map(CaseNumber::canonical).collect();
    assert_eq!(numbers, ["（2021）吉0721执123号", "（2021）吉0721执保6号"]);
}

#[test]
fn notes_by_key() {
    let note = "警号：220721\r\n姓名: 张三\r\n设备编号=7654321\r\n案号：（2021）吉0721执123号、（2021）吉0721执124号\r\n\
        开始时间：2024年5月8日13时29分20秒\r\n结束时间：2024-05-08T13:39:20\r\n时长：10分\r\n经度：124.8228\r\n纬度：45.1171\r\n";
    let facts = text(note);
    assert_eq!(facts.case_numbers.len(), 2);
    assert_eq!(SidecarFacts { case_numbers: Vec::new(), ..facts }, expected());
    let gbk = read(SidecarKind::Txt, &encoding_rs::GBK.encode(note).0);
    assert_eq!((gbk.encoding.as_str(), gbk.officer_name.as_deref()), ("gbk", Some("张三")));
}

#[test]
fn tracks() {
    let nmea = "$GPRMC,1,V,,,,,\n$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\n$GPRMC,1,A,4507.2,N,12430.0,E";
    for kind in [SidecarKind::Gps, SidecarKind::Nmea, SidecarKind::Srt, SidecarKind::Log] {
        let position = read(kind, nmea.as_bytes()).position.unwrap();
        assert!((position.lat - 48.1173).abs() < 1e-4 && (position.lon - 11.51667).abs() < 1e-4);
    }
    let srt = "1\n00:00:00,000 --> 00:00:01,000\n2024-05-08 13:29:20\nGPS: 45.117100,124.822800\n";
    assert_eq!(read(SidecarKind::Srt, srt.as_bytes()).position, Position::new(45.1171, 124.8228));
}

#[test]
fn unit_of_a_bare_duration() {
    let with = |duration: &str, rest: &str| xml(&format!("<a videoDuration='{duration}' {rest}/>"));
    let span = "beginTime='2024-05-08 13:29:20' endTime='2024-05-08 13:39:20'";
    assert_eq!(with("600", span).duration_ms, Some(600_000));
    assert_eq!(with("599870", span).duration_ms, Some(599_870));
    let alone = with("600", "");
    assert_eq!((alone.duration_ms, alone.doubts), (Some(600_000), vec!["duration_unit_assumed".to_owned()]));
    for (text, ms) in [
        ("600.5", Some(600_500)),
        ("600s", Some(600_000)),
        ("1小时", Some(3_600_000)),
        ("1小时5秒", Some(3_605_000)),
        ("10:01", Some(601_000)),
        ("01:00:00.25", Some(3_600_250)),
        ("250ms", Some(250)),
        ("1:2:3:4", None),
        ("ten", None),
        ("-5", None),
        ("1e9", None),
        ("", None),
    ] {
        assert_eq!(with(text, "").duration_ms, ms, "{text}");
    }
}

#[test]
fn doubts() {
    let facts =
        xml("<a policeNum='000000' devNum='8888888' beginTime='2010-01-01 00:00:00' endTime='2009-01-01 00:00:00'/>");
    assert_eq!(facts.doubts, ["clock_never_set", "end_before_begin", "recorder_never_set", "officer_never_set"]);
    assert_eq!(facts.officer.as_deref(), Some("000000"));
    let facts = xml("<a beginTime='2024-05-08T13:29:20Z' endTime='昨天'/>");
    assert_eq!(facts.begin, Some(datetime(2024, 5, 8, 13, 29, 20, 0)));
    assert_eq!(facts.doubts, ["time_zone_ignored", "impossible_time"]);
    assert_eq!(xml("<a endTime='2024-05-08T13:29:20.5+08:00'/>").doubts, ["time_zone_ignored"]);
}

#[test]
fn encodings() {
    let cut = decode(&"警号：220721，设备".as_bytes()[..23]);
    assert_eq!((cut.encoding, cut.replaced), ("utf-8", true));
    assert!(cut.text.starts_with("警号：220721"));
    let neither = decode(b"abc\xff\xff\xff");
    assert!(neither.replaced);
    let mostly = ["执行局".repeat(20).as_bytes(), b"\xff", "执".as_bytes()].concat();
    assert_eq!(decode(&mostly).encoding, "utf-8");
    assert_eq!(decode(b"").encoding, "utf-8");
    assert_eq!(decode(b"\xff\xfe").text, "");
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400), near in "[<>/a-z=\"'&;#!\\[\\]-张\\n:，0-9. ]{0,200}") {
        for kind in SidecarKind::ALL {
            let _ = read(kind, &bytes);
            let _ = read(kind, near.as_bytes());
        }
    }

    #[test]
    fn damaged_xml_is_read(at in 0usize..600, to: u8, cut in 0usize..600) {
        let mut bytes = XML.as_bytes().to_vec();
        if let Some(byte) = bytes.get_mut(at) {
            *byte = to;
        }
        bytes.truncate(cut.max(at));
        let facts = read(SidecarKind::Xml, &bytes);
        prop_assert!(facts.position.is_none_or(|p| p.lat.is_finite()));
    }
}

#[test]
fn hostile_sidecars_cost_linear_time() {
    const SIZE: usize = 1 << 18;
    for unit in
        ["<a>", "<a b='1'/>", "<a/>&#1;", "x=1 ", "&", "$GPRMC,", "1.2345 ", "（2021）吉0721执1号", "1,", "<location>"]
    {
        let bytes = unit.repeat(SIZE / unit.len()).into_bytes();
        for kind in [SidecarKind::Xml, SidecarKind::Txt] {
            let start = std::time::Instant::now();
            let _ = read(kind, &bytes);
            assert!(start.elapsed().as_secs() < 10, "{unit} {kind:?}: {:?}", start.elapsed());
        }
    }
    let wide = format!("<a {}/>", (0..100_000).map(|i| format!("a{i}='1' ")).collect::<String>());
    let _ = read(SidecarKind::Xml, wide.as_bytes());
}
