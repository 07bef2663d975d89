//! `watchkeeper plugin build`: a plugin's project to a component, with cargo's own progress.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::Stdio,
};

use serde::Deserialize;
use wit_component::ComponentEncoder;

use super::toolchain::{TARGET, Toolchain};
use crate::{args::BuildOptions, failure::Failure};

/// Compiles and writes the component.
///
/// # Errors
/// There is no toolchain, the project doesn't compile, or it isn't a plugin.
pub(crate) fn build(options: &BuildOptions) -> Result<(), Failure> {
    let toolchain = Toolchain::find(&options.path)?;
    let module = compile(&toolchain, &options.path)?;
    let component = componentize(&module)?;
    let name = module.file_name().unwrap_or_default();
    let output = options.output.clone().unwrap_or_else(|| options.path.join(name));
    write(&output, &component)?;
    println!("{} ({} KiB)", output.display(), component.len() >> 10);
    Ok(())
}

/// Runs cargo, and finds the core module that it made.
fn compile(toolchain: &Toolchain, folder: &Path) -> Result<PathBuf, Failure> {
    if !folder.join("Cargo.toml").is_file() {
        let text = format!("{}: no Cargo.toml here\nhint: begin with `watchkeeper plugin new NAME`", folder.display());
        return Err(Failure::Usage(text));
    }
    let mut cargo = toolchain.cargo();
    cargo
        .args(["build", "--lib", "--release", "--target", TARGET, "--message-format=json-render-diagnostics"])
        .args(toolchain.arguments())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = cargo.spawn().map_err(|error| Failure::failed(format!("cargo: {error}")))?;
    let messages = child.stdout.take().map(BufReader::new);
    let modules = messages.into_iter().flat_map(BufRead::lines).map_while(Result::ok).filter_map(|line| module(&line));
    let module = modules.last();
    let status = child.wait().map_err(Failure::failed)?;
    match module {
        _ if !status.success() => Err(Failure::failed(format!("{}: the plugin does not compile", folder.display()))),
        Some(module) => Ok(module),
        None => Err(Failure::failed(format!(
            "{}: made no WebAssembly\nhint: add `crate-type = [\"cdylib\"]` under `[lib]`",
            folder.display()
        ))),
    }
}

/// One of cargo's messages.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

fn module(line: &str) -> Option<PathBuf> {
    let message: Message = serde_json::from_str(line).ok()?;
    message.filenames.into_iter().find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
}

fn componentize(module: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::failed(format!("{}: {error}\nhint: is `#[plugin]` on its run function?", module.display()))
    };
    let bytes = fs::read(module).map_err(|error| failed(&error))?;
    let mut encoder = ComponentEncoder::default();
    encoder.module(&bytes).map_err(|error| failed(&format!("{error:#}")))?;
    encoder.validate(true).encode().map_err(|error| failed(&format!("{error:#}")))
}

/// Written aside and renamed, so that a running host never sees half of it.
fn write(output: &Path, component: &[u8]) -> Result<(), Failure> {
    let aside = output.with_extension("wasm.new");
    let written = fs::write(&aside, component).and_then(|()| fs::rename(&aside, output));
    written.map_err(|error| Failure::failed(format!("{}: {error}", output.display())))
}
