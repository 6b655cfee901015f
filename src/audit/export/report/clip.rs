//! One clip: what it is, where it comes from, its clocks, and every access.

use serde_json::Value;

use super::{Teller, lines, rows, words};
use crate::audit::export::Failure;
use crate::audit::export::payload::extension;
use crate::catalog::clips::{Clip, ClipRole};
use crate::catalog::custody::{self as events, CustodyEvent};
use crate::catalog::engine::Conn;
use crate::catalog::uploads::Upload;
use crate::catalog::{case_links, fixity, notes, officers, recorders, uploads};
use crate::ledger::paper::{Html, grouped, text, thousands};
use crate::model::id::Id;

/// Rows read at a time.
const PAGE: u32 = 256;
/// Most notes of one clip that are told; all are among its entries.
const MOST_NOTES: u32 = 200;
/// Most characters of what is told of an access; the whole is in the detail's file.
const MOST_CHARS: usize = 240;
/// Most anomalies that are told one by one.
const MOST_ANOMALIES: usize = 8;

impl Teller<'_> {
    /// The chapter of a clip.
    pub(super) async fn clip(&self, mut conn: Conn<'_>, clip: &Clip, number: usize) -> Result<String, Failure> {
        let arrived = uploads::of_clip(conn.reborrow(), clip.id).await?;
        let facts = [
            ("校验值", digests(clip)),
            ("大小", text(&format!("{} 字节", thousands(clip.size_bytes)))),
            ("类别", self.kind(clip)),
            ("来源与收取", lines(arrived.iter().map(|upload| self.arrival(upload)))),
            ("制作人", text(&self.maker(conn.reborrow(), clip).await?)),
            ("制作设备", text(&device(conn.reborrow(), clip).await?)),
            ("制作时间", self.times(clip)),
            ("时钟存疑之处", lines(clip.facts.doubts.iter().map(|word| words::doubt(word)))),
            ("地点", place(clip)),
            ("内容状况", content(clip)),
            ("最近核验", text(&self.verified(conn.reborrow(), clip.id).await?)),
            ("所涉案件", self.cases(conn.reborrow(), clip.id).await?),
            ("书面说明", self.notes(conn.reborrow(), clip.id).await?),
        ];
        let name = format!("data/clips/{}.{}", clip.entry_index, extension(&clip.media));
        let mut html = format!("<h3>{number}. <code>{name}</code>（编号 {}）</h3>\n<table>\n", clip.id);
        html += &rows(&facts);
        html += "</table>\n";
        html += &self.accesses(conn, clip).await?;
        Ok(html)
    }

    fn kind(&self, clip: &Clip) -> Html {
        let role = match (clip.role, clip.sidecar_of) {
            (ClipRole::Clip, _) => "原件的逐字节复制件；原件存于法院只写一次的证据库".to_owned(),
            (ClipRole::Sidecar, Some(of)) => format!("伴随文件（记录仪或采集站所写，属编号 {of}）"),
            (ClipRole::Sidecar, None) => "伴随文件（未找到所属视频）".to_owned(),
        };
        let marked = if clip.is_important() { "；有重点标记" } else { "" };
        text(&format!("{role}{marked}"))
    }

    fn arrival(&self, upload: &Upload) -> String {
        let part = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let place = [&upload.folder, &upload.dir, &upload.name].map(|bytes| part(bytes));
        let place = place.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("/");
        let confirmed = upload
            .confirmed
            .map_or_else(|| "尚未回读确认".to_owned(), |at| format!("{} 自存储设备回读，与入库时一致", self.time(at)));
        let outcome = match upload.outcome.as_deref() {
            Some("kept") => "；源文件未动",
            Some("moved") => "；源文件已移走",
            Some("deleted") => "；源文件已按策略删除",
            Some(_) => "；源文件其后已变动或不在",
            None => "",
        };
        format!(
            "{place}：{} 收取，{} 入库，{confirmed}{outcome}",
            self.time(upload.arrived),
            self.time(upload.accepted)
        )
    }

    async fn maker(&self, conn: Conn<'_>, clip: &Clip) -> Result<String, Failure> {
        let Some(number) = &clip.facts.officer else {
            return Ok("未知：文件名与伴随文件中没有警号".to_owned());
        };
        let officer = officers::at(conn, number, clip.facts.recorded).await?;
        Ok(match officer {
            Some(officer) => {
                let parts = [officer.name, officer.role, officer.court];
                let parts = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("，");
                format!("警号 {number}（{parts}）")
            }
            None => format!("警号 {number}（登记簿中该时间没有此人）"),
        })
    }

    fn times(&self, clip: &Clip) -> Html {
        let (times, chosen) = (clip.times(), clip.facts.recorded);
        let duration = clip.media.duration_ms.map_or_else(|| "未知".to_owned(), seconds);
        lines([
            format!(
                "采信：{}（依据{}）；时长 {duration}",
                self.time(chosen),
                words::time_source(clip.facts.recorded_source)
            ),
            format!("设备时间（文件名或伴随文件）：{}", self.time_or_dash(times.device)),
            format!("封装中的创建时间：{}", self.time_or_dash(times.container)),
            format!("文件修改时间：{}", self.time_or_dash(times.file)),
            format!("收取时间：{}", self.time(times.arrived)),
        ])
    }

    async fn verified(&self, conn: Conn<'_>, clip: Id) -> Result<String, Failure> {
        Ok(match fixity::get_all(conn, &[clip]).await?.pop() {
            Some(row) => match row.verified {
                Some(at) => format!("{} 重新读取，与入库时一致（账本第 {} 条）", self.time(at), row.entry_index),
                None => format!("{} 核验不符，见访问记录", self.time(row.checked)),
            },
            None => "入库后尚未再次核验".to_owned(),
        })
    }

    async fn cases(&self, conn: Conn<'_>, clip: Id) -> Result<Html, Failure> {
        let links = case_links::of_clip(conn, clip).await?;
        Ok(lines(links.into_iter().map(|link| {
            let why = if link.reason.zh.is_empty() { String::new() } else { format!("：{}", link.reason.zh) };
            format!("{}（{}{why}）", link.number, self.who(&link.actor))
        })))
    }

    async fn notes(&self, conn: Conn<'_>, clip: Id) -> Result<Html, Failure> {
        let mut notes = notes::of_clip(conn, clip, None, MOST_NOTES).await?;
        notes.reverse();
        Ok(lines(
            notes.into_iter().map(|note| format!("{} {}：{}", self.time(note.at), self.who(&note.actor), note.note)),
        ))
    }

    /// Every access to a clip, from its chain in the ledger.
    async fn accesses(&self, mut conn: Conn<'_>, clip: &Clip) -> Result<String, Failure> {
        let mut html = "<table class=\"log\"><caption>访问与处理记录（账本中该件的全部条目，前后相接）</caption>\n\
            <tr><th>账本条目</th><th>时间</th><th>何人</th><th>何事</th><th>说明</th></tr>\n"
            .to_owned();
        let mut from = clip.entry_index;
        loop {
            let page = events::chain(conn.reborrow(), clip.id, from, PAGE).await?;
            let Some(last) = page.last() else { break };
            from = last.entry_index + 1;
            for event in &page {
                html += &self.access(event);
            }
        }
        html += "</table>\n";
        Ok(html)
    }

    fn access(&self, event: &CustodyEvent) -> String {
        let cells = [
            event.entry_index.to_string(),
            self.time(event.at),
            self.who(&event.actor),
            words::event(event.kind).to_owned(),
            told(&event.detail),
        ];
        let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", text(cell).0)).collect();
        format!("<tr>{cells}</tr>\n")
    }
}

