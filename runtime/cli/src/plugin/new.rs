//! `watchkeeper plugin new`: a project that builds as it is.

use std::{fs, path::Path};

use watchkeeper_model::PluginName;

use crate::{args::NewOptions, failure::Failure};

const CHECKOUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk/rust");
const SOURCE: &str = include_str!("../../../../plugins/minimal/src/lib.rs");

/// Makes the project.
///
/// # Errors
/// The name can't be a plugin's, or its folder is there already.
pub(crate) fn new(options: &NewOptions) -> Result<(), Failure> {
    let name = PluginName::new(&options.name)
        .map_err(|error| Failure::Usage(format!("{error}\nhint: such as `chain-head`")))?;
    let folder = Path::new(name.as_str());
    if folder.exists() {
        return Err(Failure::Usage(format!("{}: is there already\nhint: choose another name", folder.display())));
    }
    let sdk = sdk(options.sdk.as_deref())?;
    let files = [
        ("Cargo.toml", manifest(&name, &sdk)),
        ("src/lib.rs", SOURCE.to_owned()),
        (".gitignore", "/target\n*.wasm\n".to_owned()),
    ];
    fs::create_dir_all(folder.join("src")).map_err(Failure::failed)?;
    for (file, text) in files {
        fs::write(folder.join(file), text).map_err(Failure::failed)?;
    }
    println!("made {name}/\nnext: watchkeeper plugin build {name}");
    Ok(())
}

/// The SDK that was named, else the one of the checkout that this program was built in, else the published one.
fn sdk(named: Option<&Path>) -> Result<String, Failure> {
    let checkout = Some(Path::new(CHECKOUT)).filter(|checkout| checkout.is_dir());
    let Some(path) = named.or(checkout) else { return Ok(format!("\"{}\"", env!("CARGO_PKG_VERSION"))) };
    let path = fs::canonicalize(path)
        .map_err(|error| Failure::Usage(format!("--sdk: {}: {error}\nhint: name the SDK's folder", path.display())))?;
    Ok(format!("{{ path = {:?} }}", path.display().to_string()))
}

/// The manifest: small code, function names kept, since a trap is shown with them.
fn manifest(name: &PluginName, sdk: &str) -> String {
    format!(
        r#"[package]
name = "{name}"
version = "0.1.0"
edition = "2024"
publish = false

[lib]
crate-type = ["cdylib"]

[dependencies]
watchkeeper-sdk = {sdk}

[profile.release]
opt-level = "s"
lto = true
codegen-units = 1
panic = "abort"
strip = "debuginfo"

[workspace]
"#
    )
}
