use super::{Format, READ_WHOLE, sniff};
use crate::media::container::mpegts::packet::Grid;
use crate::media::container::reader::ReadAt;

fn sniffed(bytes: &[u8]) -> Format {
    sniff(&bytes.to_vec())
}

#[test]
fn signatures() {
    let adts = [0xff, 0xf1, 0x50, 0x80, 1, 0x1f, 0xfc, 0].repeat(3);
    let mut mp3 = vec![0xff, 0xfb, 0x90, 0xc0];
    mp3.resize(417, 0);
    for (bytes, format) in [
        (&b""[..], Format::Empty),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", Format::Isobmff),
        (b"\0\0\0\0mdat\x01\x02\x03", Format::Isobmff),
        (b"\0\0\0\x08wide\0\0\0\0mdat\0\0", Format::Isobmff),
        (b"\0\0\0\0\0\0\0\0\0\0\0\x18ftypmp42", Format::Isobmff),
        (b"RIFF\0\0\0\0AVI LIST\0", Format::Avi),
        (b"RIFF\0\0\0\0WAVEfmt \0", Format::Wav),
        (b"RIFF\0\0\0\0WEBP", Format::Unknown),
        (b"\xff\xd8\xff\xe0\0\x10", Format::Jpeg),
        (b"\x89PNG\r\n\x1a\n\0\0", Format::Png),
        (b"#!AMR\n\x3c", Format::Amr),
        (b"#!AMR-WB\n\x44", Format::Amr),
        (b"$GPRMC,085207,A,4507.1\r\n", Format::Text),
        (b"the moov box, as text", Format::Text),
        (b"\xff\xfea\0b\0", Format::Text),
        (&adts, Format::Adts),
        (&mp3.repeat(2), Format::Mp3),
        (&mp3, Format::Mp3),
        (&[&mp3[..], &[0; 200]].concat(), Format::Unknown),
        (&[0; 3000], Format::AllZero),
        (&[&[0; 70_000][..], &[1]].concat(), Format::Unknown),
        (b"\x01\x02\x03\x04\x05\x06\x07\x08\x09", Format::Unknown),
        (b"\xff\xff\xff\xfffree\0", Format::Unknown),
    ] {
        assert_eq!(sniffed(bytes), format, "{:?}", &bytes[..bytes.len().min(24)]);
    }
}

#[test]
fn transport_packets_on_every_grid() {
    let packet = |stride: usize| [&[0x47, 0x1f, 0xff, 0x10][..], &vec![0xff; stride - 4]].concat();
    for stride in [188usize, 192, 204] {
        for before in [0, 1, stride - 1] {
            let data = [vec![0x01; before], packet(stride).repeat(6)].concat();
            assert_eq!(
                sniffed(&data),
                Format::Mpegts(Grid { stride, first: before as u64 }),
                "{before} before {stride}"
            );
        }
        assert_eq!(sniffed(&[vec![1], packet(stride).repeat(4)].concat()), Format::Unknown, "four are too few");
        let behind = |packets| [vec![0x01; 3000], packet(stride).repeat(packets)].concat();
        assert_eq!(sniffed(&behind(10)), Format::Mpegts(Grid { stride, first: 3000 }));
        assert_eq!(sniffed(&behind(9)), Format::Unknown, "nine are too few behind so much else");
    }
}

#[test]
fn a_huge_sparse_file_is_sampled() {
    struct Sparse(u64, u64);
    impl ReadAt for Sparse {
        fn len(&self) -> u64 {
            self.0
        }
        fn read_at(&self, offset: u64, buf: &mut [u8]) -> std::io::Result<usize> {
            buf.fill(u8::from((offset..offset + buf.len() as u64).contains(&self.1)));
            Ok(buf.len())
        }
    }
    assert_eq!(sniff(&Sparse(5 << 30, u64::MAX)), Format::AllZero);
    assert_eq!(sniff(&Sparse(5 << 30, (5 << 30) - 1)), Format::Unknown);
    assert_eq!(sniff(&Sparse(READ_WHOLE, READ_WHOLE / 2 + 1)), Format::Unknown);
}
