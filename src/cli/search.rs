use std::collections::HashSet;

use super::{Common, Failure, Outcome};
use crate::api::search::answer::{Order, Wanted, answer};
use crate::api::search::body::{Hit, SearchPage};
use crate::model::time::UtcOffset;
use crate::search::find::Counting;
use crate::search::query::{Expected, Name, QueryError, Terms, parse};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The query: words, OR, -word, "a phrase", parentheses, fields such as case:执123, code:V2, from:2021-05
    #[arg(required = true, allow_hyphen_values = true, trailing_var_arg = false)]
    query: Vec<String>,
    /// Only this kind: clip, case, incident or violent
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// The order: newest first, or the best of the newest thousand
    #[arg(long, value_name = "ORDER", default_value = "newest", value_parser = ["newest", "best"])]
    sort: String,
    /// Most hits that are shown
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Count the hits by court, conduct code, month, officer and measure
    #[arg(long)]
    facets: bool,
    /// Print the answer as JSON, as the API gives it
    #[arg(long)]
    json: bool,
}

/// Searches the catalog. Finding nothing is an answer too.
pub(super) async fn run(common: &Common, args: &Args) -> Result<Outcome, Failure> {
    let (_, store) = common.open().await?;
    let offset = store.custody.utc_offset;
    let terms = Terms { offset, violent: store.custody.incidents.violent_words() };
    let text = args.query.join(" ");
    let mut plan = parse(&text, &terms).map_err(|e| Failure::new(pointed(&text, &e)))?;
    if let Some(kind) = &args.kind {
        let failed = |e: Expected| Failure::new(format!("--kind: {}  {}", e.zh, e.en));
        plan.add(vec![Name::Kind.node(kind, false, &terms).map_err(failed)?]);
    }
    let order = if args.sort == "best" { Order::Best(None) } else { Order::Newest(None) };
    // Whoever waits for a command to start has the time for an exact number.
    let wanted = Wanted { order, limit: args.limit, facets: args.facets, counting: Counting::Exact };
    let page = answer(&store.custody.db, &plan, &wanted).await?;
    store.custody.db.close().await;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&page)?);
    } else {
        show(&page, offset)?;
    }
    Ok(Outcome::Done)
}

/// The query with a caret under what is wrong with it.
fn pointed(text: &str, error: &QueryError) -> String {
    let width = |part: &str| part.chars().map(columns).sum::<usize>();
    let before: String = text.chars().take(error.position).collect();
    let wrong: String = text.chars().skip(error.position).take(error.length).collect();
    let carets = "^".repeat(width(&wrong).max(1));
    format!(
        "检索式错误  the query is wrong\n  {text}\n  {}{carets}\n{}\n{}",
        " ".repeat(width(&before)),
        error.zh(),
        error.en()
    )
}

/// Columns of a terminal that a character takes: two for East Asian wide ones.
fn columns(c: char) -> usize {
    let wide = matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{20000}'..='\u{3fffd}');
    if wide { 2 } else { 1 }
}

fn show(page: &SearchPage, offset: UtcOffset) -> Result<(), Failure> {
    for hit in &page.items {
        show_hit(hit, offset)?;
    }
    let count = match (page.total, page.total_at_least) {
        (Some(total), _) => format!("共 {total} 条  {total} hits"),
        (None, Some(least)) => format!("至少 {least} 条  at least {least} hits"),
        (None, None) => String::new(),
    };
    say!("{count}");
    if let Some(facets) = &page.facets {
        let lists = [
            ("法院 court", &facets.court),
            ("行为 code", &facets.code),
            ("月份 month", &facets.month),
            ("警号 officer", &facets.officer),
            ("措施 measure", &facets.measure),
        ];
        for (name, values) in lists.into_iter().filter(|(_, values)| !values.is_empty()) {
            let values: Vec<String> =
                values.iter().take(12).map(|v| format!("{} {}", named(&v.value, &v.label), v.count)).collect();
            say!("{name}：{}", values.join("，"));
        }
    }
    if !page.complete {
        complain!("检索超时，以上为已找到的结果  the search took too long; this is what was found until then");
    }
    if page.renewing {
        complain!("索引正在更新，结果可能不全  the index is being renewed; something may be missing");
    }
    Ok(())
}

fn named(value: &str, label: &str) -> String {
    if value == label { value.to_owned() } else { format!("{value} {label}") }
}

fn show_hit(hit: &Hit, offset: UtcOffset) -> Result<(), Failure> {
    let kind = match hit.kind {
        "clip" => "视频",
        "case" => "案件",
        _ => "事件",
    };
    let at = match hit.kind {
        "case" => String::new(),
        _ => hit.at.to_civil(offset).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    };
    let mut more: Vec<String> = hit.codes.clone();
    more.extend(hit.status.clone());
    more.extend(hit.cases.iter().filter(|number| **number != hit.title).cloned());
    say!("{kind}  {at:19}  {:<20}  {}  {}", hit.id.to_string(), hit.title, more.join(" "));
    let mut shown = HashSet::from([hit.title.as_str()]);
    for snippet in hit.snippets.iter().filter(|s| shown.insert(s.text.as_str())) {
        say!("      {}", marked(&snippet.text, &snippet.marks));
    }
    Ok(())
}

/// The text with brackets around what was found.
fn marked(text: &str, marks: &[[usize; 2]]) -> String {
    let mut out = String::with_capacity(text.len() + marks.len() * 6);
    for (at, c) in text.chars().chain([' ']).enumerate() {
        if marks.iter().any(|[_, to]| *to == at) {
            out.push('】');
        }
        if marks.iter().any(|[from, _]| *from == at) {
            out.push('【');
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_caret_stands_under_what_is_wrong() {
        let terms = Terms { offset: UtcOffset::CHINA, violent: BTreeSet::new() };
        let text = "搜查 颜色:红";
        let shown = pointed(text, &parse(text, &terms).unwrap_err());
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!((lines[1], lines[2]), ("  搜查 颜色:红", "       ^^^^"));
    }

    #[test]
    fn marks_become_brackets() {
        assert_eq!(marked("持刀威胁", &[[0, 2], [2, 4]]), "【持刀】【威胁】");
        assert_eq!(marked("a\nb", &[]), "a b");
    }
}
