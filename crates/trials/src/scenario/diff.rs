//! Two texts, line by line.

/// How many equal lines are shown around a difference.
const AROUND: usize = 3;

/// What changes `before` into `after`: lines with `-` and `+`, and some equal
/// ones around them; `None` if nothing does.
pub(super) fn difference(before: &str, after: &str) -> Option<String> {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    if a == b {
        return None;
    }
    let script = script(&a, &b);
    let is_shown = |at: usize| {
        let around = at.saturating_sub(AROUND)..(at + AROUND + 1).min(script.len());
        script[around].iter().any(|(sign, _, _)| *sign != ' ')
    };
    let mut text = String::new();
    let mut gap = true;
    for (at, (sign, number, line)) in script.iter().enumerate() {
        if !is_shown(at) {
            gap = true;
            continue;
        }
        if std::mem::take(&mut gap) {
            text += &format!("@@ line {number} @@\n");
        }
        text += format!("{sign}{line}").trim_end();
        text.push('\n');
    }
    Some(text)
}

/// The shortest edit by the longest common subsequence: sign, line number in the
/// first text, line.
fn script<'a>(a: &[&'a str], b: &[&'a str]) -> Vec<(char, usize, &'a str)> {
    let mut common = vec![vec![0u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] = if a[i] == b[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut script = Vec::new();
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            script.push((' ', i + 1, a[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || common[i + 1][j] >= common[i][j + 1]) {
            script.push(('-', i + 1, a[i]));
            i += 1;
        } else {
            script.push(('+', i + 1, b[j]));
            j += 1;
        }
    }
    script
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn shows_what_changed_and_a_little_around() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        let before = "1\n2\n3\n4\n5\nold\n7\n";
        let after = "1\n2\n3\n4\n5\nnew\n7\n8\n";
        assert_eq!(
            difference(before, after).unwrap(),
            "@@ line 3 @@\n 3\n 4\n 5\n-old\n+new\n 7\n+8\n"
        );
    }
}
