//! ISO base media and QuickTime files: MP4, MOV, M4A, 3GP.
//!
//! A bounded walker of ours supplies all facts; `mdat` is stepped over, and only a few bytes of metadata samples in it
//! are read. What is found before a fault stays found. A canonical movie is rebuilt from it for the `mp4` crate, whose
//! reading is compared with ours. Nothing here panics, loops or takes memory on any input; sources are read through a
//! [`Window`] with a budget.
//!
//! Anomalies noted: `no_moov`, `no_tracks`, `no_mvhd`, `second_moov`, `compressed_moov`, `timescale_zero`,
//! `no_samples`, `overrun`, `garbage`, `zero_tail`, `table_cut`, `samples_beyond_eof`, `unix_epoch_time`,
//! `clock_unset`, `creation_out_of_range`, `creation_date`, `mirrored`, `encrypted`, `limit`, `read_error`,
//! `mp4_disagrees`, `mp4_refused`.

mod canonical;
mod codec;
mod crosscheck;
mod entry;
mod facts;
mod findings;
mod fragments;
mod gpmf;
mod headers;
mod movie;
mod novatek;
mod position;
mod samples;
mod table;
mod tags;
mod track;
mod track_position;
mod walk;

#[cfg(test)]
mod tests;

use crate::media::container::reader::{ReadAt, Window};
use crate::model::media::MediaFacts;

use fragments::Fragments;
use movie::Movie;
use walk::{BoxAt, FourCc, Region, Scan};

/// Reads the facts of an ISO base media or QuickTime file. Damage is a fact, never an error.
pub fn read(source: &dyn ReadAt) -> MediaFacts {
    read_within(Window::new(source))
}

/// As [`read`], through a window whose budget the caller chose.
pub fn read_within(window: Window<'_>) -> MediaFacts {
    let mut scan = Scan::new(window);
    let mut file = TopLevel::default();
    let mut region = Region::file(scan.window.len());
    while let Some(b) = scan.next(&mut region) {
        if !file.take(&mut scan, &b) {
            break;
        }
    }
    facts::assemble(scan, file)
}

/// What the top level of a file holds.
#[derive(Default)]
struct TopLevel {
    brand: Option<FourCc>,
    movie: Option<Movie>,
    /// A `meta` box beside `moov`: how still pictures are kept.
    meta: bool,
    fragments: Fragments,
    /// Positions outside `moov`.
    places: tags::Tags,
}

impl TopLevel {
    /// Takes a box; `false` when what follows cannot be trusted to be one.
    fn take(&mut self, scan: &mut Scan<'_>, b: &BoxAt) -> bool {
        match &b.kind {
            b"ftyp" if self.brand.is_none() => self.brand = scan.body(b, 4).try_into().ok(),
            b"moov" if self.movie.is_some() => scan.findings.note("second_moov", Some(b.offset), None),
            b"moov" => self.movie = Some(movie::read(scan, b, &mut self.fragments)),
            b"moof" => self.fragments.fragment(scan, b),
            b"sidx" => self.fragments.index(scan, b),
            b"meta" => self.meta = true,
            // 70mai's recorders append their track log here; its format is not public.
            b"GPS " => self.places.add_place("70mai", b.offset, None),
            b"free" | b"skip" => self.free_space(scan, b),
            kind if !walk::is_name(*kind) => return bridge(scan, b),
            _ => {}
        }
        true
    }

    /// Novatek's recorders put positions into boxes that are called free.
    fn free_space(&mut self, scan: &mut Scan<'_>, b: &BoxAt) {
        if scan.body(b, 4) == b"GPS " {
            let bytes = scan.window.up_to(b.offset, 128).map(<[u8]>::to_vec);
            let position = scan.take(bytes).and_then(|bytes| novatek::block(&bytes));
            self.places.add_place("novatek", b.offset, position);
        }
    }
}

/// Whether the walk may go on after a box whose name is none: only when a box that is known at top level follows it.
fn bridge(scan: &mut Scan<'_>, b: &BoxAt) -> bool {
    scan.findings.note("garbage", Some(b.offset), format!("name {}", walk::name(b.kind)));
    let next = scan.window.array::<8>(b.end);
    let Some([_, _, _, _, kind @ ..]) = scan.take(next) else { return false };
    TOP_LEVEL.contains(&&kind)
}

/// Boxes that stand at top level.
const TOP_LEVEL: [&FourCc; 13] = [
    b"ftyp", b"moov", b"mdat", b"moof", b"mfra", b"free", b"skip", b"wide", b"udta", b"uuid", b"sidx", b"styp", b"meta",
];
