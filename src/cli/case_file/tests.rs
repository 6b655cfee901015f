use proptest::prelude::*;

use super::*;

const REGISTER: &str = "案号,当事人,案由,承办人,状态\n\
    （2021）吉0721执123号,张三、某某公司；李四,民间借贷纠纷,王法官,在办\n\
    2021吉0721执恢45,赵六,,,\n";

fn read(bytes: &[u8]) -> Vec<Result<CaseRecord, LineError>> {
    read_cases(bytes).unwrap().collect()
}

fn expected() -> Vec<Result<CaseRecord, LineError>> {
    let text = |t: &str| Some(t.to_owned());
    let first = CaseRecord {
        line: 2,
        number: "（2021）吉0721执123号".parse().unwrap(),
        parties: ["张三", "某某公司", "李四"].map(str::to_owned).to_vec(),
        cause: text("民间借贷纠纷"),
        judge: text("王法官"),
        status: text("在办"),
    };
    let second = CaseRecord {
        line: 3,
        number: "（2021）吉0721执恢45号".parse().unwrap(),
        parties: vec!["赵六".to_owned()],
        cause: None,
        judge: None,
        status: None,
    };
    vec![Ok(first), Ok(second)]
}

#[test]
fn every_encoding() {
    let gbk = encoding_rs::GBK.encode(REGISTER).0;
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(REGISTER.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let marked = [b"\xef\xbb\xbf", REGISTER.as_bytes()].concat();
    for (label, bytes) in [("utf-8", REGISTER.as_bytes()), ("utf-8", &marked), ("gbk", &gbk), ("utf-16le", &utf16)] {
        assert_eq!(read(bytes), expected(), "{label}");
        assert_eq!(read_cases(bytes).unwrap().encoding(), label);
    }
    // GBK is seen although the first Chinese character stands far behind in an ASCII file.
    let late = format!("number,judge\n{}（2021）吉0721执1号,王\n", "\n".repeat(100_000));
    let cases = read(&encoding_rs::GBK.encode(&late).0);
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0].as_ref().unwrap().judge.as_deref(), Some("王"));
    assert_eq!(cases[0].as_ref().unwrap().line, 100_002);
}

#[test]
fn header_in_english_in_any_order_with_more_columns() {
    let csv = "Status, Judge ,备注,CASE NUMBER,Parties,Cause,number\r\n在办,王法官,x,（2021）吉0721执123号,张三;某某公司; 李四,民间借贷纠纷,9\r\n";
    let reader = read_cases(csv.as_bytes()).unwrap();
    assert_eq!(reader.warnings().len(), 2);
    assert!(reader.warnings()[0].starts_with("第3列“备注”未导入"), "{:?}", reader.warnings());
    assert_eq!(reader.collect::<Vec<_>>(), expected()[..1]);
}

#[test]
fn a_bad_line_is_reported_and_the_rest_goes_in() {
    let csv = "案号,承办人\n（2021）吉0721执1号,甲\n（2021）吉072执2号,乙\n\n,丙\n\"（2021）吉0721执3号\",\"丁\n戊\"\n,,\n（2021）吉0721执4号,己,多余\n（2021）吉0721执5号\n";
    let cases = read(csv.as_bytes());
    let lines: Vec<(u64, bool)> =
        cases.iter().map(|c| c.as_ref().map_or_else(|e| (e.line, false), |c| (c.line, true))).collect();
    assert_eq!(lines, [(2, true), (3, false), (5, false), (6, true), (9, true), (10, true)]);
    let message = cases[1].as_ref().unwrap_err().to_string();
    assert!(message.starts_with("line 3: 案号“（2021）吉072执2号”：法院代字有3位数字"), "{message}");
    assert!(cases[2].as_ref().unwrap_err().message.contains("案号为空"));
    assert_eq!(cases[3].as_ref().unwrap().judge.as_deref(), Some("丁\n戊"));
}

#[test]
fn bytes_in_no_encoding_spoil_only_their_line() {
    let lines = [
        "案号,承办人\n（2021）吉0721执1号,王法官\n（2021）吉0721执2号,".as_bytes(),
        b"\xff\xff",
        "\n（2021）吉0721执3号,李\n".as_bytes(),
    ];
    let cases = read(&lines.concat());
    assert_eq!(cases.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert!(cases[1].as_ref().unwrap_err().message.starts_with("含有无法解码的字符"));
}

#[test]
fn files_that_are_no_register() {
    assert!(matches!(read_cases(b"".as_slice()), Err(CaseFileError::NoHeader)));
    assert!(matches!(read_cases(b"\n\n".as_slice()), Err(CaseFileError::NoHeader)));
    let error = read_cases("当事人;案由\n".as_bytes()).unwrap_err().to_string();
    for name in ["案号", "case number", "number", "当事人;案由"] {
        assert!(error.contains(name), "{error}");
    }
    assert_eq!(read("案号".as_bytes()), []);
    assert!(matches!(read_cases(io::repeat(b'x')), Err(CaseFileError::TooLarge)));
}

#[test]
fn a_device_that_fails() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }
    }
    assert!(matches!(read_cases(Failing), Err(CaseFileError::Io(_))));
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for content in [bytes.clone(), ["案号,当事人\n".as_bytes(), &bytes].concat()] {
            if let Ok(cases) = read_cases(&content[..]) {
                prop_assert!(cases.count() <= content.len());
            }
        }
    }
}
