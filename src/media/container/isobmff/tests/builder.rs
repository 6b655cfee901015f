//! Builds small MP4 files, so that tests know every byte of them.

/// A box.
pub(super) fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len() + 8).unwrap();
    [&size.to_be_bytes()[..], kind, body].concat()
}

/// Big-endian 32-bit words.
pub(super) fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_be_bytes()).collect()
}

/// A picture entry of a format, with the boxes after it.
pub(super) fn picture(format: &[u8; 4], width: u16, height: u16, extensions: &[u8]) -> Vec<u8> {
    let mut body = vec![0; 78];
    body[7] = 1;
    body[24..26].copy_from_slice(&width.to_be_bytes());
    body[26..28].copy_from_slice(&height.to_be_bytes());
    body.extend(extensions);
    boxed(format, &body)
}

/// A sound entry of a format: the 28 bytes of version 0 with the given version, then what follows.
pub(super) fn sound(format: &[u8; 4], version: u16, channels: u16, rate: u16, rest: &[u8]) -> Vec<u8> {
    let mut body = vec![0; 28];
    body[7] = 1;
    body[8..10].copy_from_slice(&version.to_be_bytes());
    body[16..18].copy_from_slice(&channels.to_be_bytes());
    body[24..26].copy_from_slice(&rate.to_be_bytes());
    body.extend(rest);
    boxed(format, &body)
}

/// An `esds` with an object type and an audio configuration.
pub(super) fn esds(object_type: u8, config: [u8; 2]) -> Vec<u8> {
    let mut body = vec![0, 0, 0, 0, 3, 22, 0, 1, 0, 4, 17, object_type, 0x15];
    body.extend([0; 11]);
    body.extend([5, 2]);
    body.extend(config);
    boxed(b"esds", &body)
}

/// A track to build.
#[derive(Clone)]
pub(super) struct TrackSpec {
    pub(super) handler: [u8; 4],
    pub(super) entry: Vec<u8>,
    /// Each is a chunk of its own.
    pub(super) samples: Vec<Vec<u8>>,
    pub(super) timescale: u32,
    /// Ticks of each sample.
    pub(super) delta: u32,
    /// a, b, c, d of the matrix.
    pub(super) matrix: [i32; 4],
    /// Presented width and height.
    pub(super) size: (u16, u16),
}

impl TrackSpec {
    /// Ten frames of H.264 at 25 a second, 640 × 360.
    pub(super) fn video() -> Self {
        Self {
            handler: *b"vide",
            entry: picture(b"avc1", 640, 360, &boxed(b"avcC", &[1, 77, 0, 30, 3, 0, 0])),
            samples: (0..10).map(|i| vec![i; 100 + usize::from(i)]).collect(),
            timescale: 12_800,
            delta: 512,
            matrix: [0x1_0000, 0, 0, 0x1_0000],
            size: (640, 360),
        }
    }

    /// AAC at 48 kHz, stereo.
    pub(super) fn audio() -> Self {
        Self {
            handler: *b"soun",
            entry: sound(b"mp4a", 0, 2, 48_000, &esds(0x40, [0x11, 0x90])),
            samples: vec![vec![1; 20]; 18],
            timescale: 48_000,
            delta: 1024,
            ..Self::video()
        }
    }

    /// One text sample.
    pub(super) fn text(handler: [u8; 4], format: &[u8; 4], sample: &[u8]) -> Self {
        Self { handler, entry: boxed(format, &[0; 8]), samples: vec![sample.to_vec()], ..Self::video() }
    }

