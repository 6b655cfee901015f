//! Accepting uploads: the commit point. Clip, name, custody event, links and ledger entries in one transaction; before it the
//! bytes are in the vault, durable, under their digest.

mod revive;
mod tie;

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::act::{Act, Record};
use super::facts::{Concluded, Known, conclude, footage};
use super::grounds::grounds;
use super::rematch::{self, Look};
use super::{Actor, Custody, CustodyError, incident};
use crate::catalog::case_links;
use crate::catalog::clips::{self, Clip, ClipFacts, ClipRole};
use crate::catalog::uploads::{self, OwnedPairPlace, PairPlace, Upload};
use crate::matching::action::Grounds;
use crate::matching::footage::Footage;
use crate::media::sidecar::SidecarFacts;
use crate::model::clip::ClipState;
use crate::model::custody::EventKind;
use crate::model::digest::{Sha256Digest, Sm3Digest};
use crate::model::id::Id;
use crate::model::media::MediaFacts;
use crate::model::subject::Subject;
use crate::model::time::Micros;
use crate::model::upload::UploadState;
use tie::{tie, tie_by_action};

/// A received upload: its bytes are in the vault.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The id of the upload.
    pub id: Id,
    /// SHA-256 of the bytes.
    pub sha256: Sha256Digest,
    /// SM3 of the bytes, when the court asks for it.
    pub sm3: Option<Sm3Digest>,
    /// The upload folder, bytes as the file system has them.
    pub folder: Vec<u8>,
    /// The path below the folder.
    pub dir: Vec<u8>,
    /// The file's name.
    pub name: Vec<u8>,
    /// The folded stem that a sidecar and its clip share.
    pub pair_key: Vec<u8>,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Modification time, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Change time, nanoseconds since 1970.
    pub ctime_ns: i64,
    /// Inode number.
    pub inode: u64,
    /// The name carries the key mark.
    pub important: bool,
    /// The dock that the folder belongs to, as people call it; empty: not said.
    pub dock: String,
    /// The court whose clips arrive in the folder; empty: not said.
    pub court: String,
    /// The source policy's word.
    pub policy: &'static str,
    /// The file itself became the object.
    pub adopted: bool,
    /// When the file was first seen.
    pub arrived: Micros,
    /// What the probe read.
    pub media: MediaFacts,
    /// What it says, when it is a sidecar.
    pub sidecar: Option<SidecarFacts>,
}

impl Arrival {
    fn file_time(&self) -> Micros {
        Micros(self.mtime_ns.div_euclid(1000))
    }

    fn pair_place(&self) -> PairPlace<'_> {
        (&self.folder, &self.dir, &self.pair_key)
    }
}

/// What became of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The clip that the bytes are.
    pub clip_id: Id,
    /// The bytes were known already.
    pub duplicate: bool,
}

/// Accepts a group of arrivals, whose bytes are in the vault, in one transaction, in order; either all are accepted or none.
///
/// # Errors
/// When the database or the ledger refuses; nothing was accepted, or (after a failed commit) it is to be tried again, which
/// finds what was accepted and changes nothing twice.
pub async fn accept(custody: &Custody, arrivals: &[Arrival]) -> Result<Vec<Accepted>, CustodyError> {
    let mut renewed = None;
    for _ in 0..MOST_RENEWALS {
        match accept_as(custody, renewed.as_deref().unwrap_or(arrivals)).await {
            Err(error) if error.is_id_taken() => renewed = Some(with_new_ids(custody, arrivals)),
            done => return done,
        }
    }
    accept_as(custody, renewed.as_deref().unwrap_or(arrivals)).await
}

/// How often a group gets new ids because another daemon gave one of its old ones; each time is unlikely.
const MOST_RENEWALS: u32 = 5;

fn with_new_ids(custody: &Custody, arrivals: &[Arrival]) -> Vec<Arrival> {
    let renew = |a: &Arrival| Arrival { id: custody.ids.next(custody.clock.now()), ..a.clone() };
    arrivals.iter().map(renew).collect()
}

