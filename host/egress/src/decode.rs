//! Undoes the content coding and stops at the cap on decoded bytes.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

/// Decoded bytes for each encoded one. Text of an API comes to 5 or 20, a bomb to the 1,000 that gzip can do.
const DENSITY_MAX: usize = 250;
/// A remote that only promises a long body does not get memory for more than this.
const TRUSTED_BYTES_MAX: usize = 1 << 20;
/// So much may be as dense as it likes: a small answer of spaces is no attack.
const DENSE_BYTES_FREE: usize = 1 << 20;

/// Takes the body as it arrives, keeps what it means.
pub(crate) enum Decoder {
    Plain(Capped),
    Gzip(Box<MultiGzDecoder<Capped>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecodeError {
    /// More decoded bytes than the cap.
    TooLarge,
    /// Far more decoded bytes than encoded ones.
    TooDense,
    /// Not what the content coding promised, or cut short.
    Broken,
}

impl Decoder {
    pub(crate) fn plain(max: usize) -> Self {
        Self::Plain(Capped::new(max, usize::MAX))
    }

    /// How long the body will be, where the remote has said so: memory is set aside once, and never beyond the cap.
    pub(crate) fn expect(&mut self, length: Option<u64>) {
        if let (Self::Plain(out), Some(length)) = (self, length) {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            out.bytes.reserve_exact(length.min(out.max).min(TRUSTED_BYTES_MAX));
        }
    }

    /// Several members in a row are one body, as the format allows.
    pub(crate) fn gzip(max: usize) -> Self {
        Self::Gzip(Box::new(MultiGzDecoder::new(Capped::new(max, DENSE_BYTES_FREE))))
    }

    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<(), DecodeError> {
        match self {
            Self::Plain(out) => out.write_all(piece).map_err(|_| DecodeError::TooLarge),
            Self::Gzip(decoder) => {
                let out = decoder.get_mut();
                out.dense_max = out.dense_max.saturating_add(piece.len().saturating_mul(DENSITY_MAX));
                decoder.write_all(piece).map_err(|_| blame(decoder.get_ref()))
            }
        }
    }

    pub(crate) fn decoded_bytes(&self) -> usize {
        match self {
            Self::Plain(out) => out.bytes.len(),
            Self::Gzip(decoder) => decoder.get_ref().bytes.len(),
        }
    }

    pub(crate) fn finish(self) -> Result<Vec<u8>, DecodeError> {
        match self {
            Self::Plain(out) => Ok(out.bytes),
            Self::Gzip(mut decoder) => match decoder.try_finish() {
                Ok(()) => Ok(std::mem::take(&mut decoder.get_mut().bytes)),
                Err(_) => Err(blame(decoder.get_ref())),
            },
        }
    }
}

fn blame(out: &Capped) -> DecodeError {
    match out.overflowed {
        Some(error) => error,
        None => DecodeError::Broken,
    }
}

/// A growing buffer that refuses, and forgets what it held, at the first byte beyond its cap.
#[derive(Debug)]
pub(crate) struct Capped {
    bytes: Vec<u8>,
    max: usize,
    /// What the encoded bytes so far may become.
    dense_max: usize,
    overflowed: Option<DecodeError>,
}

impl Capped {
    fn new(max: usize, dense_max: usize) -> Self {
        Self { bytes: Vec::new(), max, dense_max, overflowed: None }
    }
}

impl Write for Capped {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        // The decoder writes again while it is dropped, hence the flag.
        let length = self.bytes.len().saturating_add(piece.len());
        let error = self
            .overflowed
            .or((length > self.max).then_some(DecodeError::TooLarge))
            .or((length > self.dense_max).then_some(DecodeError::TooDense));
        if error.is_some() {
            self.overflowed = error;
            self.bytes = Vec::new();
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn decode(mut decoder: Decoder, pieces: &[&[u8]]) -> Result<Vec<u8>, DecodeError> {
        for piece in pieces {
            decoder.push(piece)?;
        }
        decoder.finish()
    }

    #[test]
    fn a_plain_body_may_be_exactly_as_large_as_the_cap() {
        assert_eq!(decode(Decoder::plain(4), &[b"ab", b"cd"]), Ok(b"abcd".to_vec()));
        assert_eq!(decode(Decoder::plain(3), &[b"ab", b"cd"]), Err(DecodeError::TooLarge));
    }

    #[test]
    fn gzip_is_decoded_whatever_the_pieces() {
        let packed = gzip(b"hello, hello, hello");
        let bytes: Vec<&[u8]> = packed.chunks(1).collect();
        assert_eq!(decode(Decoder::gzip(100), &bytes), Ok(b"hello, hello, hello".to_vec()));
        assert_eq!(decode(Decoder::gzip(100), &[&packed]), Ok(b"hello, hello, hello".to_vec()));
    }

    #[test]
    fn several_gzip_members_are_one_body() {
        let packed = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(decode(Decoder::gzip(100), &[&packed]), Ok(b"one two".to_vec()));
        assert_eq!(decode(Decoder::gzip(6), &[&packed]), Err(DecodeError::TooLarge));
    }

    #[test]
    fn a_bomb_stops_at_the_cap_and_leaves_nothing_in_memory() {
        let packed = gzip(&vec![0; 50_000_000]);
        assert!(packed.len() < 100_000);
        let mut decoder = Decoder::gzip(1_000_000);
        assert_eq!(decoder.push(&packed), Err(DecodeError::TooLarge));
        let Decoder::Gzip(decoder) = &decoder else { panic!("the decoder changed") };
        assert_eq!(decoder.get_ref().bytes.capacity(), 0);
    }

    #[test]
    fn a_bomb_below_the_cap_is_known_by_its_density() {
        let packed = gzip(&vec![0; 20_000_000]);
        let mut decoder = Decoder::gzip(usize::MAX);
        let pushed = packed.chunks(1_000).try_for_each(|piece| decoder.push(piece));
        assert_eq!(pushed, Err(DecodeError::TooDense));
        // A megabyte of spaces is odd, and harmless.
        let odd = gzip(&vec![b' '; 1_000_000]);
        assert_eq!(decode(Decoder::gzip(usize::MAX), &[&odd]).map(|body| body.len()), Ok(1_000_000));
        // Rows of an export repeat themselves, and pass.
        let rows: String = (0..60_000)
            .map(|row| format!("{{\"id\":{row},\"status\":\"active\",\"country\":\"NL\"}}\n"))
            .collect();
        let packed = gzip(rows.as_bytes());
        assert_eq!(decode(Decoder::gzip(usize::MAX), &[&packed]).map(|body| body.len()), Ok(rows.len()));
    }

    #[test]
    fn cut_or_corrupt_gzip_is_broken() {
        let packed = gzip(b"hello, hello, hello");
        for cut in [1, 9, 12, packed.len() - 9, packed.len() - 1] {
            assert_eq!(decode(Decoder::gzip(100), &[&packed[..cut]]), Err(DecodeError::Broken), "{cut}");
        }
        let mut wrong_sum = packed.clone();
        let at = wrong_sum.len() - 6;
        wrong_sum[at] ^= 1;
        assert_eq!(decode(Decoder::gzip(100), &[&wrong_sum]), Err(DecodeError::Broken));
        assert_eq!(decode(Decoder::gzip(100), &[b"not gzip at all"]), Err(DecodeError::Broken));
        assert_eq!(decode(Decoder::gzip(100), &[&packed, b"and more"]), Err(DecodeError::Broken));
    }
}