    /// `trak`, with the samples of the track beginning at `at`.
    fn build(&self, id: u32, mut at: u32) -> Vec<u8> {
        let count = u32::try_from(self.samples.len()).unwrap();
        let (mut offsets, mut sizes) = (vec![0, count], vec![0, 0, count]);
        for sample in &self.samples {
            let size = u32::try_from(sample.len()).unwrap();
            offsets.push(at);
            sizes.push(size);
            at += size;
        }
        let stsd = [words(&[0, 1]), self.entry.clone()].concat();
        let stbl = [
            boxed(b"stsd", &stsd),
            boxed(b"stts", &words(&[0, 1, count, self.delta])),
            boxed(b"stsc", &words(&[0, 1, 1, 1, 1])),
            boxed(b"stsz", &words(&sizes)),
            boxed(b"stco", &words(&offsets)),
        ]
        .concat();
        let minf = boxed(b"minf", &boxed(b"stbl", &stbl));
        let mdhd = boxed(b"mdhd", &words(&[0, 0, 0, self.timescale, count * self.delta, 0x55c4_0000]));
        let hdlr = boxed(b"hdlr", &[&[0; 8][..], &self.handler, &[0; 13]].concat());
        let mdia = boxed(b"mdia", &[mdhd, hdlr, minf].concat());
        let [a, b, c, d] = self.matrix.map(i32::cast_unsigned);
        let mut tkhd = words(&[7, 0, 0, id, 0, 0, 0, 0, 0, 0, a, b, 0, c, d, 0, 0, 0, 0x4000_0000]);
        tkhd.extend(words(&[u32::from(self.size.0) << 16, u32::from(self.size.1) << 16]));
        boxed(b"trak", &[boxed(b"tkhd", &tkhd), mdia].concat())
    }
}

/// A file to build: `ftyp`, `moov`, `mdat`.
#[derive(Clone)]
pub(super) struct Clip {
    /// Seconds since 1904.
    pub(super) created: u32,
    pub(super) timescale: u32,
    pub(super) duration: u32,
    pub(super) tracks: Vec<TrackSpec>,
    /// Further boxes in `moov`.
    pub(super) extra: Vec<u8>,
}

impl Clip {
    pub(super) fn of(tracks: Vec<TrackSpec>) -> Self {
        Self { created: 3_789_706_197, timescale: 1000, duration: 400, tracks, extra: Vec::new() }
    }

    pub(super) fn with(extra: Vec<u8>) -> Self {
        Self { extra, ..Self::of(vec![TrackSpec::video(), TrackSpec::audio()]) }
    }

    fn moov(&self, mut at: u32) -> Vec<u8> {
        let mut mvhd = words(&[0, self.created, self.created, self.timescale, self.duration]);
        mvhd.resize(100, 0);
        let mut body = boxed(b"mvhd", &mvhd);
        for (id, track) in (1..).zip(&self.tracks) {
            body.extend(track.build(id, at));
            at += u32::try_from(track.samples.iter().map(Vec::len).sum::<usize>()).unwrap();
        }
        body.extend(&self.extra);
        boxed(b"moov", &body)
    }

    pub(super) fn build(&self) -> Vec<u8> {
        let mut file = boxed(b"ftyp", b"isom\0\0\x02\0");
        let data_at = u32::try_from(file.len() + self.moov(0).len() + 8).unwrap();
        file.extend(self.moov(data_at));
        let samples: Vec<u8> = self.tracks.iter().flat_map(|t| t.samples.concat()).collect();
        file.extend(boxed(b"mdat", &samples));
        file
    }
}

/// A fragmented file: an empty `moov` with `mvex`, then two fragments of five frames.
pub(super) fn fragmented(mehd: Option<u32>) -> Vec<u8> {
    let track = TrackSpec { samples: Vec::new(), ..TrackSpec::video() };
    let total = mehd.map(|ms| boxed(b"mehd", &words(&[0, ms]))).unwrap_or_default();
    let trex = boxed(b"trex", &words(&[0, 1, 1, 512, 50, 0]));
    let extra = boxed(b"mvex", &[total, trex].concat());
    let mut file = Clip { duration: 0, extra, ..Clip::of(vec![track]) }.build();
    file.truncate(file.len() - 8);
    for _ in 0..2 {
        // The first five samples take their size from `trex`, the other five have one each.
        let alike = boxed(b"trun", &words(&[1, 5, 88 + 8]));
        let sized = boxed(b"trun", &words(&[0x200, 5, 60, 60, 60, 60, 60]));
        let tfhd = boxed(b"tfhd", &words(&[0x2_0000, 1]));
        let moof = boxed(b"moof", &boxed(b"traf", &[tfhd, alike, sized].concat()));
        file.extend(&moof);
        file.extend(boxed(b"mdat", &[7; 550]));
    }
    file
}
