//! One court after another: each has 40 recorders and, over ten years, a million clips.

use std::time::Instant;

use sha2::{Digest as _, Sha256};
use zhilu::custody::Custody;
use zhilu::custody::accept::{Arrival, accept};
use zhilu::media::name::stem;
use zhilu::model::digest::Sha256Digest;
use zhilu::model::media::{Container, Health, Kind, MediaFacts, VideoFacts};
use zhilu::model::time::{Micros, UtcOffset};

use crate::text::{KINDS, Random, Writer};

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
    pub(crate) incidents: u64,
    /// Seconds that accepting the clips took, search documents included.
    pub(crate) clip_seconds: f64,
}

struct Maker<'a> {
    custody: &'a Custody,
    writer: Writer,
    random: Random,
    courts: u64,
}

pub(crate) async fn fill(custody: &Custody, clips: u64, seed: u64, group: usize) -> Made {
    let courts = clips.div_ceil(CLIPS_OF_COURT);
    let mut maker = Maker { custody, writer: Writer::new(), random: Random::new(seed), courts };
    let began = Instant::now();
    let mut arrivals = Vec::with_capacity(group);
    for n in 0..clips {
        arrivals.push(maker.arrival(n, clips));
        if arrivals.len() == group {
            accept(custody, &arrivals).await.unwrap();
            arrivals.clear();
        }
    }
    accept(custody, &arrivals).await.unwrap();
    Made { cases: 0, incidents: 0, clip_seconds: began.elapsed().as_secs_f64() }
}

impl Maker<'_> {
    /// The `n`th clip of `clips`, in the order of time with a few minutes of disorder.
    fn arrival(&mut self, n: u64, clips: u64) -> Arrival {
        let r = &mut self.random;
        let share = i64::try_from(u128::from(n) * TEN_YEARS_S.unsigned_abs() as u128 / u128::from(clips)).unwrap();
        let recorded_s = BEGIN_S + share + i64::try_from(r.below(600)).unwrap();
        let court = n % self.courts;
        let (recorder, officer) = (court * RECORDERS + r.below(RECORDERS), court * OFFICERS + r.below(OFFICERS));
        let at = Micros(recorded_s * 1_000_000).to_civil(UtcOffset::CHINA);
        let mark = if r.one_in(50) { "_IMP" } else { "" };
        let name = format!("{recorder:07}_{officer:06}{}_{:04}{mark}.mp4", at.strftime("%Y%m%d%H%M%S"), n % 10_000);
        let dir = self.dir(n, court, at.year());
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

    /// A third of the clips lie in a folder named after their case, a tenth of those in one named after what was done.
    fn dir(&mut self, n: u64, court: u64, year: i16) -> String {
        let r = &mut self.random;
        let case = n / CLIPS_OF_CASE / self.courts;
        let kind = *r.pick_skewed(&KINDS);
        if r.one_in(3) {
            let party = self.writer.name(&mut Random::new(case * 64 + court));
            return format!("（{year}）吉{:04}执{}号 {party} {kind}", 701 + court, 1 + case);
        }
        kind.to_owned()
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
