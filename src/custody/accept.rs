//! Accepting uploads: the commit point. Clip, name, custody event, links and ledger entries in one transaction; before it the
//! bytes are in the vault, durable, under their digest.

use serde_json::{Map, Value, json};

use super::act::{Act, Record};
use super::facts::{Concluded, Known, conclude};
use super::{Actor, Custody, CustodyError};
use crate::catalog::cases::{self, Case, CaseLink};
use crate::catalog::clips::{self, Clip, ClipRole};
use crate::catalog::uploads::{self, Upload};
use crate::matching::ProposedLink;
use crate::media::sidecar::SidecarFacts;
use crate::model::clip::ClipState;
use crate::model::custody::EventKind;
use crate::model::digest::{Sha256Digest, Sm3Digest};
use crate::model::id::Id;
use crate::model::media::MediaFacts;
use crate::model::time::Micros;
use crate::model::upload::UploadState;

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
}

/// What became of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The clip that the bytes are.
    pub clip_id: Id,
    /// The bytes were known already.
    pub duplicate: bool,
}

/// Accepts a group of arrivals in one transaction, in order; either all are accepted or none.
///
/// # Errors
/// When the database or the ledger refuses; nothing was accepted, or (after a failed commit) it is to be tried again, which
/// finds what was accepted and changes nothing twice.
pub async fn accept(custody: &Custody, arrivals: &[Arrival]) -> Result<Vec<Accepted>, CustodyError> {
    let mut act = Act::begin(custody).await?;
    let mut accepted = Vec::with_capacity(arrivals.len());
    for arrival in arrivals {
        let known = clips::find_by_digest(act.conn(), arrival.sha256).await?;
        accepted.push(match known {
            None => accept_new(&mut act, arrival).await?,
            Some(clip) => accept_known(&mut act, arrival, clip).await?,
        });
    }
    act.commit().await?;
    Ok(accepted)
}

/// Bytes seen for the first time.
async fn accept_new(act: &mut Act<'_>, arrival: &Arrival) -> Result<Accepted, CustodyError> {
    let role = if arrival.sidecar.is_some() { ClipRole::Sidecar } else { ClipRole::Clip };
    let sidecars = match role {
        ClipRole::Clip => unattached(paired(act, arrival, ClipRole::Sidecar).await?),
        ClipRole::Sidecar => Vec::new(),
    };
    let Concluded { facts, links } = conclude(
        &Known {
            names: vec![names_of(&arrival.dir, &arrival.name)],
            sidecars: readings(&sidecars),
            media: &arrival.media,
            file_time: Some(arrival.file_time()),
            arrived: arrival.arrived,
        },
        &act.custody().patterns,
        act.custody().utc_offset,
    );
    // A sidecar belongs to its clip's cases, not to cases of its own.
    let links = if role == ClipRole::Clip { links } else { Vec::new() };
    let entry_index = act.next_index();
    let mut clip = Clip {
        id: act.new_id(),
        sha256: arrival.sha256,
        sm3: arrival.sm3,
        size_bytes: arrival.size_bytes,
        role,
        state: ClipState::Accepted,
        media: arrival.media.clone(),
        facts,
        file_time: Some(arrival.file_time()),
        arrived: arrival.arrived,
        sidecar_facts: arrival.sidecar.as_ref().and_then(|s| serde_json::to_string(s).ok()),
        sidecar_of: None,
        entry_index,
        last_entry: entry_index,
    };
    clips::insert(act.conn(), &clip).await?;
    let record = Record {
        clip_id: clip.id,
        prev: None,
        event: EventKind::Ingestion,
        actor: &Actor::intake(),
        public: public_facts(&clip),
        detail: arrival_detail(arrival, &clip),
    };
    act.record(record).await?;
    insert_upload(act, arrival, clip.id).await?;
    for sidecar in sidecars {
        attach(act, &mut clip, sidecar).await?;
    }
    tie(act, &mut clip, links).await?;
    if clip.last_entry != entry_index || clip.state != ClipState::Accepted {
        clips::update(act.conn(), &clip).await?;
    }
    if role == ClipRole::Sidecar {
        let clip_id = clip.id;
        find_clip_for(act, arrival, clip).await?;
        return Ok(Accepted { clip_id, duplicate: false });
    }
    Ok(Accepted { clip_id: clip.id, duplicate: false })
}

