//! Continuity: which clips are segments of one recording, and what is missing between them.

use super::clip::seconds;
use super::{Teller, lines, rows};
use crate::audit::export::Failure;
use crate::catalog::engine::Conn;
use crate::catalog::footage;
use crate::ledger::paper::{Html, text};
use crate::matching::footage::recordings_of;
use crate::model::id::Id;
use crate::model::recording::{Recording, Seam};

impl Teller<'_> {
    /// The chapter of the recordings that these clips make up.
    pub(super) async fn continuity(&self, conn: Conn<'_>, clips: &[Id]) -> Result<String, Failure> {
        let filed = footage::of_all(conn, clips, self.offset).await?;
        let found = recordings_of(filed.iter().map(|clip| (clip.id, &clip.footage)), &self.custody.rules);
        let alone: Vec<Id> =
            filed.iter().map(|clip| clip.id).filter(|id| !found.iter().any(|r| r.holds(*id))).collect();
        let mut html =
            "<h2>四、连续性</h2>\n<p>同一记录仪前后相接的各段合为一次录制；以下只就本次移送的各件而言。</p>\n"
                .to_owned();
        for recording in &found {
            let segment = recording.segments().first().map(|segment| segment.clip);
            let recorder = filed.iter().find(|clip| Some(clip.id) == segment);
            let recorder = recorder.and_then(|clip| clip.footage.recorder.as_deref()).unwrap_or("—");
            html += &format!("<table>\n{}</table>\n", rows(&self.recording(recorder, recording)));
        }
        if !alone.is_empty() {
            let ids = alone.iter().map(ToString::to_string).collect::<Vec<_>>().join("、");
            let said = "以下各件的记录仪或时间不能确定，无法判断与其他各件是否相接：编号 ";
            html += &format!("<p>{said}{}</p>\n", text(&ids).0);
        }
        Ok(html)
    }

    fn recording(&self, recorder: &str, recording: &Recording) -> [(&'static str, Html); 6] {
        let (gaps, overlaps) = (recording.gaps(), recording.overlaps());
        let missing = recording.missing_sequences();
        let none_or = |lines: Html| if lines.0.is_empty() { text("无") } else { lines };
        let segment = |s: &crate::model::recording::Segment| {
            let number = s.sequence.map_or_else(|| "—".to_owned(), |n| format!("{n:04}"));
            let duration = s.duration_ms.map_or_else(|| "时长未知".to_owned(), seconds);
            format!("编号 {}，序号 {number}，{} 起，{duration}", s.clip, self.time(s.start))
        };
        let range = |n: &std::ops::RangeInclusive<u32>| match (n.start(), n.end()) {
            (from, to) if from == to => format!("{from:04}"),
            (from, to) => format!("{from:04} 至 {to:04}"),
        };
        let shown = u64::try_from(recording.recorded_ms()).unwrap_or(0);
        let span = format!("{} 至 {}", self.time(recording.start()), self.time(recording.end()));
        [
            ("录制", text(&format!("记录仪 {recorder}，{span}，有画面 {}", seconds(shown)))),
            ("各段", lines(recording.segments().iter().map(segment))),
            ("间断", none_or(lines(gaps.iter().map(|seam| self.seam(seam))))),
            ("重叠", none_or(lines(overlaps.iter().map(|seam| self.seam(seam))))),
            ("缺失序号", none_or(lines(missing.iter().map(range)))),
            (
                "说明",
                text(if gaps.is_empty() && missing.is_empty() {
                    ""
                } else {
                    "间断与缺失的原因见各件的书面说明"
                }),
            ),
        ]
    }

    fn seam(&self, seam: &Seam) -> String {
        let length = u64::try_from(seam.to.0.saturating_sub(seam.from.0) / 1000).unwrap_or(0);
        let (from, to) = (self.time(seam.from), self.time(seam.to));
        format!("编号 {} 与 {} 之间：{from} 至 {to}，{}", seam.before, seam.after, seconds(length))
    }
}