fn digests(clip: &Clip) -> Html {
    let line = |name, hex: String| format!("{name} <code class=\"hash\">{}</code>", text(&grouped(&hex)).0);
    let sm3 = clip.sm3.map(|digest| line("SM3", digest.to_string()));
    let all = std::iter::once(line("SHA-256", clip.sha256.to_string())).chain(sm3);
    Html(all.collect::<Vec<_>>().join("<br>"))
}

async fn device(conn: Conn<'_>, clip: &Clip) -> Result<String, Failure> {
    let sequence = clip.facts.sequence.map_or_else(String::new, |n| format!("，文件序号 {n:04}"));
    let made = [&clip.media.make, &clip.media.model].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    let made = if made.is_empty() { made } else { format!("，文件中自述为 {made}") };
    let Some(serial) = &clip.facts.recorder else { return Ok(format!("记录仪编号未知{sequence}{made}")) };
    let known = recorders::of_serials(conn, &[serial]).await?.pop();
    let known = match known {
        Some(recorder) if recorder.model.is_empty() => "（已登记）".to_owned(),
        Some(recorder) => format!("（已登记，型号 {}）", recorder.model),
        None => "（登记簿中没有）".to_owned(),
    };
    Ok(format!("执法记录仪 {serial}{known}{sequence}{made}"))
}

