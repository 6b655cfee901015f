//! Which clips a client asks for.

use utoipa::IntoParams;

use crate::api::schema;
use crate::catalog::clips::{Clip, ClipCursor, ClipFilter};
use crate::http::cursor;
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::value::{self, When};
use crate::model::case_number::CaseNumber;
use crate::model::clip::ClipState;
use crate::model::digest::Sha256Digest;
use crate::model::id::Id;
use crate::model::media::{Health, Kind};
use crate::model::time::{Micros, UtcOffset};
use crate::search::fold::fold_words;

/// The letter of this list's cursors.
pub(super) const LIST: u8 = b'c';
/// Most words of a query; each is one more look through the texts.
const MOST_WORDS: usize = 16;

/// Which clips.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ClipQuery {
    /// Words, each of which must stand in a name, folder, case number, recorder, officer number or officer's name. Width, case
    /// and punctuation are no matter.
    #[param(value_type = Option<String>)]
    q: Option<Vec<String>>,
    /// 案号 in any spelling.
    #[param(value_type = Option<String>, example = "(2021)吉0721执123")]
    case: Option<CaseNumber>,
    /// Officer number 警号, exactly.
    officer: Option<String>,
    /// The recorder's serial, exactly.
    recorder: Option<String>,
    /// Recorded at or after: a date, which is that day at the court, or an RFC 3339 time.
    #[param(value_type = Option<String>, example = "2026-11-24")]
    from: Option<When>,
    /// Recorded on or before this date, or before this RFC 3339 time.
    #[param(value_type = Option<String>, example = "2026-11-24")]
    to: Option<When>,
    /// Marked important, or not.
    important: Option<bool>,
    /// Whether it can be read.
    #[param(value_type = Option<schema::Health>)]
    health: Option<Health>,
    /// How far it has come.
    #[param(value_type = Option<schema::ClipState>)]
    state: Option<ClipState>,
    /// SHA-256 of its bytes, 64 hexadecimal characters.
    #[param(value_type = Option<String>)]
    sha256: Option<Sha256Digest>,
    /// 未归案: tied to no case, or to at least one.
    unfiled: Option<bool>,
    /// What the content is.
    #[param(value_type = Option<schema::Kind>)]
    kind: Option<Kind>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<[i64; 2]>,
    /// Rows of a page.
    #[param(value_type = Option<schema::Limit>, inline)]
    pub(super) limit: u32,
}

impl ClipQuery {
    /// Reads the query; dates are days at `offset` from UTC.
    pub(super) fn read(mut params: Params, offset: UtcOffset) -> Result<Self, Problem> {
        let p = &mut params;
        let query = Self {
            q: p.take("q", words),
            case: p.take("case", value::case_number),
            officer: p.take("officer", value::text),
            recorder: p.take("recorder", value::text),
            from: p.take("from", |t| value::when(t, offset)),
            to: p.take("to", |t| value::when(t, offset)),
            important: p.take("important", value::flag),
            health: p.take("health", |t| value::word(t, &Health::ALL, Health::as_str)),
            state: p.take("state", |t| value::word(t, &ClipState::ALL, ClipState::as_str)),
            sha256: p.take("sha256", value::sha256),
            unfiled: p.take("unfiled", value::flag),
            kind: p.take("kind", |t| value::word(t, &Kind::ALL, Kind::as_str)),
            cursor: p.take("cursor", |t| cursor::decode(LIST, t)),
            limit: p.take("limit", value::limit).unwrap_or(value::DEFAULT_ROWS),
        };
        if let (Some(from), Some(to)) = (query.from, query.to)
            && from.is_after(to)
        {
            params.fault("from", Text::new("晚于 to，不会有结果", "is after `to`: nothing can be found"));
        }
        params.finish()?;
        Ok(query)
    }

    /// The catalog's filter for it.
    pub(super) fn filter(&self) -> ClipFilter {
        ClipFilter {
            words: self.q.clone().unwrap_or_default(),
            case: self.case.as_ref().map(CaseNumber::canonical),
            cases: Vec::new(),
            officer: self.officer.clone(),
            recorder: self.recorder.clone(),
            from: self.from.map(|w| w.start),
            to: self.to.map(|w| w.end),
            important: self.important,
            health: self.health,
            state: self.state,
            sha256: self.sha256,
            unfiled: self.unfiled,
            kind: self.kind,
            role: None,
            after: self.cursor.map(|[recorded, id]| ClipCursor { recorded: Micros(recorded), id: Id(id) }),
        }
    }
}

/// The cursor to what follows `clip` in the list `list`.
pub(super) fn cursor_after(list: u8, clip: &Clip) -> String {
    cursor::encode(list, [clip.facts.recorded.0, clip.id.0])
}

fn words(text: &str) -> Result<Vec<String>, Text> {
    let words = fold_words(&value::text(text)?);
    match words.len() {
        0 => Err(Text::new("应至少含一个文字或数字", "expected at least one letter, digit or Chinese character")),
        n if n > MOST_WORDS => Err(Text::new(format!("最多 {MOST_WORDS} 个词"), format!("at most {MOST_WORDS} words"))),
        _ => Ok(words),
    }
}
