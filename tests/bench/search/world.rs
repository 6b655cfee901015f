//! One court after another: each has 40 recorders and, over ten years, a million clips.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use sha2::{Digest as _, Sha256};
use zhilu::catalog::cases::{self, Case};
use zhilu::catalog::clips;
use zhilu::catalog::engine::Conn;
use zhilu::catalog::notes::{self, Note};
use zhilu::catalog::search::docs;
use zhilu::custody::accept::{Arrival, accept};
use zhilu::custody::act::{Act, Record};
use zhilu::custody::incident::{ClipEdit, Edit, Editor, create};
use zhilu::custody::{Actor, Custody};
use zhilu::media::name::stem;
use zhilu::model::case_number::CaseNumber;
use zhilu::model::custody::EventKind;
use zhilu::model::digest::Sha256Digest;
use zhilu::model::id::Id;
use zhilu::model::media::{Container, Health, Kind, MediaFacts, VideoFacts};
use zhilu::model::party::Party;
use zhilu::model::subject::Subject;
use zhilu::model::time::{Micros, UtcOffset};

use crate::text::{CAUSES, KINDS, Random, Writer};

/// Clips of one court in ten years.
const CLIPS_OF_COURT: u64 = 1_000_000;
/// Clips of one case.
const CLIPS_OF_CASE: u64 = 10;
const RECORDERS: u64 = 40;
const OFFICERS: u64 = 60;
/// 2016-11-24T00:00:00Z.
const BEGIN_S: i64 = 1_479_945_600;
const TEN_YEARS_S: i64 = 315_532_800;

/// What was made.
pub(crate) struct Made {
    pub(crate) cases: u64,
    pub(crate) notes: u64,
    pub(crate) incidents: u64,
    /// Seconds that accepting the clips took, search documents included.
    pub(crate) clip_seconds: f64,
    /// Processor time that it took, which others on the machine change less.
    pub(crate) clip_cpu: Duration,
}

struct Maker<'a> {
    custody: &'a Custody,
    writer: Writer,
    random: Random,
    courts: u64,
    clips: u64,
    made: Made,
}

pub(crate) async fn fill(custody: &Custody, clips: u64, seed: u64, group: usize) -> Made {
    let courts = clips.div_ceil(CLIPS_OF_COURT);
    let made = Made { cases: 0, notes: 0, incidents: 0, clip_seconds: 0.0, clip_cpu: Duration::ZERO };
    let mut maker = Maker { custody, writer: Writer::new(), random: Random::new(seed), courts, clips, made };
    maker.cases().await;
    let mut arrivals = Vec::with_capacity(group);
    for n in 0..clips {
        arrivals.push(maker.arrival(n));
        if arrivals.len() == group || n + 1 == clips {
            maker.accept(&arrivals).await;
            arrivals.clear();
        }
    }
    let mut act = Act::begin(custody).await.unwrap();
    docs::optimize(act.conn()).await.unwrap();
    act.commit().await.unwrap();
    release(custody).await;
    maker.made
}

/// Lets the clips count as read back and released: there are no objects, and a daemon would look for each while it is measured.
async fn release(custody: &Custody) {
    const SQL: &str = "update uploads set state = 'released', confirmed_us = accepted_us, released_us = accepted_us, \
        outcome = 'kept' where state = 'accepted'";
    let mut tx = custody.db.begin().await.unwrap();
    match tx.conn() {
        Conn::Sqlite(c) => drop(sqlx::query(SQL).execute(c).await.unwrap()),
        Conn::Postgres(c) => drop(sqlx::query(SQL).execute(c).await.unwrap()),
    }
    tx.commit().await.unwrap();
}

/// Processor time of all threads of this process so far.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

