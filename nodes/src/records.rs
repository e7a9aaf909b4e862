//! Records on disks: a checksum and a body as JSON, one a line.

use glomers_node::{Message, Payload};
use serde::de::DeserializeOwned;

/// The record of a body, with its line end.
pub fn encode(body: impl Message) -> Vec<u8> {
    let json = Payload::new(body).to_json().get().to_owned();
    format!("{:016x} {json}\n", checksum(json.as_bytes())).into_bytes()
}

/// The records at the beginning of a file, up to the first that is not whole; and
/// whether there is one. That was being written when the node was killed.
pub fn decode_all<M: Message + DeserializeOwned>(bytes: &[u8]) -> (Vec<M>, bool) {
    let mut records = Vec::new();
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let Some(record) = decode(&rest[..end]) else { break };
        records.push(record);
        rest = &rest[end + 1..];
    }
    (records, !rest.is_empty())
}

/// All records of a file that are whole, wherever they are. Before a record that
/// may follow a torn one there must be a line end.
pub fn decode_whole<M: Message + DeserializeOwned>(bytes: &[u8]) -> impl Iterator<Item = M> {
    bytes.split(|byte| *byte == b'\n').filter_map(decode)
}

fn decode<M: Message + DeserializeOwned>(line: &[u8]) -> Option<M> {
    let (sum, json) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    let is_whole = u64::from_str_radix(sum, 16) == Ok(checksum(json.as_bytes()));
    Payload::from_json(json).ok().filter(|_| is_whole)?.decode().ok()
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo).
fn checksum(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use glomers_node::protocol::rpc::echo::Echo;

    use super::*;

    #[test]
    fn what_was_cut_off_or_changed_is_not_read_nor_what_follows() {
        let texts = ["a", "b\n", "c"];
        let mut bytes: Vec<u8> =
            texts.into_iter().flat_map(|text| encode(Echo { echo: text.into() })).collect();
        let read = |bytes: &[u8]| {
            let (records, is_torn) = decode_all::<Echo>(bytes);
            (records.len(), is_torn)
        };
        assert_eq!(read(&bytes), (3, false));
        for length in 0..bytes.len() {
            let (count, is_torn) = read(&bytes[..length]);
            let whole: usize =
                texts[..count].iter().map(|text| encode(Echo { echo: (*text).into() }).len()).sum();
            assert_eq!(is_torn, whole < length);
        }
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        assert_eq!(read(&bytes), (1, true));
    }
}
