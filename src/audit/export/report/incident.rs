//! The form of an incident: what conduct under which law, who, against whom, and what was done about it.

use super::{Teller, lines, rows, words};
use crate::audit::export::Failure;
use crate::catalog::engine::Conn;
use crate::catalog::incidents::Incident;
use crate::catalog::incidents::codes::{self, ConductCode};
use crate::ledger::paper::{Html, text};
use crate::model::incident::{ClipSpan, Measure, gravest_charge};

impl Teller<'_> {
    /// The chapter of incidents.
    pub(super) async fn incidents(&self, mut conn: Conn<'_>, incidents: &[Incident]) -> Result<String, Failure> {
        let mut html = "<h2>五、暴力抗法事件</h2>\n".to_owned();
        if incidents.is_empty() {
            html += "<p>本次移送不涉及已登记的事件。</p>\n";
        }
        for incident in incidents {
            let known = codes::at(conn.reborrow(), incident.facts.begin).await?;
            let (id, status) = (incident.id, words::status(incident.status));
            html += &format!("<h3>事件 {id}（{status}）</h3>\n<table>\n");
            html += &rows(&self.incident(incident, &known));
            html += "</table>\n";
        }
        Ok(html)
    }

    fn incident(&self, incident: &Incident, known: &[ConductCode]) -> Vec<(&'static str, Html)> {
        let facts = &incident.facts;
        let end = facts.end.map_or_else(|| "未记".to_owned(), |at| self.time(at));
        let code = |code| match known.iter().find(|k| &k.code == code) {
            Some(known) => {
                let laws = known.laws.iter().map(|law| law.law.as_str()).collect::<Vec<_>>().join("；");
                format!("{code} {}（{laws}）", known.name)
            }
            None => format!("{code}"),
        };
        let subjects = facts.subjects.iter().map(|s| format!("{}（{}）", s.name, s.role.as_str()));
        let victims = facts.victims.iter().map(|v| {
            let officer = v.officer.as_ref().map_or_else(String::new, |number| format!("，警号 {number}"));
            format!("{}（{}{officer}）", v.name, v.role.as_str())
        });
        let victims = if facts.no_victims { text("查明没有受害人") } else { lines(victims) };
        let charge = gravest_charge(&facts.victims).map_or("", |charge| charge.as_str());
        vec![
            ("时间", text(&format!("{} 至 {end}", self.time(facts.begin)))),
            ("地点", text(&facts.place)),
            ("行为及依据", lines(facts.codes.iter().map(code))),
            ("严重程度", text(&facts.severity.map_or_else(String::new, |s| format!("{s} 级（1–4）")))),
            ("经过", lines(facts.narrative.lines().map(str::to_owned))),
            ("行为人", lines(subjects)),
            ("受害人", victims),
            ("由受害人身份可能涉及的罪名条款", text(charge)),
            ("伤情", text(&facts.injuries)),
            ("器械", text(&facts.weapons)),
            ("画面所在", lines(facts.clips.iter().map(clip_span))),
            ("所涉案件", lines(facts.cases.iter().cloned())),
            ("处置措施", lines(incident.measures().map(|(_, measure)| self.measure(measure)))),
            ("决定理由", text(&incident.status_reason)),
            ("报法官权益保障委员会", text(&facts.committee_reported.map_or_else(String::new, |at| self.time(at)))),
        ]
    }

    fn measure(&self, m: &Measure) -> String {
        let time = |name: &str, at: Option<_>| at.map(|at| format!("{name} {}", self.time(at)));
        let named = |name: &str, who: &str| (!who.is_empty()).then(|| format!("{name} {who}"));
        let parts = [
            Some(format!("{}（{}）", m.kind.as_str(), if m.person.is_empty() { "—" } else { &m.person })),
            m.amount_yuan.map(|yuan| format!("{yuan} 元")),
            m.days.map(|days| format!("{days} 日")),
            named("决定人", &m.decided_by),
            time("决定", m.decided),
            named("院长批准", &m.approved_by),
            time("批准", m.approved),
            m.urgent.then(|| "紧急情况下先行采取".to_owned()),
            time("送达", m.served),
            time("通知家属", m.family_told),
            named("未能通知家属的原因", &m.family_reason),
            time("申请复议", m.review_asked),
            time("复议决定", m.review_done),
            named("备注", &m.note),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("，")
    }
}

fn clip_span(span: &ClipSpan) -> String {
    let at = super::clip::seconds;
    let to = span.to_ms.map_or_else(String::new, |ms| format!(" 至 {}", at(ms)));
    format!("编号 {} 自开始起 {}{to}", span.id, at(span.from_ms))
}