async fn accept_as(custody: &Custody, arrivals: &[Arrival]) -> Result<Vec<Accepted>, CustodyError> {
    let mut act = Act::begin(custody).await?;
    let mut met = Met::look(&mut act, arrivals).await?;
    let firsts: Vec<First> = arrivals.iter().map(|arrival| First::of(custody, arrival)).collect();
    let people: Vec<&Footage> = firsts.iter().filter_map(|first| first.footage.as_ref()).collect();
    let grounds = grounds(act.conn(), &people, &custody.rules).await?;
    act.look_up_cases(firsts.iter().flat_map(|first| &first.concluded.links).map(|link| &link.number)).await?;
    let mut look = Look::default();
    let mut accepted = Vec::with_capacity(arrivals.len());
    for (arrival, first) in arrivals.iter().zip(firsts) {
        accepted.push(match met.meet(arrival) {
            Meeting::Nothing => accept_alone(&mut act, arrival, first, &grounds, &mut look).await?,
            Meeting::Something => {
                act.flush().await?;
                accept_beside(&mut act, arrival, &mut look).await?
            }
        });
    }
    act.flush().await?;
    rematch::settle(&mut act, look, &Actor::intake()).await?;
    incident::take_marks(&mut act).await?;
    act.commit().await?;
    Ok(accepted)
}

/// What follows from an arrival by itself.
struct First {
    concluded: Concluded,
    /// Who made it, and when; of a sidecar nothing.
    footage: Option<Footage>,
}

impl First {
    fn of(custody: &Custody, arrival: &Arrival) -> Self {
        let concluded = conclude(&known_of(arrival, &[]), &custody.patterns, custody.utc_offset);
        let (facts, media) = (&concluded.facts, &arrival.media);
        let footage = footage(facts, media, arrival.arrived, custody.utc_offset);
        Self { footage: arrival.sidecar.is_none().then_some(footage), concluded }
    }
}

/// What is known of an arrival whose bytes are new, with the sidecars that came before it.
fn known_of<'a>(arrival: &'a Arrival, sidecars: &[Clip]) -> Known<'a> {
    Known {
        names: vec![names_of(&arrival.dir, &arrival.name)],
        sidecars: readings(sidecars),
        media: &arrival.media,
        file_time: Some(arrival.file_time()),
        arrived: arrival.arrived,
    }
}

/// What the catalog and the arrivals before hold that an arrival can meet: looked up once for the whole group, because most arrivals
/// meet nothing.
struct Met {
    digests: HashSet<Sha256Digest>,
    places: HashSet<OwnedPairPlace>,
}

/// Whether an arrival meets anything that changes what becomes of it.
enum Meeting {
    /// Neither its bytes nor a name with its stem are known.
    Nothing,
    /// Something has to be looked up.
    Something,
}

impl Met {
    async fn look(act: &mut Act<'_>, arrivals: &[Arrival]) -> Result<Self, CustodyError> {
        let digests: Vec<Sha256Digest> = arrivals.iter().map(|a| a.sha256).collect();
        let places: Vec<PairPlace<'_>> = arrivals.iter().map(Arrival::pair_place).collect();
        let known = clips::known_digests(act.conn(), &digests).await?;
        Ok(Self { digests: known, places: uploads::pairs_at(act.conn(), &places).await? })
    }

    fn meet(&mut self, arrival: &Arrival) -> Meeting {
        let (folder, dir, pair_key) = arrival.pair_place();
        let new_bytes = self.digests.insert(arrival.sha256);
        let new_place = self.places.insert((folder.to_vec(), dir.to_vec(), pair_key.to_vec()));
        if new_bytes && new_place { Meeting::Nothing } else { Meeting::Something }
    }
}

