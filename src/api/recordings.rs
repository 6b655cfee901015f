//! Recordings: consecutive segments of one recorder, with what is missing between them.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::schema::{self, ById, Guarded};
use crate::catalog::footage::{self, Filed};
use crate::http::cursor;
use crate::http::extract::{PathId, Permit, ReadClips};
use crate::http::language::Text;
use crate::http::params::Params;
use crate::http::problem::{Problem, no_such_clip};
use crate::http::state::App;
use crate::http::value::{self, When};
use crate::matching::footage::recordings_of;
use crate::model::id::Id;
use crate::model::recording::{self, Seam, Segment};
use crate::model::time::{Micros, SECOND_US};

/// The letter of this list's cursors.
const LIST: u8 = b'r';
/// How far around a clip its recording is looked for, in microseconds.
const AROUND_US: i64 = 12 * 3_600 * SECOND_US;
/// Most clips that are read for one answer.
const MOST_CLIPS: u32 = 5_000;

/// A recording.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Recording {
    /// The id of its first segment.
    #[schema(value_type = String)]
    id: Id,
    /// The recorder's serial; null when it is not known, and the clip then stands alone.
    #[schema(required = true)]
    recorder: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    start_at: Micros,
    #[schema(value_type = String, format = DateTime)]
    end_at: Micros,
    /// Time that its segments show; what two show counts once.
    recorded_ms: i64,
    segments: Vec<SegmentBody>,
    /// Pauses between segments.
    gaps: Vec<SeamBody>,
    /// Times that two segments show.
    overlaps: Vec<SeamBody>,
    /// File numbers that are missing between its segments.
    missing_sequences: Vec<Numbers>,
}

/// A segment of a recording: one clip.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SegmentBody {
    #[schema(value_type = String)]
    clip_id: Id,
    #[schema(value_type = String, format = DateTime)]
    start_at: Micros,
    #[schema(required = true)]
    duration_ms: Option<u64>,
    /// The recorder's own file number.
    #[schema(required = true)]
    sequence: Option<u32>,
}

/// Where two segments do not meet exactly.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SeamBody {
    /// The segment before.
    #[schema(value_type = String)]
    before: Id,
    /// The segment after.
    #[schema(value_type = String)]
    after: Id,
    #[schema(value_type = String, format = DateTime)]
    from_at: Micros,
    #[schema(value_type = String, format = DateTime)]
    to_at: Micros,
    length_ms: i64,
}

/// Consecutive file numbers, both ends among them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Numbers {
    from: u32,
    to: u32,
}

impl From<Seam> for SeamBody {
    fn from(seam: Seam) -> Self {
        let Seam { before, after, from, to } = seam;
        Self { before, after, from_at: from, to_at: to, length_ms: to.0.saturating_sub(from.0) / 1000 }
    }
}

impl From<&Segment> for SegmentBody {
    fn from(segment: &Segment) -> Self {
        let Segment { clip, start, duration_ms, sequence } = *segment;
        Self { clip_id: clip, start_at: start, duration_ms, sequence }
    }
}

impl Recording {
    fn new(recorder: Option<String>, recording: &recording::Recording) -> Self {
        let missing = recording.missing_sequences().into_iter();
        Self {
            id: recording.segments().first().map_or(Id(0), |s| s.clip),
            recorder,
            start_at: recording.start(),
            end_at: recording.end(),
            recorded_ms: recording.recorded_ms(),
            segments: recording.segments().iter().map(SegmentBody::from).collect(),
            gaps: recording.gaps().into_iter().map(SeamBody::from).collect(),
            overlaps: recording.overlaps().into_iter().map(SeamBody::from).collect(),
            missing_sequences: missing.map(|n| Numbers { from: *n.start(), to: *n.end() }).collect(),
        }
    }
}

/// A page of recordings.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecordingList {
    items: Vec<Recording>,
    /// Give it as `cursor` for the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// The recording that holds a clip. A clip whose recorder or time is not known exactly stands alone.