impl Maker<'_> {
    /// The register of cases, with their parties, before the first clip comes.
    async fn cases(&mut self) {
        let of_court = self.clips / self.courts / CLIPS_OF_CASE + 1;
        let all: Vec<(u64, u64)> = (0..of_court).flat_map(|n| (0..self.courts).map(move |court| (n, court))).collect();
        for group in all.chunks(400) {
            let mut act = Act::begin(self.custody).await.unwrap();
            for (n, court) in group {
                let number: CaseNumber = self.case_number(*n, *court).parse().unwrap();
                let mut case = Case::stub(act.new_id(), &number, act.at());
                let mut r = Random::new(n * 64 + court);
                let party = |name, role: &str| Party { name, role: Some(role.to_owned()) };
                case.parties.push(party(self.writer.name(&mut r), "被执行人"));
                let applicant = if r.one_in(3) { self.writer.company(&mut r) } else { self.writer.name(&mut r) };
                case.parties.push(party(applicant, "申请执行人"));
                case.cause = Some((*r.pick_skewed(&CAUSES)).to_owned());
                case.judge = Some(self.writer.name(&mut Random::new(court * 8 + r.below(8))));
                case.stub = false;
                cases::insert(act.conn(), &case, &number).await.unwrap();
                act.touch(Subject::Case(case.id));
                self.made.cases += 1;
            }
            act.commit().await.unwrap();
        }
    }

    /// The number of a court's `n`th case, which lies in the year of its clips.
    fn case_number(&self, n: u64, court: u64) -> String {
        let of_court = self.clips / self.courts / CLIPS_OF_CASE + 1;
        format!("（{}）吉{:04}执{}号", 2017 + n * 10 / of_court, 701 + court, 1 + n)
    }

    async fn accept(&mut self, arrivals: &[Arrival]) {
        let (began, cpu) = (Instant::now(), processor_time());
        let accepted = accept(self.custody, arrivals).await.unwrap();
        self.made.clip_cpu += processor_time() - cpu;
        self.made.clip_seconds += began.elapsed().as_secs_f64();
        let noted: Vec<Id> = accepted.iter().map(|a| a.clip_id).filter(|_| self.random.one_in(20)).collect();
        self.note(&noted).await;
        for (arrival, accepted) in arrivals.iter().zip(&accepted) {
            if self.random.one_in(500) {
                self.incident(arrival, accepted.clip_id).await;
            }
        }
    }

    /// Notes on clips, many in one act.
    async fn note(&mut self, noted: &[Id]) {
        let mut act = Act::begin(self.custody).await.unwrap();
        for clip in clips::get_all(act.conn(), noted).await.unwrap() {
            let (actor, text) = (Actor::intake(), self.writer.note(&mut self.random));
            let note = Note {
                id: act.new_id(),
                clip_id: clip.id,
                actor: actor.as_str().to_owned(),
                note: text.clone(),
                at: act.at(),
            };
            notes::insert(act.conn(), &note).await.unwrap();
            let entry = act.record(Record {
                clip_id: clip.id,
                prev: Some(clip.last_entry),
                event: EventKind::Annotate,
                actor: &actor,
                public: serde_json::Map::new(),
                detail: serde_json::json!({"note": note.id, "text": text}),
            });
            clips::set_last_entry(act.conn(), clip.id, entry.unwrap()).await.unwrap();
            act.touch(Subject::Clip(clip.id));
            self.made.notes += 1;
        }
        act.commit().await.unwrap();
    }

    /// An incident that the clip shows.
    async fn incident(&mut self, arrival: &Arrival, clip: Id) {
        let subject = self.writer.name(&mut self.random);
        let (narrative, codes) = self.writer.narrative(&mut self.random, &subject);
        let begin = Micros(arrival.mtime_ns / 1000 + 60_000_000);
        let edit = Edit {
            begin: Some(begin),
            place: Some(self.writer.place(&mut self.random)),
            narrative: Some(narrative),
            codes: Some(codes.iter().map(|code| code.parse().unwrap()).collect()),
            clips: Some(vec![ClipEdit { id: clip, from_ms: Some(60_000), to_ms: None }]),
            severity: Some(Some(1 + u8::try_from(self.random.below(4)).unwrap())),
            ..Edit::default()
        };
        let editor = Editor { actor: Actor::intake(), decides: true };
        create(self.custody, &editor, edit).await.unwrap();
        self.made.incidents += 1;
    }

    /// The `n`th clip, in the order of time with a few minutes of disorder.
    fn arrival(&mut self, n: u64) -> Arrival {
        let r = &mut self.random;
        let share = u128::from(n) * u128::from(TEN_YEARS_S.unsigned_abs()) / u128::from(self.clips);
        let share = i64::try_from(share).unwrap();
        let recorded_s = BEGIN_S + share + i64::try_from(r.below(600)).unwrap();
        let court = n % self.courts;
        let (recorder, officer) = (court * RECORDERS + r.below(RECORDERS), court * OFFICERS + r.below(OFFICERS));
        let at = Micros(recorded_s * 1_000_000).to_civil(UtcOffset::CHINA);
        let mark = if r.one_in(50) { "_IMP" } else { "" };
        let name = format!("{recorder:07}_{officer:06}{}_{:04}{mark}.mp4", at.strftime("%Y%m%d%H%M%S"), n % 10_000);
        let dir = self.dir(n, court);
        Arrival {
            id: self.custody.ids.next(self.custody.clock.now()),
            sha256: Sha256Digest(Sha256::digest(n.to_be_bytes()).into()),
            sm3: None,
            folder: b"/srv/uploads/dock-1".to_vec(),
            pair_key: stem(&name).to_lowercase().into_bytes(),
            dir: dir.into_bytes(),
            name: name.into_bytes(),
            size_bytes: 200_000_000,
            mtime_ns: recorded_s * 1_000_000_000,
            ctime_ns: recorded_s * 1_000_000_000,
            inode: n,
            important: !mark.is_empty(),
            dock: String::new(),
            court: String::new(),
            policy: "keep",
            adopted: false,
            arrived: Micros((recorded_s + 20_000) * 1_000_000),
            media: video(),
            sidecar: None,
        }
    }

    /// A third of the clips lie in a folder named after their case and what was done, the others in one named after what was done.
    fn dir(&mut self, n: u64, court: u64) -> String {
        let kind = *self.random.pick_skewed(&KINDS);
        if !self.random.one_in(3) {
            return kind.to_owned();
        }
        let case = n / CLIPS_OF_CASE / self.courts;
        let party = self.writer.name(&mut Random::new(case * 64 + court));
        format!("{} {party} {kind}", self.case_number(case, court))
    }
}

fn video() -> MediaFacts {
    MediaFacts {
        kind: Kind::Video,
        container: Some(Container::Isobmff),
        health: Health::Ok,
        duration_ms: Some(600_000),
        video: Some(VideoFacts { codec: Some("h264".to_owned()), width: Some(1920), ..VideoFacts::default() }),
        ..MediaFacts::default()
    }
}
