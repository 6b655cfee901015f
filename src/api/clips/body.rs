//! A clip as JSON.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::registered::Registered;
use crate::api::retention::Retention;
use crate::api::schema;
use crate::catalog::CatalogError;
use crate::catalog::case_links::{self, CaseLink};
use crate::catalog::clips;
use crate::catalog::engine::Reader;
use crate::catalog::incidents;
use crate::catalog::uploads::{self, Arrived, AttachedSidecar};
use crate::http::language::{Language, Text};
use crate::matching::Unfiled;
use crate::model::case::LinkMethod;
use crate::model::clip::{ClipState, TimeSource};
use crate::model::digest::{Sha256Digest, Sm3Digest};
use crate::model::id::Id;
use crate::model::media::{AudioFacts, Container, Health, Kind, VideoFacts};
use crate::model::reason::Reason;
use crate::model::time::Micros;

/// A clip: bytes with one digest, and what is known of them. What is not known is null.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Clip {
    #[schema(value_type = String)]
    id: Id,
    /// SHA-256 of its bytes.
    #[schema(value_type = String)]
    sha256: Sha256Digest,
    /// SM3 (GB/T 32905-2016) of its bytes, when the court asks for it.
    #[schema(value_type = Option<String>, required = true)]
    sm3: Option<Sm3Digest>,
    size_bytes: u64,
    /// What the content is, by its bytes and never by its name.
    #[schema(value_type = schema::Kind)]
    kind: Kind,
    /// The container format.
    #[schema(value_type = Option<String>, required = true, example = "isobmff")]
    container: Option<Container>,
    /// How far it has come.
    #[schema(value_type = schema::ClipState)]
    state: ClipState,
    /// Whether it can be read; `anomalies` says what is wrong.
    #[schema(value_type = schema::Health)]
    health: Health,
    /// 重点标记: one of its names or sidecars carries the mark, or a person marked it.
    important: bool,
    /// A person marked it, whatever the device says.
    marked: bool,
    /// The corrected time, by which clips are ordered.
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Micros,
    /// Which of `times` it is.
    #[schema(value_type = schema::TimeSource)]
    recorded_at_source: TimeSource,
    /// Why the time or another fact may be wrong, in stable words.
    doubts: Vec<String>,
    times: Times,
    #[schema(required = true)]
    duration_ms: Option<u64>,
    #[schema(required = true)]
    video: Option<Video>,
    #[schema(required = true)]
    audio: Option<Audio>,
    /// Where it begins, WGS-84.
    #[schema(required = true)]
    gps: Option<Gps>,
    #[schema(required = true)]
    recorder: Option<Recorder>,
    #[schema(required = true)]
    officer: Option<Officer>,
    /// Every name and place it arrived under, oldest first.
    names: Vec<Name>,
    /// The cases it is tied to.
    cases: Vec<CaseTie>,
    /// The incidents that are seen in it, in the order of their begin.
    #[schema(value_type = Vec<String>)]
    incidents: Vec<Id>,
    /// 未归案: tied to no case.
    unfiled: bool,
    /// Why it is tied to no case.
    #[schema(required = true)]
    unfiled_reason: Option<UnfiledReason>,
    /// Files that recorder or dock wrote about it.
    sidecars: Vec<Sidecar>,
    /// Of a sidecar: the clip it belongs to.
    #[schema(value_type = Option<String>, required = true)]
    sidecar_of: Option<Id>,
    /// What is wrong or odd in its bytes.
    anomalies: Vec<Anomaly>,
    /// Its `clip` entry in the ledger.
    ledger_index: u64,
    /// How long it is kept, and why; null in lists.
    #[schema(required = true)]
    pub(super) retention: Option<Retention>,
}

/// The times of a clip, kept apart.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Times {
    /// What the recorder said, in the name or a sidecar.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    device: Option<Micros>,
    /// What the container says.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    container: Option<Micros>,
    /// The source file's modification time.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    file: Option<Micros>,
    /// When it was received.
    #[schema(value_type = String, format = DateTime)]
    arrived: Micros,
}

/// The first picture track.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Video {
    #[schema(required = true, example = "h264")]
    codec: Option<String>,
    /// Pixels, before rotation.
    #[schema(required = true)]
    width: Option<u32>,
    /// Pixels, before rotation.
    #[schema(required = true)]
    height: Option<u32>,
    /// Clockwise degrees: 0, 90, 180 or 270.
    #[schema(required = true)]
    rotation: Option<u16>,
    /// Mean frames per second.
    #[schema(required = true)]
    fps: Option<f64>,
}

