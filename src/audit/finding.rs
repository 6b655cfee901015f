//! What is wrong, named.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;

/// Most findings that are kept; where everything was exchanged there is one for each thing.
const MOST: usize = 1000;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Finding {
    /// A stable word: `object_missing`, `object_truncated`, `object_altered`, `object_unreadable`, `object_extra`, `entry_missing`, …
    pub code: &'static str,
    /// What, named.
    pub subject: String,
    /// What was found, for people.
    pub detail: String,
}

/// What a code says, in Chinese; the code itself where it has no words.
pub fn zh(code: &str) -> &str {
    match code {
        "amendment_missing" => "变更没有记录",
        "chain_broken" => "记录链断开",
        "checkpoint_altered" => "签名检查点被改动",
        "clip_differs" => "视频与账本不符",
        "clip_missing" => "账本中的视频不在目录库",
        "detail_altered" => "记录的内容被改动",
        "document_altered" => "检索索引与原文不符",
        "document_extra" => "检索到并不存在的内容",
        "document_missing" => "检索不到",
        "document_outdated" => "检索内容已过时",
        "entry_altered" => "账本条目被改动",
        "entry_differs" => "与账本条目不符",
        "entry_missing" => "账本条目缺失",
        "entry_unsigned" => "账本条目未签名",
        "fixity_differs" => "核验记录与账本不符",
        "head_differs" => "最新条目与账本不符",
        "index_damaged" => "检索索引损坏",
        "log_cut" => "账本被截短",
        "log_forked" => "账本被分叉",
        "name_missing" => "视频没有上传记录",
        "object_altered" => "对象内容被改动",
        "object_extra" => "存储库中有外来文件",
        "object_missing" => "对象缺失",
        "object_truncated" => "对象不完整",
        "object_unreadable" => "对象无法读取",
        "record_differs" => "保管记录与账本不符",
        "record_extra" => "保管记录多余",
        "record_missing" => "保管记录缺失",
        "root_differs" => "账本根值与签名不符",
        "row_altered" => "目录库数据被改动",
        "row_missing" => "目录库数据缺失",
        "tile_altered" => "账本散列被改动",
        "tile_missing" => "账本散列缺失",
        "vault_unreadable" => "存储库无法读取",
        other => other,
    }
}

impl fmt::Display for Finding {
    /// For people: the code, what it is about, the code in Chinese, and what was found.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}  {}", self.code, self.subject, zh(self.code), self.detail)
    }
}

/// Findings in the order in which they were made, each subject once for a code.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
    more: u64,
    known: HashSet<(&'static str, String)>,
}

impl Findings {
    /// Adds a finding, unless the same is known of the subject.
    pub fn add(&mut self, code: &'static str, subject: impl ToString, detail: impl ToString) {
        let subject = subject.to_string();
        if self.list.len() >= MOST {
            self.more += 1;
        } else if self.known.insert((code, subject.clone())) {
            self.list.push(Finding { code, subject, detail: detail.to_string() });
        }
    }

    /// Those that are kept.
    pub fn list(&self) -> &[Finding] {
        &self.list
    }

    /// Number of those that are not.
    pub fn more(&self) -> u64 {
        self.more
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Every text in quotes of the files below `dir` that looks like a code.
    fn codes_below(dir: &Path, found: &mut HashSet<String>) {
        const ENDS: [&str; 12] = [
            "missing",
            "extra",
            "altered",
            "differs",
            "broken",
            "unsigned",
            "cut",
            "forked",
            "truncated",
            "unreadable",
            "outdated",
            "damaged",
        ];
        for entry in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                codes_below(&entry, found);
                continue;
            }
            let text = std::fs::read_to_string(&entry).unwrap();
            let quoted = text.split('"');
            let is_word = |t: &&str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            let is_code = |t: &&str| t.rsplit_once('_').is_some_and(|(_, end)| ENDS.contains(&end));
            found.extend(quoted.filter(is_word).filter(is_code).map(ToOwned::to_owned));
        }
    }

    #[test]
    fn every_code_is_said_in_chinese() {
        let mut codes = HashSet::new();
        codes_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/audit"), &mut codes);
        assert!(codes.len() > 30, "{codes:?}");
        let silent: Vec<&String> = codes.iter().filter(|code| zh(code) == code.as_str()).collect();
        assert!(silent.is_empty(), "{silent:?}");
    }
}
