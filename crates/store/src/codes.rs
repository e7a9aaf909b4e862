//! The codes of the sequences of a zstd block, by RFC 8878: which code a length or offset
//! has, and the finite-state entropy code of predefined distributions.

/// A number as a code and the bits that it leaves open.
pub(crate) struct Coded {
    pub(crate) code: u8,
    pub(crate) extra: u32,
    pub(crate) bits: u8,
}

/// The first number of each code from one on, and how many bits the code leaves open.
type Bases<const N: usize> = [(u32, u8); N];

const LITERALS: Bases<20> = [
    (16, 1),
    (18, 1),
    (20, 1),
    (22, 1),
    (24, 2),
    (28, 2),
    (32, 3),
    (40, 3),
    (48, 4),
    (64, 6),
    (128, 7),
    (256, 8),
    (512, 9),
    (1024, 10),
    (2048, 11),
    (4096, 12),
    (8192, 13),
    (16384, 14),
    (32768, 15),
    (65536, 16),
];

const MATCHES: Bases<21> = [
    (35, 1),
    (37, 1),
    (39, 1),
    (41, 1),
    (43, 2),
    (47, 2),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 5),
    (131, 7),
    (259, 8),
    (515, 9),
    (1027, 10),
    (2051, 11),
    (4099, 12),
    (8195, 13),
    (16387, 14),
    (32771, 15),
    (65539, 16),
];

/// Numbers below the first base are their own codes, less `least`.
fn coded<const N: usize>(number: u32, least: u32, bases: &Bases<N>) -> Coded {
    let above = bases.partition_point(|&(base, _)| base <= number);
    if above == 0 {
        return Coded { code: (number - least) as u8, extra: 0, bits: 0 };
    }
    let (base, bits) = bases[above - 1];
    let code = (bases[0].0 - least) as usize + above - 1;
    Coded { code: code as u8, extra: number - base, bits }
}

/// How many literals come before a match: up to 128 KiB.
pub(crate) fn literal_length(length: u32) -> Coded {
    coded(length, 0, &LITERALS)
}

/// How long a match is: 3 bytes to 128 KiB.
pub(crate) fn match_length(length: u32) -> Coded {
    coded(length, 3, &MATCHES)
}

/// How far back a match stands. The three numbers below are for offsets that come again.
pub(crate) fn offset(distance: u32) -> Coded {
    let value = distance + 3;
    let code = value.ilog2() as u8;
    Coded { code, extra: value - (1 << code), bits: code }
}

/// Appends bits to bytes, those of one number after those of the one before.
pub(crate) struct Bits<'a> {
    out: &'a mut Vec<u8>,
    word: u64,
    count: u32,
}

impl Bits<'_> {
    pub(crate) fn new(out: &mut Vec<u8>) -> Bits<'_> {
        Bits { out, word: 0, count: 0 }
    }

    /// At most 32 bits.
    pub(crate) fn add(&mut self, number: u32, bits: u8) {
        self.word |= u64::from(number) << self.count;
        self.count += u32::from(bits);
        if self.count >= 32 {
            self.out.extend_from_slice(&(self.word as u32).to_le_bytes());
            self.word >>= 32;
            self.count -= 32;
        }
    }

    /// A bit that says where the others end.
    pub(crate) fn finish(mut self) {
        self.add(1, 1);
        let bytes = self.count.div_ceil(8) as usize;
        self.out.extend_from_slice(&self.word.to_le_bytes()[..bytes]);
    }
}

/// What encoding a symbol needs: how many bits a state gives away, and what becomes of it.
#[derive(Clone, Copy)]
struct Symbol {
    bits: u32,
    place: i32,
}

/// A finite-state entropy code.
pub(crate) struct Code {
    log: u8,
    states: Vec<u16>,
    symbols: Vec<Symbol>,
}

impl Code {
    /// The predefined code of literal lengths.
    pub(crate) fn literals() -> Code {
        Code::of(
            6,
            &[
                4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1,
                1, 1, 1, 1, -1, -1, -1, -1,
            ],
        )
    }

    /// The predefined code of offsets.
    pub(crate) fn offsets() -> Code {
        Code::of(
            5,
            &[
                1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1,
                -1, -1,
            ],
        )
    }

    /// The predefined code of match lengths.
    pub(crate) fn matches() -> Code {
        Code::of(
            6,
            &[
                1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
            ],
        )
    }

    /// The code of a distribution over `1 << log` states; -1 is less than one.
    fn of(log: u8, distribution: &[i8]) -> Code {
        let size = 1usize << log;
        // Which symbol each state is of. The rare ones have the last states.
        let mut owner = vec![0usize; size];
        let mut free = size;
        for (symbol, _) in distribution.iter().enumerate().filter(|(_, share)| **share < 0) {
            free -= 1;
            owner[free] = symbol;
        }
        let step = (size >> 1) + (size >> 3) + 3;
        let mut at = 0;
        for (symbol, &share) in distribution.iter().enumerate() {
            for _ in 0..share.max(0) {
                owner[at] = symbol;
                at = (at + step) % size;
                while at >= free {
                    at = (at + step) % size;
                }
            }
        }
        let share = |symbol: usize| distribution[symbol].unsigned_abs() as usize;
        let mut first = Vec::new();
        let mut total = 0;
        for symbol in 0..distribution.len() {
            first.push(total);
            total += share(symbol);
        }
        let mut next = first.clone();
        let mut states = vec![0; size];
        for (state, &symbol) in owner.iter().enumerate() {
            states[next[symbol]] = (size + state) as u16;
            next[symbol] += 1;
        }
        let symbols = (0..distribution.len()).map(|symbol| {
            let share = share(symbol) as u32;
            // A state of this many bits or one less, by how high it is.
            let most =
                if share == 1 { u32::from(log) } else { u32::from(log) - (share - 1).ilog2() };
            Symbol {
                bits: (most << 16) - (share << most),
                place: first[symbol] as i32 - share as i32,
            }
        });
        Code { log, symbols: symbols.collect(), states }
    }

    /// The state for the symbol that is decoded last.
    pub(crate) fn first(&self, symbol: u8) -> u32 {
        let Symbol { bits, place } = self.symbols[usize::from(symbol)];
        let count = (bits + (1 << 15)) >> 16;
        let state = (count << 16) - bits;
        u32::from(self.states[((state >> count) as i32 + place) as usize])
    }

    /// The state for a symbol that is decoded before those that led to `state`.
    pub(crate) fn next(&self, state: u32, symbol: u8, out: &mut Bits<'_>) -> u32 {
        let Symbol { bits, place } = self.symbols[usize::from(symbol)];
        let count = (state + bits) >> 16;
        out.add(state & ((1 << count) - 1), count as u8);
        u32::from(self.states[((state >> count) as i32 + place) as usize])
    }

    /// Writes the state that decoding begins with.
    pub(crate) fn last(&self, state: u32, out: &mut Bits<'_>) {
        out.add(state & ((1 << self.log) - 1), self.log);
    }
}
