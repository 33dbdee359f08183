//! Where results go: standard output, or a file that becomes visible whole or not at all.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::failure::Failure;
use crate::formats::Sink;
use crate::screen;
use crate::text::{TerminalGuard, visible};

/// The rights of a new file before the user's umask takes some away.
const NEW_FILE_MODE: u32 = 0o666;

/// Where results go.
pub enum Destination {
    /// Standard output, a device or a named pipe: bytes leave as they come.
    Stream {
        file: File,
        is_terminal: bool,
        name: String,
    },
    /// A file: bytes go into a file beside it, which takes its name at the end. Dropping this leaves `path` as it was.
    File { path: PathBuf, beside: NamedTempFile },
}

/// Writes to standard output what is no result of a statement.
///
/// # Errors
/// Nobody reads any more, or it cannot be written to.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
        _ => Failure::Output(format!("cannot write to standard output: {error}")),
    })
}

impl Destination {
    /// Standard output.
    pub fn standard_output(is_terminal: bool) -> io::Result<Self> {
        // Our own handle, since the standard library's holds text back until a line ends, which costs a second write.
        let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        Ok(Self::Stream {
            file,
            is_terminal,
            name: "standard output".to_owned(),
        })
    }

    /// The file at `path`. A link is followed, and what is no regular file (`/dev/null`, a named pipe) is written
    /// directly.
    ///
    /// # Errors
    /// The directory does not exist or must not be written.
    pub fn file(path: &Path) -> io::Result<Self> {
        let existing = match fs::metadata(path) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if existing.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if existing.as_ref().is_some_and(|metadata| !metadata.is_file()) {
            let file = File::options().write(true).open(path)?;
            return Ok(Self::Stream {
                is_terminal: file.is_terminal(),
                file,
                name: path.display().to_string(),
            });
        }
        let path = if existing.is_some() {
            path.canonicalize()?
        } else {
            path.to_owned()
        };
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // Without this, a directory that is missing would be told with the name of the unfinished file.
        fs::metadata(directory)?;
        // A leading dot keeps the unfinished file out of tables made of the directory's files.
        let beside = Builder::new()
            .prefix(&format!(".{}.", name.display()))
            .suffix(".unfinished")
            .permissions(fs::Permissions::from_mode(NEW_FILE_MODE))
            .tempfile_in(directory)?;
        if let Some(existing) = existing {
            beside.as_file().set_permissions(existing.permissions())?;
        }
        Ok(Self::File { path, beside })
    }

    /// Whether the file at `path` could be written now. Leaves everything as it is.
    ///
    /// # Errors
    /// Those of [`Self::file`].
    pub fn check(path: &Path) -> io::Result<()> {
        // To open a named pipe would wait for its reader.
        let is_stream = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
        if is_stream { Ok(()) } else { Self::file(path).map(drop) }
    }

    /// A new handle for the bytes of a result. Only one may be written at a time.
    pub fn sink(&self) -> io::Result<Sink> {
        Ok(match self {
            Self::Stream {
                file,
                is_terminal: true,
                ..
            } => Box::new(TerminalGuard::new(file.try_clone()?)),
            Self::Stream { file, .. } => Box::new(file.try_clone()?),
            Self::File { beside, .. } => Box::new(beside.as_file().try_clone()?),
        })
    }

    /// Makes what was written visible under its name; after this it survives a power cut.
    pub fn publish(self) -> io::Result<()> {
        match self {
            Self::Stream { mut file, .. } => file.flush(),
            Self::File { path, beside } => {
                beside.as_file().sync_all()?;
                beside.persist(path).map_err(|error| error.error)?;
                Ok(())
            }
        }
    }

    /// Whether the bytes become a file that others read at random.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File { .. })
    }

    /// The columns of the terminal, if it is one and says so.
    pub fn terminal_columns(&self) -> Option<usize> {
        match self {
            Self::Stream {
                file,
                is_terminal: true,
                ..
            } => screen::columns(file),
            _ => None,
        }
    }

    /// What messages call it.
    pub fn name(&self) -> String {
        match self {
            Self::Stream { name, .. } => visible(name).into_owned(),
            Self::File { path, .. } => visible(&path.display().to_string()).into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn write(destination: &Destination, text: &str) {
        destination.sink().unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_whole_and_only_when_published() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.csv");
        let destination = Destination::file(&path).unwrap();
        write(&destination, "a\n");
        assert!(!path.exists());
        write(&destination, "1\n");
        destination.publish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a\n1\n");
        assert_eq!(names(directory.path()), ["x.csv"]);
    }

    #[test]
    fn what_is_not_published_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.csv");
        fs::write(&path, "old").unwrap();
        let destination = Destination::file(&path).unwrap();
        write(&destination, "new");
        drop(destination);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(directory.path()), ["x.csv"]);
    }

    #[test]
    fn a_replaced_file_keeps_its_rights_and_a_link_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("x.csv"), directory.path().join("link"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        let destination = Destination::file(&link).unwrap();
        write(&destination, "new");
        destination.publish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_device_is_written_directly_and_a_directory_is_refused() {
        assert!(!Destination::file(Path::new("/dev/null")).unwrap().is_file());
        assert!(Destination::file(Path::new("/")).is_err());
        assert!(Destination::file(Path::new("/nowhere/at/all.csv")).is_err());
        assert!(Destination::check(Path::new("/dev/null")).is_ok());
        assert!(Destination::check(Path::new("/")).is_err());
    }
}
