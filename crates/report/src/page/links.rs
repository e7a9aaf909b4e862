//! Evidence in words, with links to what the words name.

/// A part of a text, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    /// A fragment of the page, without `#`.
    pub(super) to: Option<String>,
}

/// Cuts a line into pieces. `op 29` leads to the operation, if there are that many;
/// `message 203` to the message, if `message` knows it. `values`: numbers
/// that the line is about are values, and lead to what is told of these.
pub(super) fn pieces(
    line: &str,
    operations: usize,
    values: bool,
    message: impl Fn(u64) -> bool,
) -> Vec<Piece> {
    let mut links: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    links.extend(
        numbered(line, "op ")
            .filter(|(_, number)| *number < operations as u64)
            .map(|(range, number)| (range, format!("op-{number}"))),
    );
    links.extend(
        numbered(line, "message ")
            .filter(|(_, id)| message(*id))
            .map(|(range, id)| (range, format!("message-{id}"))),
    );
    if values {
        links.extend(value_links(line));
    }
    links.sort_by_key(|(range, _)| range.start);
    let mut pieces = Vec::new();
    let mut done = 0;
    let plain = |text: &str| Piece { text: text.to_owned(), to: None };
    for (range, to) in links {
        if range.start < done {
            continue;
        }
        if range.start > done {
            pieces.push(plain(&line[done..range.start]));
        }
        done = range.end;
        pieces.push(Piece { text: line[range].to_owned(), to: Some(to) });
    }
    if done < line.len() {
        pieces.push(plain(&line[done..]));
    }
    pieces
}

/// Where a word stands with a number after it.
fn numbered<'a>(
    line: &'a str,
    word: &'a str,
) -> impl Iterator<Item = (std::ops::Range<usize>, u64)> + 'a {
    line.match_indices(word).filter_map(move |(at, _)| {
        let is_word = !line[..at].ends_with(|c: char| c.is_alphanumeric());
        let digits = &line[at + word.len()..];
        let length = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let number = digits[..length].parse().ok().filter(|_| is_word)?;
        Some((at..at + word.len() + length, number))
    })
}

/// The values of a set that a line is about: the number at its beginning, and the lists
/// of those that are lacking.
fn value_links(line: &str) -> Vec<(std::ops::Range<usize>, String)> {
    let mut links = Vec::new();
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let length = digits(line);
    if length > 0 && [" was ", " is "].iter().any(|verb| line[length..].starts_with(verb)) {
        links.push((0..length, format!("value-{}", &line[..length])));
    }
    for lead in ["values: ", "value: ", "the same of ", "brought "] {
        let Some(found) = line.find(lead) else { continue };
        let mut at = found + lead.len();
        loop {
            let length = digits(&line[at..]);
            if length == 0 {
                break;
            }
            links.push((at..at + length, format!("value-{}", &line[at..at + length])));
            at += length;
            match line[at..].starts_with(", ") {
                true => at += 2,
                false => break,
            }
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<(String, Option<String>)> {
        let message = |id| id == 203;
        pieces(line, 100, true, message).into_iter().map(|piece| (piece.text, piece.to)).collect()
    }

    #[test]
    fn operations_and_messages_are_links() {
        let link = |text: &str, to: &str| (text.to_owned(), Some(to.to_owned()));
        let plain = |text: &str| (text.to_owned(), None);
        assert_eq!(
            texts("op 12, which began as op 9"),
            [link("op 12", "op-12"), plain(", which began as "), link("op 9", "op-9")]
        );
        assert_eq!(
            texts("the message that should have brought 4 to n1 was cut (message 203, n2 → n1)"),
            [
                plain("the message that should have brought "),
                link("4", "value-4"),
                plain(" to n1 was cut ("),
                link("message 203", "message-203"),
                plain(", n2 → n1)")
            ]
        );
        assert_eq!(texts("4 was known")[0], link("4", "value-4"));
        assert_eq!(
            texts("lacks 9 values: 4, 12 and 28 more"),
            [
                plain("lacks 9 values: "),
                link("4", "value-4"),
                plain(", "),
                link("12", "value-12"),
                plain(" and 28 more")
            ]
        );
    }

    #[test]
    fn what_is_not_there_is_no_link() {
        for line in ["", "op 100", "stop 3", "op x", "a → b", "message 204", "message that"] {
            assert!(texts(line).iter().all(|(_, to)| to.is_none()), "{line}");
        }
    }
}
