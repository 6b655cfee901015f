//! The receipt on paper: one A4 page, Chinese first, digests in groups of four, room for signatures. It loads nothing from elsewhere.

use super::Receipt;
use crate::ledger::checkpoint::SignedCheckpoint;
use crate::ledger::paper::{Html, fill, grouped, text, thousands};
use crate::model::digest::to_hex;
use crate::model::time::{Micros, UtcOffset};

/// The page; `{name}` stands for a value.
const PAGE: &str = include_str!("page.html");
/// The row that only a clip with SM3 has.
const SM3_ROW: &str =
    "<tr><th>SM3 校验值<small>SM3 digest</small></th><td><code class=\"hash\">{sm3}</code></td></tr>\n";
/// Most names, and most cases, that are shown; all are in the JSON. More would need a second page.
const MOST_SHOWN: usize = 3;
/// Most characters that are shown of one name: two lines of Chinese.
const MOST_CHARS: usize = 60;

impl Receipt {
    /// The receipt as a page that prints on one sheet of A4.
    pub fn to_html(&self) -> String {
        let clip = &self.clip;
        let head = SignedCheckpoint::parse(self.checkpoint.as_bytes()).ok().map(|note| note.claimed_head().clone());
        let (origin, size, root) = head.map_or_else(Default::default, |head| {
            (head.origin.to_string(), head.size.to_string(), grouped(&to_hex(&head.root)))
        });
        let sm3 = clip.sm3.map_or_else(String::new, |sm3| fill(SM3_ROW, &[("sm3", text(&grouped(&sm3.to_string())))]));
        let index = self.entries.first().map_or_else(String::new, |entry| entry.index.to_string());
        let sequence = clip.sequence.map(|n| format!("{n:04}"));
        let time = |at| text(&local_time(at, self.utc_offset));
        let values = [
            ("id", text(&clip.id.to_string())),
            ("sha256", text(&grouped(&clip.sha256.to_string()))),
            ("sm3", Html(sm3)),
            ("size", text(&thousands(clip.size_bytes))),
            ("names", listed(&clip.names)),
            ("cases", listed(&clip.cases)),
            ("recorder", text(&shortened(or_dash(clip.recorder.as_deref())))),
            ("sequence", text(or_dash(sequence.as_deref()))),
            ("officer", text(&shortened(or_dash(clip.officer.as_deref())))),
            ("recorded", time(clip.recorded_at)),
            ("accepted", time(self.accepted_at)),
            ("confirmed", time(self.confirmed_at)),
            ("index", text(&index)),
            ("log_size", text(&size)),
            ("origin", text(&origin)),
            ("root", text(&root)),
            ("key", text(&self.key)),
        ];
        fill(PAGE, &values)
    }
}

fn or_dash(value: Option<&str>) -> &str {
    value.unwrap_or("—")
}

/// What the court's clock showed, in 24 hours, with its distance from UTC.
fn local_time(at: Micros, offset: UtcOffset) -> String {
    format!("{}（UTC{offset}）", at.to_civil(offset).strftime("%Y年%m月%d日 %H:%M:%S"))
}

/// The first few, and how many more there are.
fn listed(values: &[String]) -> Html {
    if values.is_empty() {
        return text(or_dash(None));
    }
    let mut lines: Vec<String> = values.iter().take(MOST_SHOWN).map(|value| text(&shortened(value)).0).collect();
    if let Some(more) = values.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
        lines.push(format!("另有 {more} 个，见 JSON 回执 · {more} more in the JSON receipt"));
    }
    Html(lines.join("<br>"))
}

/// A name that is too long keeps both its ends.
fn shortened(name: &str) -> String {
    let chars = name.chars().count();
    if chars <= MOST_CHARS {
        return name.to_owned();
    }
    let half = MOST_CHARS / 2;
    let (start, end) = (name.chars().take(half), name.chars().skip(chars - half));
    start.chain(std::iter::once('…')).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_the_court_s_in_24_hours() {
        let at: Micros = "2026-11-24T08:52:07Z".parse().unwrap();
        assert_eq!(local_time(at, UtcOffset::CHINA), "2026年11月24日 16:52:07（UTC+08:00）");
    }

    #[test]
    fn what_would_need_a_second_page_is_counted() {
        let names: Vec<String> = (0..5).map(|n| format!("{n}.mp4")).collect();
        assert_eq!(listed(&names).0, "0.mp4<br>1.mp4<br>2.mp4<br>另有 2 个，见 JSON 回执 · 2 more in the JSON receipt");
        assert_eq!(listed(&[]).0, "—");
        let long = format!("开{}尾", "长".repeat(300));
        assert_eq!(shortened(&long).chars().count(), MOST_CHARS + 1);
        assert!(shortened(&long).starts_with('开') && shortened(&long).ends_with('尾'));
    }
}
