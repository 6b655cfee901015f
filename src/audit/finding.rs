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
        "bag_damaged" => "导出包的说明文件不合规定",
        "bag_info_differs" => "导出包的说明与内容不符",
        "bag_unreadable" => "不是导出包或无法读取",
        "chain_broken" => "记录链断开",
        "chain_cut" => "记录链不完整",
        "chain_forked" => "记录链分叉",
        "checkpoint_altered" => "签名检查点被改动",
        "checkpoint_differs" => "各证明的检查点不一致",
        "checkpoint_unvouched" => "检查点未获策略认可",
        "clip_differs" => "视频与账本不符",
        "clip_doubled" => "同一视频有两条记录链",
        "clip_missing" => "账本中的视频不在目录库",
        "copy_altered" => "视频副本与账本不符",
        "copy_extra" => "账本中没有的视频副本",
        "copy_missing" => "视频副本缺失",
        "copy_truncated" => "视频副本大小不符",
        "detail_altered" => "记录的内容被改动",
        "detail_differs" => "记录的内容自相矛盾",
        "detail_extra" => "记录的内容重复",
        "detail_misplaced" => "记录的内容放错位置",
        "detail_missing" => "记录的内容缺失",
        "disposal_differs" => "销毁与规则不符",
        "detail_remains" => "已销毁视频的记录内容仍在",
        "disposed_too_early" => "未到期即被销毁",
        "disposed_while_held" => "保全期间被销毁",
        "document_altered" => "检索索引与原文不符",
        "document_extra" => "检索到并不存在的内容",
        "document_missing" => "检索不到",
        "document_outdated" => "检索内容已过时",
        "entry_altered" => "账本条目被改动",
        "entry_differs" => "与账本条目不符",
        "entry_missing" => "账本条目缺失",
        "entry_unknown" => "本程序不认识的条目",
        "entry_unproved" => "条目不在账本中",
        "entry_unsigned" => "账本条目未签名",
        "export_differs" => "清单与账本所记不符",
        "export_missing" => "没有本次移送的记录",
        "file_altered" => "文件与清单不符",
        "file_foreign" => "导出包中有外来文件",
        "file_missing" => "文件缺失",
        "file_oversized" => "文件过大",
        "file_unlisted" => "文件不在清单中",
        "file_unreadable" => "文件无法读取",
        "fixity_differs" => "核验记录与账本不符",
        "format_unknown" => "本程序不认识的格式",
        "head_differs" => "最新条目与账本不符",
        "index_damaged" => "检索索引损坏",
        "ledger_cut" => "目录库是旧副本，缺少已签署的条目",
        "ledger_forked" => "目录库不是曾签署的那个账本",
        "log_cut" => "账本被截短",
        "log_forked" => "账本被分叉",
        "manifest_damaged" => "清单不合规定",
        "manifest_doubled" => "清单重复列出",
        "name_missing" => "视频没有上传记录",
        "object_altered" => "对象内容被改动",
        "object_extra" => "存储库中有外来文件",
        "object_remains" => "已销毁的对象仍在存储库",
        "object_missing" => "对象缺失",
        "object_truncated" => "对象不完整",
        "object_unreadable" => "对象无法读取",
        "policy_damaged" => "导出包中的策略不合规定",
        "policy_differs" => "导出包中的策略与其检查点不符",
        "policy_other" => "导出包中的策略与您的不同，以您的为准",
        "proof_damaged" => "证明不合规定",
        "proof_differs" => "证明与条目不符",
        "proof_missing" => "证明缺失",
        "record_differs" => "保管记录与账本不符",
        "record_extra" => "保管记录多余",
        "record_missing" => "保管记录缺失",
        "root_differs" => "账本根值与签名不符",
        "row_altered" => "目录库数据被改动",
        "row_missing" => "目录库数据缺失",
        "start_doubtful" => "录制时间存疑",
        "tile_altered" => "账本散列被改动",
        "tile_missing" => "账本散列缺失",
        "time_doubtful" => "账本时间倒退",
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
        const ENDS: [&str; 25] = [
            "early",
            "held",
            "remains",
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
            "doubled",
            "doubtful",
            "foreign",
            "misplaced",
            "other",
            "oversized",
            "unknown",
            "unlisted",
            "unproved",
            "unvouched",
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
