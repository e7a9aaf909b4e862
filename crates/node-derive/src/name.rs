//! From the name of a struct to the type of a message.

/// `EchoOk` → `echo_ok`, `CASOk` → `cas_ok`, `Read2` → `read2`.
pub(crate) fn snake_case(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (index, &character) in characters.iter().enumerate() {
        if character.is_uppercase() && index > 0 {
            let before = characters[index - 1];
            let next_is_lower = characters.get(index + 1).is_some_and(|c| c.is_lowercase());
            if before.is_lowercase()
                || before.is_ascii_digit()
                || (before.is_uppercase() && next_is_lower)
            {
                out.push('_');
            }
        }
        out.extend(character.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn follows_the_usual_rule() {
        for (name, expected) in [
            ("Echo", "echo"),
            ("EchoOk", "echo_ok"),
            ("CASOk", "cas_ok"),
            ("ListCommittedOffsetsOk", "list_committed_offsets_ok"),
            ("Read2", "read2"),
            ("Phase2Accept", "phase2_accept"),
            ("Already_snake", "already_snake"),
        ] {
            assert_eq!(snake_case(name), expected);
        }
    }
}
