//! Changes bytes by dice that always fall the same way, so that a failure in a test is the same failure tomorrow.

/// Pieces that gates are written about; a mutant gets one more often than chance would have it.
const PIECES: &[&[u8]] = &[
    b"..",
    b"%2e",
    b"%2f",
    b"%252e",
    b"/",
    b"//",
    b"\\",
    b";",
    b"@",
    b"#",
    b"?",
    b":",
    b"\0",
    b"\r\n",
    b"\n",
    b"{",
    b"}",
    b"{a}",
    b"{a...}",
    b"*",
    b"*.",
    b"[",
    b"]",
    b"\"",
    b"\"a\":1,\"a\":2",
    b"1e999",
    b"-0",
    b"\xff",
    b"\xc3\xa9",
    b"http://",
    b"https://",
    b"127.0.0.1",
    b"[::1]",
    b"0x7f.1",
    b"xn--",
    b".",
    b"65536",
    b"null",
    b"\\u0000",
];

/// A generator of no strength and no surprise (splitmix64).
pub struct Dice(u64);

impl Dice {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 where there is none.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % (end.max(1) as u64)).unwrap_or(0)
    }
}

/// One to eight changes of one of the seeds.
#[must_use]
pub fn mutant(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seeds.get(dice.below(seeds.len())).cloned().unwrap_or_default();
    for _ in 0..=dice.below(8) {
        change(&mut bytes, seeds, dice);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.below(bytes.len() + 1);
    let end = at + dice.below(bytes.len() - at + 1);
    match dice.below(7) {
        0 => {
            let bit = dice.below(8);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
        1 => {
            let value = dice.below(256);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = u8::try_from(value).unwrap_or(0);
            }
        }
        2 => drop(bytes.drain(at..end)),
        3 => {
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
        4 | 5 => {
            let piece = PIECES[dice.below(PIECES.len())];
            bytes.splice(at..at, piece.iter().copied());
        }
        _ => {
            if let Some(other) = seeds.get(dice.below(seeds.len())) {
                let from = dice.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
    bytes.truncate(64 << 10);
}