fn place(clip: &Clip) -> Html {
    let position = clip.facts.position;
    text(&position.map_or_else(
        || "设备未记录位置".to_owned(),
        |at| format!("北纬 {:.5}°，东经 {:.5}°（WGS-84，设备所记，录制开始时）", at.lat, at.lon),
    ))
}

fn content(clip: &Clip) -> Html {
    let media = &clip.media;
    let video = media.video.as_ref().map(|video| {
        let size = video.width.zip(video.height).map_or_else(String::new, |(w, h)| format!(" {w}×{h}"));
        format!("画面 {}{size}", video.codec.as_deref().unwrap_or("未知编码"))
    });
    let audio = media.audio.as_ref().map(|audio| format!("声音 {}", audio.codec.as_deref().unwrap_or("未知编码")));
    let container = media.container.map(|container| format!("封装 {}", container.as_str()));
    let format = [container, video, audio].into_iter().flatten().collect::<Vec<_>>().join("，");
    let anomaly = |a: &crate::model::media::Anomaly| {
        let at = a.offset.map_or_else(String::new, |at| format!("，位于第 {at} 字节"));
        format!("异常 {}{at}", a.code)
    };
    let more = media.anomalies.len().checked_sub(MOST_ANOMALIES).filter(|more| *more > 0);
    let all = std::iter::once(words::health(media.health).to_owned())
        .chain((!format.is_empty()).then_some(format))
        .chain(media.anomalies.iter().take(MOST_ANOMALIES).map(anomaly))
        .chain(more.map(|more| format!("另有 {more} 处")));
    lines(all)
}

pub(super) fn seconds(ms: u64) -> String {
    let s = ms / 1000;
    format!("{:02}:{:02}:{:02}.{:03}", s / 3600, s / 60 % 60, s % 60, ms % 1000)
}

/// What of an entry's detail is told in the table; everything is in the detail's file.
const TOLD: [(&str, &str); 16] = [
    ("name", "文件名"),
    ("case", "案号"),
    ("sidecar", "伴随文件编号"),
    ("method", "方式"),
    ("result", "结果"),
    ("differs", "差异"),
    ("outcome", "处理"),
    ("text", "内容"),
    ("first", "自字节"),
    ("last", "至字节"),
    ("important", "重点标记"),
    ("marked", "重点标记"),
    ("export", "移送编号"),
    ("recipient", "接收单位"),
    ("reason", "理由"),
    ("approved_by", "审批人"),
];

/// What an entry commits to, on one line.
fn told(detail: &[u8]) -> String {
    let Ok(Value::Object(members)) = serde_json::from_slice(detail) else { return String::new() };
    let value = |value: &Value| match value {
        Value::String(text) => words::stable(text).to_owned(),
        Value::Bool(truth) => (if *truth { "是" } else { "否" }).to_owned(),
        other => other.to_string(),
    };
    let said = TOLD.iter().filter_map(|(name, title)| Some((title, members.get(*name).filter(|of| !of.is_null())?)));
    let line = said.map(|(title, of)| format!("{title} {}", value(of))).collect::<Vec<_>>().join("；");
    if line.chars().count() <= MOST_CHARS {
        return line;
    }
    line.chars().take(MOST_CHARS).chain("……（全文见 data/details/）".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_told_without_who_and_in_bounds() {
        let detail = br#"{"actor":"x","differs":null,"first":0,"inode":7,"text":"a<b"}"#;
        assert_eq!(told(detail), "内容 a<b；自字节 0");
        let long = format!(r#"{{"text":"{}"}}"#, "长".repeat(1000));
        assert!(told(long.as_bytes()).chars().count() < MOST_CHARS + 30);
        assert_eq!(told(b"no JSON"), "");
    }

    #[test]
    fn a_duration_is_in_hours_minutes_and_seconds() {
        assert_eq!(seconds(3_723_004), "01:02:03.004");
    }
}