#[utoipa::path(
    get,
    operation_id = "getRecording",
    path = "/api/v1/recordings/{id}",
    tag = "recordings",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "A clip of it")),
    responses((status = 200, description = "The recording", body = Recording), ById)
)]
pub(super) async fn get(
    State(app): State<App>,
    _: Permit<ReadClips>,
    PathId(id): PathId,
    params: Params,
) -> Result<Json<Recording>, Problem> {
    params.finish()?;
    let rules = app.custody.rules;
    let mut reader = app.custody.db.read().await?;
    let mut clip = footage::of_all(reader.conn(), &[id], rules.utc_offset).await?;
    let clip = clip.pop().ok_or_else(|| no_such_clip(id))?;
    let (recorder, start) = (clip.footage.recorder.clone(), clip.footage.start);
    let near = match (&recorder, clip.footage.segment(id)) {
        (Some(recorder), Some(_)) => {
            let reach = (recorder.clone(), Micros(start.0 - AROUND_US), Micros(start.0.saturating_add(AROUND_US)));
            footage::by_recorders(reader.conn(), &[reach], rules.utc_offset, MOST_CLIPS).await?
        }
        _ => Vec::new(),
    };
    let found = recordings_of(near.iter().map(|clip| (clip.id, &clip.footage)), &rules);
    let alone = || {
        let Filed { footage, .. } = &clip;
        let segment = Segment { clip: id, start, duration_ms: footage.duration_ms, sequence: footage.sequence };
        recording::recordings(vec![segment], rules.segment_gap_us)
    };
    let recording = found.into_iter().chain(alone()).find(|r| r.holds(id)).ok_or_else(|| no_such_clip(id))?;
    Ok(Json(Recording::new(recorder, &recording)))
}

/// Which recordings.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct RecordingQuery {
    /// The recorder's serial, exactly. It must be given.
    #[param(required = true)]
    recorder: Option<String>,
    /// Begun at or after: a date, which is that day at the court, or an RFC 3339 time.
    #[param(value_type = Option<String>, example = "2026-11-24")]
    from: Option<When>,
    /// Begun on or before this date, or before this RFC 3339 time.
    #[param(value_type = Option<String>, example = "2026-11-24")]
    to: Option<When>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<[i64; 1]>,
    /// Rows of a page.
    #[param(value_type = Option<schema::Limit>, inline)]
    limit: u32,
}

/// A recorder's recordings, newest first.
#[utoipa::path(
    get,
    operation_id = "listRecordings",
    path = "/api/v1/recordings",
    tag = "recordings",
    security(("bearer" = [])),
    params(RecordingQuery),
    responses((status = 200, description = "A page", body = RecordingList), Guarded)
)]
pub(super) async fn list(
    State(app): State<App>,
    _: Permit<ReadClips>,
    params: Params,
) -> Result<Json<RecordingList>, Problem> {
    let query = RecordingQuery::read(params, &app)?;
    let recorder = query.recorder.clone().unwrap_or_default();
    let rules = app.custody.rules;
    let from = query.from.map_or(i64::MIN, |w| w.start.0);
    // What begins before the cursor cannot belong to what was shown; what begins before `to` may go on after it.
    let (to, until) = match (query.cursor, query.to) {
        (Some([cursor]), _) => (cursor, cursor),
        (None, Some(to)) => (to.end.0, to.end.0.saturating_add(AROUND_US)),
        (None, None) => (i64::MAX, i64::MAX),
    };
    let span = (Micros(from.saturating_sub(AROUND_US)), Micros(until));
    let mut reader = app.custody.db.read().await?;
    let clips = footage::newest_of_recorder(reader.conn(), &recorder, span, rules.utc_offset, MOST_CLIPS).await?;
    let mut found = recordings_of(clips.iter().map(|clip| (clip.id, &clip.footage)), &rules);
    // The oldest of what was read may have begun before.
    let cut = clips.len() == MOST_CLIPS as usize;
    if cut && found.len() > 1 {
        found.remove(0);
    }
    found.retain(|recording| (from..to).contains(&recording.start().0));
    found.reverse();
    let place = |r: &recording::Recording| cursor::encode(LIST, [r.start().0]);
    let last = found.last().filter(|_| cut).map(place);
    let (page, next) = cursor::page(found, query.limit, place);
    let items = page.iter().map(|recording| Recording::new(Some(recorder.clone()), recording)).collect();
    Ok(Json(RecordingList { items, next_cursor: next.or(last) }))
}

impl RecordingQuery {
    fn read(mut params: Params, app: &App) -> Result<Self, Problem> {
        let (p, offset) = (&mut params, app.custody.utc_offset);
        let query = Self {
            recorder: p.take("recorder", value::text),
            from: p.take("from", |t| value::when(t, offset)),
            to: p.take("to", |t| value::when(t, offset)),
            cursor: p.take("cursor", |t| cursor::decode(LIST, t)),
            limit: p.take("limit", value::limit).unwrap_or(value::DEFAULT_ROWS),
        };
        if query.recorder.is_none() && !params.has_faults() {
            params.fault("recorder", Text::new("必填", "is needed"));
        }
        params.finish()?;
        Ok(query)
    }
}
