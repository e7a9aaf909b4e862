//! The links to the newest run: relative, so that a store can be moved.

use std::path::Path;

/// Whether something is there that is no link: it is somebody's file, and is never
/// replaced.
pub(crate) fn is_taken(link: &Path) -> bool {
    std::fs::symlink_metadata(link).is_ok_and(|found| !found.is_symlink())
}

/// Makes `link` point to `target`, in one step, unless something else is there. A
/// file system without links is no reason to fail: the links are a convenience.
#[cfg(unix)]
pub(crate) fn point(link: &Path, target: &Path) {
    use std::fs;
    use std::os::unix::fs::symlink;

    if is_taken(link) {
        return;
    }
    let (Some(folder), Some(name)) = (link.parent(), link.file_name()) else { return };
    // Two runs that begin at once must not share the temporary name.
    let temporary = folder.join(format!(".{}.{}", name.to_string_lossy(), std::process::id()));
    let _ = fs::remove_file(&temporary);
    if symlink(target, &temporary).is_ok() && fs::rename(&temporary, link).is_err() {
        let _ = fs::remove_file(&temporary);
    }
}

/// Other systems ask for privileges before they make a link.
#[cfg(not(unix))]
pub(crate) fn point(_link: &Path, _target: &Path) {}

/// Removes `link` if it still points to `target`: a later run may have taken it.
pub(crate) fn remove(link: &Path, target: &Path) {
    if std::fs::read_link(link).is_ok_and(|found| found == target) {
        let _ = std::fs::remove_file(link);
    }
}