/// An arrival whose bytes are known, or beside which a file with its stem arrived.
async fn accept_beside(act: &mut Act<'_>, arrival: &Arrival, look: &mut Look) -> Result<Accepted, CustodyError> {
    if let Some(clip) = clips::find_by_digest(act.conn(), arrival.sha256).await? {
        return match clip.state {
            ClipState::Disposed => revive::revive(act, arrival, clip, look).await,
            _ => accept_known(act, arrival, clip, look).await,
        };
    }
    if arrival.sidecar.is_none() {
        let sidecars = unattached(paired(act, arrival, ClipRole::Sidecar).await?);
        return accept_after_sidecars(act, arrival, sidecars, look).await;
    }
    let concluded = conclude(&known_of(arrival, &[]), &act.custody().patterns, act.custody().utc_offset);
    let sidecar = ingest(act, arrival, concluded.facts)?;
    let id = sidecar.id;
    act.add_clip(sidecar.clone());
    act.flush().await?;
    find_clip_for(act, arrival, sidecar, look).await?;
    Ok(Accepted { clip_id: id, duplicate: false })
}

/// Bytes seen for the first time, with nothing beside them: no statement of its own.
async fn accept_alone(
    act: &mut Act<'_>,
    arrival: &Arrival,
    first: First,
    grounds: &Grounds,
    look: &mut Look,
) -> Result<Accepted, CustodyError> {
    let Concluded { facts, links } = first.concluded;
    let mut clip = ingest(act, arrival, facts)?;
    let id = clip.id;
    // A sidecar belongs to its clip's cases, not to cases of its own.
    if let Some(footage) = first.footage {
        let mut cases = tie(act, &mut clip, links, &[], &[]).await?;
        tie_by_action(act, &mut clip, &footage, grounds, &mut cases)?;
        look.touch(id, footage);
    }
    act.add_clip(clip);
    Ok(Accepted { clip_id: id, duplicate: false })
}

/// Bytes seen for the first time; `sidecars` came before them.
async fn accept_after_sidecars(
    act: &mut Act<'_>,
    arrival: &Arrival,
    sidecars: Vec<Clip>,
    look: &mut Look,
) -> Result<Accepted, CustodyError> {
    let known = known_of(arrival, &sidecars);
    let Concluded { facts, links } = conclude(&known, &act.custody().patterns, act.custody().utc_offset);
    let mut clip = ingest(act, arrival, facts)?;
    act.add_clip(clip.clone());
    act.flush().await?;
    for sidecar in sidecars {
        attach(act, &mut clip, sidecar).await?;
    }
    tie(act, &mut clip, links, &[], &[]).await?;
    act.touch(Subject::Clip(clip.id));
    clips::update(act.conn(), &clip).await?;
    look.anew.push(clip.id);
    Ok(Accepted { clip_id: clip.id, duplicate: false })
}

/// Records the arrival of new bytes and adds its name; the clip's own row is added by the caller.
fn ingest(act: &mut Act<'_>, arrival: &Arrival, facts: ClipFacts) -> Result<Clip, CustodyError> {
    let entry_index = act.next_index();
    let clip = Clip {
        id: act.new_id(),
        sha256: arrival.sha256,
        sm3: arrival.sm3,
        size_bytes: arrival.size_bytes,
        role: if arrival.sidecar.is_some() { ClipRole::Sidecar } else { ClipRole::Clip },
        state: ClipState::Accepted,
        media: arrival.media.clone(),
        facts,
        file_time: Some(arrival.file_time()),
        marked: false,
        arrived: arrival.arrived,
        sidecar_facts: arrival.sidecar.as_ref().and_then(|s| serde_json::to_string(s).ok()),
        sidecar_of: None,
        entry_index,
        last_entry: entry_index,
    };
    act.record(Record {
        clip_id: clip.id,
        prev: None,
        event: EventKind::Ingestion,
        actor: &Actor::intake(),
        public: public_facts(&clip),
        detail: arrival_detail(arrival, &clip),
    })?;
    act.add_upload(upload_of(act, arrival, clip.id));
    Ok(clip)
}

