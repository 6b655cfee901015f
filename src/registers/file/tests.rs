use proptest::prelude::*;

use super::*;

const COLUMNS: [Column; 3] = [
    Column::required("案号", "number", &["案件号", "case number"]),
    Column::optional("当事人", "parties", &["party"]),
    Column::optional("承办人", "judge", &["承办法官"]),
];
const REGISTER: &str = "案号,当事人,案由,承办人\n甲1,张三、李四,民间借贷,王法官\n甲2,赵六,,\n";

type Row = (u64, Result<[Option<String>; 3], String>);

fn open(bytes: &[u8]) -> Result<Lines, FileError> {
    Lines::read(bytes, &COLUMNS)
}

fn rows(lines: Lines) -> Vec<Row> {
    let fields = |line: Line| [0, 1, 2].map(|column| line.get(column).map(str::to_owned));
    lines.map(|(number, line)| (number, line.map(fields).map_err(|message| message.zh))).collect()
}

fn read(bytes: &[u8]) -> Vec<Row> {
    rows(open(bytes).unwrap())
}

fn row(number: u64, fields: [&str; 3]) -> Row {
    (number, Ok(fields.map(|text| Some(text.to_owned()).filter(|t| !t.is_empty()))))
}

#[test]
fn every_encoding() {
    let gbk = encoding_rs::GBK.encode(REGISTER).0;
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(REGISTER.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let marked = [b"\xef\xbb\xbf", REGISTER.as_bytes()].concat();
    for (label, bytes) in [("utf-8", REGISTER.as_bytes()), ("utf-8", &marked), ("gbk", &gbk), ("utf-16le", &utf16)] {
        assert_eq!(read(bytes), [row(2, ["甲1", "张三、李四", "王法官"]), row(3, ["甲2", "赵六", ""])], "{label}");
        assert_eq!(open(bytes).unwrap().encoding(), label);
    }
    // GBK is seen although the first Chinese character stands far behind in an ASCII file.
    let late = format!("number,judge\n{}甲1,王\n", "\n".repeat(100_000));
    assert_eq!(read(&encoding_rs::GBK.encode(&late).0), [row(100_002, ["甲1", "", "王"])]);
}

#[test]
fn header_in_english_in_any_order_with_more_columns() {
    let csv = "Judge ,备注,CASE NUMBER,Parties,number\r\n王法官,x,甲1,张三,9\r\n";
    let lines = open(csv.as_bytes()).unwrap();
    let warnings: Vec<&str> = lines.warnings().iter().map(|w| w.zh.as_str()).collect();
    assert_eq!(warnings, ["第2列“备注”未导入", "第5列“number”未导入"]);
    assert_eq!(rows(lines), [row(2, ["甲1", "张三", "王法官"])]);
}

#[test]
fn lines_are_counted_as_editors_count_them() {
    let csv = "案号,承办人\n1,甲\n\n,丙\r\n\"3\",\"丁\n戊\"\n,,\n4,己,多余\n5\n";
    let expected = [
        row(2, ["1", "", "甲"]),
        row(4, ["", "", "丙"]),
        row(5, ["3", "", "丁\n戊"]),
        row(8, ["4", "", "己"]),
        row(9, ["5", "", ""]),
    ];
    assert_eq!(read(csv.as_bytes()), expected);
}

#[test]
fn progress_ends_at_the_end() {
    let mut lines = open(REGISTER.as_bytes()).unwrap();
    let total = REGISTER.len() as u64;
    let mut last = lines.position().0;
    while lines.next().is_some() {
        assert!(lines.position().0 >= last && lines.position().1 == total);
        last = lines.position().0;
    }
    assert_eq!(lines.position(), (total, total));
}

#[test]
fn bytes_in_no_encoding_spoil_only_their_line() {
    let lines = ["案号,承办人\n1,王法官\n2,".as_bytes(), b"\xff\xff", "\n3,李\n".as_bytes()];
    let read = read(&lines.concat());
    assert_eq!(read.iter().map(|(_, line)| line.is_ok()).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(read[1], (3, Err("含有无法解码的字符".to_owned())));
}

#[test]
fn files_that_are_no_register() {
    for bytes in [&b""[..], b"\n\n"] {
        let error = open(bytes).unwrap_err();
        assert!(matches!(error, FileError::NoHeader { .. }));
        assert!(error.to_string().contains("“案号”"), "{error}");
    }
    let error = open("当事人;案由\n".as_bytes()).unwrap_err();
    for name in ["案号", "case number", "number", "当事人;案由"] {
        assert!(error.to_string().contains(name) && error.message().zh.contains(name), "{error}");
    }
    assert_eq!(read("案号".as_bytes()), []);
    assert!(matches!(Lines::read(io::repeat(b'x'), &COLUMNS), Err(FileError::TooLarge)));
}

#[test]
fn a_device_that_fails() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }
    }
    assert!(matches!(Lines::read(Failing, &COLUMNS), Err(FileError::Io(_))));
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for content in [bytes.clone(), ["案号,当事人\n".as_bytes(), &bytes].concat()] {
            if let Ok(lines) = open(&content[..]) {
                prop_assert!(lines.count() <= content.len());
            }
        }
    }
}