/// Bytes that are a clip already: another name or place, or the same place looked at again.
async fn accept_known(act: &mut Act<'_>, arrival: &Arrival, mut clip: Clip) -> Result<Accepted, CustodyError> {
    let accepted = Accepted { clip_id: clip.id, duplicate: true };
    let here = uploads::find_at(act.conn(), &arrival.folder, &arrival.dir, &arrival.name, clip.id).await?;
    if let Some(mut upload) = here {
        upload.size_bytes = arrival.size_bytes;
        upload.mtime_ns = arrival.mtime_ns;
        upload.ctime_ns = arrival.ctime_ns;
        upload.inode = arrival.inode;
        arrival.policy.clone_into(&mut upload.policy);
        upload.adopted = arrival.adopted;
        // A file that is there again after its release is released again, by the same steps.
        if upload.state == UploadState::Released && arrival.policy != "keep" {
            (upload.state, upload.reason, upload.outcome) = (UploadState::Accepted, None, None);
            (upload.confirmed, upload.released) = (None, None);
        }
        uploads::update(act.conn(), &upload).await?;
        return Ok(accepted);
    }
    insert_upload(act, arrival, clip.id).await?;
    let record = Record {
        clip_id: clip.id,
        prev: Some(clip.last_entry),
        event: EventKind::Ingestion,
        actor: &Actor::intake(),
        public: Map::new(),
        detail: arrival_detail(arrival, &clip),
    };
    clip.last_entry = act.record(record).await?;
    if clip.role == ClipRole::Sidecar {
        clips::set_last_entry(act.conn(), clip.id, clip.last_entry).await?;
        if clip.sidecar_of.is_none() {
            find_clip_for(act, arrival, clip).await?;
        }
        return Ok(accepted);
    }
    for sidecar in unattached(paired(act, arrival, ClipRole::Sidecar).await?) {
        attach(act, &mut clip, sidecar).await?;
    }
    reconsider(act, &mut clip).await?;
    Ok(accepted)
}

/// A sidecar that came after its clip: attaches it to the newest clip of the same stem, if there is one.
async fn find_clip_for(act: &mut Act<'_>, arrival: &Arrival, sidecar: Clip) -> Result<(), CustodyError> {
    let Some(mut clip) = paired(act, arrival, ClipRole::Clip).await?.pop() else { return Ok(()) };
    attach(act, &mut clip, sidecar).await?;
    reconsider(act, &mut clip).await
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
    clip.last_entry = act.record(record).await?;
    Ok(())
}

/// Concludes anew from all names and sidecars of a clip, links what follows, writes the row.
async fn reconsider(act: &mut Act<'_>, clip: &mut Clip) -> Result<(), CustodyError> {
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
    clip.facts = concluded.facts;
    tie(act, clip, concluded.links).await?;
    Ok(clips::update(act.conn(), clip).await?)
}

/// Links a clip to cases it is not yet linked to; a case that is only named becomes a stub. Never takes a link away.
async fn tie(act: &mut Act<'_>, clip: &mut Clip, links: Vec<ProposedLink>) -> Result<(), CustodyError> {
    if links.is_empty() {
        return Ok(());
    }
    let existing = cases::links_of(act.conn(), clip.id).await?;
    for link in links {
        if existing.iter().any(|l| l.number == link.number.canonical()) {
            continue;
        }
        let case = find_or_stub(act, &link).await?;
        let row = CaseLink { case_id: case.id, number: case.number, method: link.method, reason: link.reason.clone() };
        let at = act.at();
        cases::insert_link(act.conn(), clip.id, &row, at).await?;
        let record = Record {
            clip_id: clip.id,
            prev: Some(clip.last_entry),
            event: EventKind::Link,
            actor: &Actor::intake(),
            public: object(json!({"method": link.method.as_str()})),
            detail: json!({"case": row.number, "reason": row.reason}),
        };
        clip.last_entry = act.record(record).await?;
    }
    clip.facts.unfiled = false;
    clip.facts.unfiled_reason = None;
    if clip.state == ClipState::Accepted {
        clip.state = ClipState::Matched;
    }
    Ok(())
}

async fn find_or_stub(act: &mut Act<'_>, link: &ProposedLink) -> Result<Case, CustodyError> {
    if let Some(case) = cases::find_by_number(act.conn(), &link.number).await? {
        return Ok(case);
    }
    let case = Case::stub(act.new_id(), &link.number, act.at());
    cases::insert(act.conn(), &case, &link.number).await?;
    Ok(case)
}

async fn insert_upload(act: &mut Act<'_>, a: &Arrival, clip_id: Id) -> Result<(), CustodyError> {
    let upload = Upload {
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
    };
    Ok(uploads::insert(act.conn(), &upload).await?)
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
