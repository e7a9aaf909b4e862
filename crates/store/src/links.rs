//! The links to the newest run: relative, so that a store can be moved.

use std::path::Path;

/// Makes `link` point to `target`, in one step. A file system without links is
/// no reason to fail: the links are a convenience. `false` if something else is
/// there, which is left alone.
#[cfg(unix)]
pub(crate) fn point(link: &Path, target: &Path) -> bool {
    use std::fs;
    use std::os::unix::fs::symlink;

    // Never replace what is no link: it would be somebody's file.
    if fs::symlink_metadata(link).is_ok_and(|found| !found.is_symlink()) {
        return false;
    }
    let (Some(folder), Some(name)) = (link.parent(), link.file_name()) else {
        return true;
    };
    // Two runs that begin at once must not share the temporary name.
    let temporary = folder.join(format!(".{}.{}", name.to_string_lossy(), std::process::id()));
    let _ = fs::remove_file(&temporary);
    if symlink(target, &temporary).is_ok() && fs::rename(&temporary, link).is_err() {
        let _ = fs::remove_file(&temporary);
    }
    true
}

/// Other systems ask for privileges before they make a link.
#[cfg(not(unix))]
pub(crate) fn point(_link: &Path, _target: &Path) -> bool {
    true
}

/// Removes `link` if it still points to `target`: a later run may have taken it.
pub(crate) fn remove(link: &Path, target: &Path) {
    if std::fs::read_link(link).is_ok_and(|found| found == target) {
        let _ = std::fs::remove_file(link);
    }
}