/// The first sound track.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Audio {
    #[schema(required = true, example = "aac")]
    codec: Option<String>,
}

/// A position, WGS-84 degrees.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Gps {
    lat: f64,
    lon: f64,
}

/// 执法记录仪.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Recorder {
    serial: String,
    /// 型号, by the register; null: not said there.
    #[schema(required = true)]
    model: Option<String>,
    /// Who had it at the clip's time, by the register; null: not said there.
    #[schema(required = true)]
    holder: Option<Officer>,
}

/// 执行人员.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Officer {
    /// 警号.
    number: String,
    /// The name in the register at the clip's time; null: not there.
    #[schema(required = true)]
    name: Option<String>,
    /// 法院代字 of the officer's court at the clip's time, by the register; null: not said there.
    #[schema(required = true)]
    court: Option<String>,
}

impl Officer {
    fn of(number: String, registered: &Registered, at: Micros) -> Self {
        let post = registered.officer(&number, at);
        let said = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Self { name: post.map(|p| p.name.clone()), court: post.and_then(|p| said(&p.court)), number }
    }
}

impl Recorder {
    fn of(serial: String, registered: &Registered, at: Micros) -> Self {
        let model = registered.recorder(&serial).map(|r| r.model.clone()).filter(|model| !model.is_empty());
        let holder = registered.holder(&serial, at).map(|number| Officer::of(number.to_owned(), registered, at));
        Self { serial, model, holder }
    }
}

/// A name and place that a clip arrived under. Bytes that are no UTF-8 become U+FFFD.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Name {
    name: String,
    /// The whole path on the machine that took it.
    path: String,
    #[schema(value_type = String, format = DateTime)]
    arrived_at: Micros,
}

/// A clip's tie to a case.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct CaseTie {
    #[schema(value_type = String)]
    id: Id,
    /// 案号 in its one spelling.
    number: String,
    /// What tied them.
    #[schema(value_type = schema::LinkMethod)]
    method: LinkMethod,
    /// Why, as a sentence for people.
    reason: String,
    /// The action that it came about by, also when a person confirmed it.
    #[schema(value_type = Option<String>, required = true)]
    action_id: Option<Id>,
    /// By whom: `token:ID:ROLE`, or a part of the daemon such as `system:intake`.
    actor: String,
    #[schema(value_type = String, format = DateTime)]
    linked_at: Micros,
}

impl CaseTie {
    pub(in crate::api) fn new(row: &CaseLink, language: Language) -> Self {
        Self {
            id: row.case_id,
            number: row.number.clone(),
            method: row.method,
            reason: sentence(&row.reason, language),
            action_id: row.action_id,
            actor: row.actor.clone(),
            linked_at: row.at,
        }
    }
}

/// Why a clip is tied to no case.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct UnfiledReason {
    /// The stable word of the first thing that was missing.
    code: String,
    /// Everything that was missing, for people.
    text: String,
    /// Each thing that was missing.
    missing: Vec<Missing>,
}

/// One thing that was missing.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Missing {
    /// A stable word.
    code: String,
    /// For people.
    text: String,
}

/// A file about a clip; it is kept like a clip and can be fetched by its id.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Sidecar {
    #[schema(value_type = String)]
    id: Id,
    #[schema(value_type = String)]
    sha256: Sha256Digest,
    size_bytes: u64,
    /// The name it first arrived under.
    name: String,
}

/// Something wrong or odd, with its place.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Anomaly {
    /// A stable word.
    code: String,
    /// Byte offset in the file.
    #[schema(required = true)]
    offset: Option<u64>,
    #[schema(required = true)]
    detail: Option<String>,
}

/// What other tables know of the clips of one page: a few statements, however many clips.
pub(super) struct Known {
    registered: Registered,
    names: HashMap<Id, Vec<Arrived>>,
    links: HashMap<Id, Vec<CaseLink>>,
    incidents: HashMap<Id, Vec<Id>>,
    sidecars: HashMap<Id, Vec<AttachedSidecar>>,
}

