//! Compiles what the program carries inside itself, so that `cargo build` needs no Meson:
//! every Blueprint beside its `.rs`, the style sheet, the icons, and the settings schema.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const PREFIX: &str = "/im/starling/Starling";

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let data = here.join("../../data");

    let blueprints = compile_blueprints(&here, &out.join("ui"));
    compile_resources(&blueprints, &data, &out);
    compile_schema(&data, &out.join("schemas"));
}

/// Compiles every `.blp` under the crate; returns their paths relative to it.
fn compile_blueprints(here: &Path, target: &Path) -> Vec<PathBuf> {
    let mut blueprints = Vec::new();
    collect(here, here, "blp", &mut blueprints);
    for blueprint in &blueprints {
        println!("cargo::rerun-if-changed={}", here.join(blueprint).display());
    }
    // A folder's time changes when a blueprint is added to it or taken away.
    watch_folders(here);

    // Leftovers of deleted blueprints would stay in the resource otherwise.
    let _ = fs::remove_dir_all(target);
    fs::create_dir_all(target).expect("the build folder can be written");
    run(Command::new("blueprint-compiler")
        .arg("batch-compile")
        .arg(target)
        .arg(here)
        .args(blueprints.iter().map(|blueprint| here.join(blueprint))));
    blueprints
}

/// Lists everything in a resource file and compiles it. Templates are found by file name alone.
fn compile_resources(blueprints: &[PathBuf], data: &Path, out: &Path) {
    let mut files = String::new();
    for blueprint in blueprints {
        let ui = blueprint.with_extension("ui");
        let name = ui.file_name().expect("a blueprint has a name").to_string_lossy().into_owned();
        let _ = writeln!(
            files,
            "    <file compressed=\"true\" preprocess=\"xml-stripblanks\" alias=\"ui/{name}\">ui/{}</file>",
            ui.display()
        );
    }
    let mut extras = Vec::new();
    collect(data, data, "css", &mut extras);
    collect(data, &data.join("icons"), "svg", &mut extras);
    for extra in &extras {
        println!("cargo::rerun-if-changed={}", data.join(extra).display());
        // icons/hicolor/scalable/apps/x.svg → icons/scalable/apps/x.svg, where GtkApplication looks.
        let alias = extra.to_string_lossy().replacen("hicolor/", "", 1);
        let _ = writeln!(files, "    <file compressed=\"true\" alias=\"{alias}\">{}</file>", extra.display());
    }
    watch_folders(&data.join("icons"));

    let list = out.join("starling.gresource.xml");
    let xml =
        format!("<gresources>\n  <gresource prefix=\"{PREFIX}\">\n{files}  </gresource>\n</gresources>\n");
    fs::write(&list, xml).expect("the build folder can be written");
    glib_build_tools::compile_resources(&[out, data], &list.to_string_lossy(), "starling.gresource");
}

/// The compiled schema is carried in the program, for when none is installed.
fn compile_schema(data: &Path, target: &Path) {
    println!("cargo::rerun-if-changed={}", data.join("im.starling.Starling.gschema.xml").display());
    fs::create_dir_all(target).expect("the build folder can be written");
    run(Command::new("glib-compile-schemas").arg("--strict").arg("--targetdir").arg(target).arg(data));
}

fn collect(root: &Path, folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(root, &path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path.strip_prefix(root).expect("it lies under its root").to_owned());
        }
    }
}

fn watch_folders(folder: &Path) {
    println!("cargo::rerun-if-changed={}", folder.display());
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
        watch_folders(&path);
    }
}

fn run(command: &mut Command) {
    let name = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => {}
        Ok(status) => panic!("{name} failed: {status}"),
        Err(error) => panic!("{name} is needed to build Starling and could not be run: {error}"),
    }
}