/// Bytes that are a clip already: another name or place, or the same place looked at again.
async fn accept_known(
    act: &mut Act<'_>,
    arrival: &Arrival,
    mut clip: Clip,
    look: &mut Look,
) -> Result<Accepted, CustodyError> {
    let accepted = Accepted { clip_id: clip.id, duplicate: true };
    let here = uploads::find_at(act.conn(), &arrival.folder, &arrival.dir, &arrival.name, clip.id).await?;
    if let Some(mut upload) = here {
        let same_look = (upload.inode, upload.ctime_ns) == (arrival.inode, arrival.ctime_ns);
        upload.size_bytes = arrival.size_bytes;
        upload.mtime_ns = arrival.mtime_ns;
        upload.ctime_ns = arrival.ctime_ns;
        upload.inode = arrival.inode;
        arrival.policy.clone_into(&mut upload.policy);
        upload.adopted = arrival.adopted;
        // A file that is there again after its release is released again, by the same steps; not one that another daemon released
        // while this one was still receiving it.
        if upload.state == UploadState::Released && arrival.policy != "keep" && !same_look {
            (upload.state, upload.reason, upload.outcome) = (UploadState::Accepted, None, None);
            (upload.confirmed, upload.released) = (None, None);
        }
        uploads::update(act.conn(), &upload).await?;
        return Ok(accepted);
    }
    act.add_upload(upload_of(act, arrival, clip.id));
    act.flush().await?;
    clip.last_entry = arrived_again(act, arrival, &clip, Map::new())?;
    if clip.role == ClipRole::Sidecar {
        clips::set_last_entry(act.conn(), clip.id, clip.last_entry).await?;
        if clip.sidecar_of.is_none() {
            find_clip_for(act, arrival, clip, look).await?;
        }
        return Ok(accepted);
    }
    for sidecar in unattached(paired(act, arrival, ClipRole::Sidecar).await?) {
        attach(act, &mut clip, sidecar).await?;
    }
    reconsider(act, &mut clip, look).await?;
    Ok(accepted)
}

/// A sidecar that came after its clip: attaches it to the newest clip of the same stem, if there is one.
async fn find_clip_for(
    act: &mut Act<'_>,
    arrival: &Arrival,
    sidecar: Clip,
    look: &mut Look,
) -> Result<(), CustodyError> {
    let Some(mut clip) = paired(act, arrival, ClipRole::Clip).await?.pop() else { return Ok(()) };
    attach(act, &mut clip, sidecar).await?;
    reconsider(act, &mut clip, look).await
}

async fn paired(act: &mut Act<'_>, arrival: &Arrival, role: ClipRole) -> Result<Vec<Clip>, CustodyError> {
    Ok(clips::find_paired(act.conn(), &arrival.folder, &arrival.dir, &arrival.pair_key, role).await?)
}

fn unattached(sidecars: Vec<Clip>) -> Vec<Clip> {
    sidecars.into_iter().filter(|s| s.sidecar_of.is_none()).collect()
}

fn readings(sidecars: &[Clip]) -> Vec<SidecarFacts> {
    sidecars.iter().filter_map(|s| serde_json::from_str(s.sidecar_facts.as_deref()?).ok()).collect()
}

/// Ties a sidecar to its clip and records it; the clip's row is written by the caller.
async fn attach(act: &mut Act<'_>, clip: &mut Clip, mut sidecar: Clip) -> Result<(), CustodyError> {
    sidecar.sidecar_of = Some(clip.id);
    clips::update(act.conn(), &sidecar).await?;
    let record = Record {
        clip_id: clip.id,
        prev: Some(clip.last_entry),
        event: EventKind::Annotate,
        actor: &Actor::intake(),
        public: object(json!({"sidecar": sidecar.sha256})),
        detail: json!({"sidecar": sidecar.id}),
    };
    clip.last_entry = act.record(record)?;
    Ok(())
}

