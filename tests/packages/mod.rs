//! Programs for Python and Node that tests run, each from a package of its own below tests/, with
//! exactly the libraries that its lock file names.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a test fails by panicking; each test binary uses a part"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};

/// A program of a Python package, in a virtual environment of its own.
pub(crate) fn python(name: &str, program: &str) -> Command {
    let mut command = script(name, "python");
    command.arg(package(name).0.join(program));
    command
}

/// A program that the libraries of a Python package come with.
pub(crate) fn script(name: &str, program: &str) -> Command {
    let (package, place) = package(name);
    let interpreter = place.join("bin/python");
    install_once(&package.join("requirements.txt"), &place, |requirements| {
        run(Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&place));
        run(Command::new(&interpreter)
            .args(["-m", "pip", "install", "-q", "-r"])
            .arg(requirements));
    });
    Command::new(place.join("bin").join(program))
}

/// A program of a Node package; it runs beside its `node_modules`, where Node looks for them.
pub(crate) fn node(name: &str, program: &str) -> Command {
    let (package, place) = package(name);
    install_once(&package.join("package-lock.json"), &place, |lock| {
        fs::create_dir_all(&place).unwrap();
        fs::copy(package.join("package.json"), place.join("package.json")).unwrap();
        fs::copy(lock, place.join("package-lock.json")).unwrap();
        let ci = [
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--silent",
        ];
        run(Command::new("npm").args(ci).current_dir(&place));
    });
    fs::copy(package.join(program), place.join(program)).unwrap();
    let mut command = Command::new("node");
    command.arg(place.join(program));
    command
}

/// The folder of a package, and the one below target/ where it may install things.
pub(crate) fn package(name: &str) -> (PathBuf, PathBuf) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let installed = Path::new(env!("CARGO_TARGET_TMPDIR"));
    (tests.join(name), installed.join(name))
}

/// Runs `install` unless it has succeeded for the same `lock` before. One at a time: tests share
/// what is installed.
fn install_once(lock: &Path, place: &Path, install: impl FnOnce(&Path)) {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _alone = INSTALLING.lock().unwrap();
    let mark = place.join("installed");
    let wanted = fs::read(lock).unwrap();
    if fs::read(&mark).ok().as_ref() != Some(&wanted) {
        install(lock);
        fs::write(mark, wanted).unwrap();
    }
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| {
        panic!("{command:?}: {error}. `make test` installs what the tests need.")
    });
    assert!(
        status.success(),
        "{command:?}: {status}. `make test` installs what the tests need."
    );
}