impl Known {
    pub(super) async fn of(reader: &mut Reader, clips: &[clips::Clip]) -> Result<Self, CatalogError> {
        let ids: Vec<Id> = clips.iter().map(|clip| clip.id).collect();
        let names = uploads::names_of_all(reader.conn(), &ids).await?;
        let links = case_links::of_all(reader.conn(), &ids).await?;
        let incidents = incidents::of_clips(reader.conn(), &ids).await?;
        let sidecars = uploads::sidecars_of_all(reader.conn(), &ids).await?;
        let registered = Registered::of(reader, clips.iter().map(|clip| &clip.facts)).await?;
        Ok(Self {
            registered,
            names: by_clip(names.into_iter().map(|n| (n.clip_id, n))),
            links: by_clip(links),
            incidents: by_clip(incidents),
            sidecars: by_clip(sidecars.into_iter().map(|s| (s.clip_id, s))),
        })
    }

    /// The clip as JSON.
    pub(super) fn describe(&self, clip: clips::Clip, language: Language) -> Clip {
        let (id, times, important) = (clip.id, clip.times(), clip.is_important());
        let clips::Clip { facts, media, .. } = clip;
        Clip {
            id,
            sha256: clip.sha256,
            sm3: clip.sm3,
            size_bytes: clip.size_bytes,
            kind: media.kind,
            container: media.container,
            state: clip.state,
            health: media.health,
            important,
            marked: clip.marked,
            recorded_at: facts.recorded,
            recorded_at_source: facts.recorded_source,
            doubts: facts.doubts,
            times: Times { device: times.device, container: times.container, file: times.file, arrived: times.arrived },
            duration_ms: media.duration_ms,
            video: media.video.map(Video::from),
            audio: media.audio.map(|AudioFacts { codec, .. }| Audio { codec }),
            gps: facts.position.map(|p| Gps { lat: p.lat, lon: p.lon }),
            recorder: facts.recorder.map(|serial| Recorder::of(serial, &self.registered, facts.recorded)),
            officer: facts.officer.map(|number| Officer::of(number, &self.registered, facts.recorded)),
            names: listed(&self.names, id),
            cases: self.links.get(&id).into_iter().flatten().map(|link| CaseTie::new(link, language)).collect(),
            incidents: self.incidents.get(&id).cloned().unwrap_or_default(),
            unfiled: facts.unfiled,
            unfiled_reason: facts.unfiled_reason.and_then(|stored| UnfiledReason::read(&stored, language)),
            sidecars: listed(&self.sidecars, id),
            sidecar_of: clip.sidecar_of,
            anomalies: media
                .anomalies
                .into_iter()
                .map(|a| Anomaly { code: a.code, offset: a.offset, detail: a.detail })
                .collect(),
            ledger_index: clip.entry_index,
            retention: None,
        }
    }
}

fn by_clip<T>(rows: impl IntoIterator<Item = (Id, T)>) -> HashMap<Id, Vec<T>> {
    let mut map: HashMap<Id, Vec<T>> = HashMap::new();
    for (clip, row) in rows {
        map.entry(clip).or_default().push(row);
    }
    map
}

fn listed<'a, T, B: From<&'a T>>(of: &'a HashMap<Id, Vec<T>>, clip: Id) -> Vec<B> {
    of.get(&clip).into_iter().flatten().map(B::from).collect()
}

impl UnfiledReason {
    fn read(stored: &str, language: Language) -> Option<Self> {
        let Unfiled { code, zh, en, missing } = Unfiled::from_stored(stored)?;
        let whole = Reason { code, zh, en };
        let missing = missing.into_iter().map(|r| Missing { text: sentence(&r, language), code: r.code });
        Some(Self { text: sentence(&whole, language), code: whole.code, missing: missing.collect() })
    }
}

fn sentence(reason: &Reason, language: Language) -> String {
    Text::new(reason.zh.clone(), reason.en.clone()).get(language).to_owned()
}

impl From<VideoFacts> for Video {
    fn from(facts: VideoFacts) -> Self {
        let VideoFacts { codec, width, height, rotation, fps } = facts;
        Self { codec, width, height, rotation, fps }
    }
}

impl From<&Arrived> for Name {
    fn from(row: &Arrived) -> Self {
        let path = super::super::uploads::path_text(&row.folder, &row.dir, &row.name);
        Self { name: String::from_utf8_lossy(&row.name).into_owned(), path, arrived_at: row.at }
    }
}

impl From<&AttachedSidecar> for Sidecar {
    fn from(row: &AttachedSidecar) -> Self {
        let name = String::from_utf8_lossy(&row.name).into_owned();
        Self { id: row.id, sha256: row.sha256, size_bytes: row.size_bytes, name }
    }
}