/// Concludes anew from all names and sidecars of a clip, links what follows, writes the row; the rest of matching follows with the group.
async fn reconsider(act: &mut Act<'_>, clip: &mut Clip, look: &mut Look) -> Result<(), CustodyError> {
    let names = uploads::of_clip(act.conn(), clip.id).await?;
    let sidecars = clips::sidecars_of(act.conn(), clip.id).await?;
    let concluded = conclude(
        &Known {
            names: names.iter().map(|u| names_of(&u.dir, &u.name)).collect(),
            sidecars: readings(&sidecars),
            media: &clip.media,
            file_time: clip.file_time,
            arrived: clip.arrived,
        },
        &act.custody().patterns,
        act.custody().utc_offset,
    );
    if concluded.facts.important && !clip.facts.important {
        act.note_mark(clip.id);
    }
    clip.facts = concluded.facts;
    let existing = case_links::of_clip(act.conn(), clip.id).await?;
    let refused = case_links::refused(act.conn(), &[clip.id]).await?.remove(&clip.id).unwrap_or_default();
    tie(act, clip, concluded.links, &existing, &refused).await?;
    act.touch(Subject::Clip(clip.id));
    look.anew.push(clip.id);
    Ok(clips::update(act.conn(), clip).await?)
}

/// Records that bytes which are a clip already arrived once more; gives the entry.
fn arrived_again(
    act: &mut Act<'_>,
    arrival: &Arrival,
    clip: &Clip,
    public: Map<String, Value>,
) -> Result<u64, CustodyError> {
    act.record(Record {
        clip_id: clip.id,
        prev: Some(clip.last_entry),
        event: EventKind::Ingestion,
        actor: &Actor::intake(),
        public,
        detail: arrival_detail(arrival, clip),
    })
}

fn upload_of(act: &Act<'_>, a: &Arrival, clip_id: Id) -> Upload {
    Upload {
        id: a.id,
        clip_id,
        folder: a.folder.clone(),
        dir: a.dir.clone(),
        name: a.name.clone(),
        pair_key: a.pair_key.clone(),
        size_bytes: a.size_bytes,
        mtime_ns: a.mtime_ns,
        ctime_ns: a.ctime_ns,
        inode: a.inode,
        important: a.important,
        policy: a.policy.to_owned(),
        adopted: a.adopted,
        state: UploadState::Accepted,
        reason: None,
        arrived: a.arrived,
        accepted: act.at(),
        confirmed: None,
        released: None,
        outcome: None,
    }
}

fn names_of(dir: &[u8], name: &[u8]) -> (String, String) {
    (String::from_utf8_lossy(dir).into_owned(), String::from_utf8_lossy(name).into_owned())
}

/// What the ledger shows of a clip. No personal data: the officer is in the detail.
fn public_facts(clip: &Clip) -> Map<String, Value> {
    let mut public = object(json!({"sha256": clip.sha256, "size": clip.size_bytes}));
    let start = clip.facts.recorded;
    public.insert("start".to_owned(), start.to_rfc3339_seconds().into());
    if let Some(sm3) = clip.sm3 {
        public.insert("sm3".to_owned(), sm3.to_string().into());
    }
    if let Some(recorder) = &clip.facts.recorder {
        public.insert("recorder".to_owned(), recorder.as_str().into());
    }
    if let Some(sequence) = clip.facts.sequence {
        public.insert("seq".to_owned(), sequence.into());
    }
    if let Some(ms) = clip.media.duration_ms.and_then(|ms| i64::try_from(ms).ok()) {
        let end = Micros(start.0.saturating_add(ms.saturating_mul(1000)));
        public.insert("end".to_owned(), end.to_rfc3339_seconds().into());
    }
    public
}

/// What the ledger commits to about an arrival, without showing it.
fn arrival_detail(a: &Arrival, clip: &Clip) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let times = clip.times();
    json!({
        "upload": a.id,
        "folder": text(&a.folder),
        "dir": text(&a.dir),
        "name": text(&a.name),
        "dock": a.dock,
        "court": a.court,
        "name_hex": crate::model::digest::to_hex(&a.name),
        "mtime_ns": a.mtime_ns.to_string(),
        "arrived": a.arrived,
        "important": a.important,
        "officer": clip.facts.officer,
        "recorder": clip.facts.recorder,
        "recorded_source": clip.facts.recorded_source,
        "times": {"device": times.device, "container": times.container, "file": times.file},
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
