//! The report's words for what is recorded in stable ones.

use crate::model::clip::TimeSource;
use crate::model::custody::EventKind;
use crate::model::incident::Status;
use crate::model::media::Health;

/// A role that a token has.
pub(super) fn role(word: &str) -> &str {
    match word {
        "officer" => "执行人员",
        "legal" => "法务人员",
        "auditor" => "审计人员",
        "admin" => "管理员",
        other => other,
    }
}

/// A part of the daemon, or a command.
pub(super) fn part(word: &str) -> &str {
    match word {
        "intake" => "自动收取",
        "import" => "登记簿导入",
        "matching" => "自动归案",
        "scrub" => "定期核验",
        "verify" => "命令行核验",
        "export" => "命令行导出",
        other => other,
    }
}

/// A word of a detail that is always the same; what people wrote stays as it is.
pub(super) fn stable(word: &str) -> &str {
    match word {
        // How an object was read.
        "direct" => "绕过缓存自存储设备读取",
        "uncached" => "清除缓存后读取",
        "cached" => "经缓存读取",
        // What was found.
        "equal" => "一致",
        "altered" => "内容被改动",
        "truncated" => "不完整",
        "missing" => "缺失",
        "unreadable" => "无法读取",
        // By what a clip was tied to a case.
        "person" => "人工",
        "name" => "文件名",
        "path" => "文件夹名称",
        "sidecar" => "伴随文件",
        "action" => "执行行动",
        "recording" => "同一录像的相邻片段",
        // What became of the source.
        "kept" => "保留",
        "moved" => "已移走",
        "deleted" => "已删除",
        "gone" => "已不在原处",
        "changed" => "已被更改，未处理",
        other => other,
    }
}

pub(super) fn event(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Ingestion => "收取入库",
        EventKind::FixityCheck => "回读核验",
        EventKind::View => "查看或取用",
        EventKind::Link => "归入案件",
        EventKind::Unlink => "移出案件",
        EventKind::Annotate => "附注说明",
        EventKind::Mark => "重点标记",
        EventKind::Release => "源文件处理",
        EventKind::ExportBegin => "移送开始",
        EventKind::Export => "移送完成",
        EventKind::Hold => "保全",
        EventKind::Lift => "解除保全",
        EventKind::Dispose => "销毁",
    }
}

pub(super) fn time_source(source: TimeSource) -> &'static str {
    match source {
        TimeSource::Name => "文件名中的设备时间",
        TimeSource::Sidecar => "伴随文件中的设备时间",
        TimeSource::Container => "封装中的创建时间",
        TimeSource::File => "文件修改时间",
        TimeSource::Arrived => "收取时间",
    }
}

pub(super) fn health(health: Health) -> &'static str {
    match health {
        Health::Ok => "可正常读取",
        Health::Partial => "索引完整，部分画面或声音缺失",
        Health::Damaged => "损坏（如录制中断电），按原样保存",
        Health::Unsupported => "不是已知的音像格式，按原样保存",
        Health::ProbeFailed => "未能读出其内容，按原样保存",
    }
}

pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Suspected => "疑似",
        Status::Confirmed => "已确认",
        Status::Closed => "已办结",
        Status::Dismissed => "已否定",
    }
}

/// A doubt about a clock, see `media::clock`.
pub(super) fn doubt(word: &str) -> String {
    let source =
        |word: &str| TimeSource::ALL.into_iter().find(|source| source.as_str() == word).map_or("其他时间", time_source);
    match word.split_once(':') {
        Some(("before_2016", of)) => format!("{}早于2016年，时钟从未校准", source(of)),
        Some(("future", of)) => format!("{}晚于收取时间一日以上", source(of)),
        Some(("far_from", of)) => format!("与{}相差一日以上", source(of)),
        _ => match word {
            "container_local_time" => "封装时间以当地时间写成而未作时区换算".to_owned(),
            "container_is_end" => "封装时间是录制结束的时间".to_owned(),
            other => other.to_owned(),
        },
    }
}
