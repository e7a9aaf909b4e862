//! From names in an address to files: never out of the folder of the stores.

use std::path::{Component, Path, PathBuf};

/// The folder of a run, if both names are plain and it is there.
pub(crate) fn run(root: &Path, workload: &str, run: &str) -> Option<PathBuf> {
    let found = within(root, &Path::new(workload).join(run))?;
    let is_plain = |name: &str| !name.is_empty() && !name.contains(['/', '\\', '\0']);
    (is_plain(workload) && is_plain(run) && found.is_dir()).then_some(found)
}

/// What is at a relative path below a folder. `None` if nothing is, if the path has
/// anything but names, or if a link leads out of the folder.
pub(crate) fn within(folder: &Path, relative: &Path) -> Option<PathBuf> {
    let has_only_names =
        relative.components().all(|component| matches!(component, Component::Normal(_)));
    if !has_only_names {
        return None;
    }
    let found = folder.join(relative).canonicalize().ok()?;
    found.starts_with(folder.canonicalize().ok()?).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out() {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("store");
        std::fs::create_dir_all(root.join("echo/1/node-logs")).unwrap();
        std::fs::write(outer.path().join("secret"), "x").unwrap();
        std::fs::write(root.join("echo/1/run.log"), "x").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(outer.path().join("secret"), root.join("echo/1/link")).unwrap();
        let folder = run(&root, "echo", "1").unwrap();
        assert!(within(&folder, Path::new("run.log")).is_some());
        for bad in ["../../../secret", "/etc/passwd", "link", "node-logs/../../../secret", "none"] {
            assert!(within(&folder, Path::new(bad)).is_none(), "{bad}");
        }
        for (workload, name) in
            [("..", "store"), (".", "echo"), ("echo", ".."), ("", "echo"), ("echo/1", "node-logs")]
        {
            assert!(run(&root, workload, name).is_none(), "{workload} {name}");
        }
    }
}
