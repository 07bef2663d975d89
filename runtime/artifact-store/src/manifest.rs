//! What an artifact says of itself: two lines of JSON, the second of which is the SHA-256 of the first. Read as what it is:
//! something that anybody may have written.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use watchkeeper_model::{Digest, JobName};

use crate::{ArtifactName, ArtifactPath, Check, Damage, StoreError};

/// Bytes of one block of what is stored; the last of an artifact is shorter.
pub const BLOCK: usize = 4 << 20;
/// The manifest's object.
pub(crate) const MANIFEST: &str = "manifest.json";
/// The most bytes of a manifest.
pub(crate) const MANIFEST_LIMIT: u64 = 64 << 20;
/// The most blocks that a manifest of [`MANIFEST_LIMIT`] bytes has room for, beside metadata: 3.8 TiB.
pub(crate) const MOST_BLOCKS: usize = 1_000_000;
pub(crate) const PLAIN_OBJECT: &str = "content.zst";
pub(crate) const ENCRYPTED_OBJECT: &str = "content.zst.age";

const FORMAT: &str = "watchkeeper-artifact";
const VERSION: u64 = 1;

/// What an artifact is, where its bytes are, and what they must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Which artifact.
    pub path: ArtifactPath,
    /// When it was begun, to the second.
    pub created: Timestamp,
    /// The run that made it, where one did.
    pub run: Option<String>,
    /// What was put in.
    pub content: Content,
    /// What lies in the store.
    pub stored: Stored,
    /// The digests of what lies in the store, block by block.
    pub blocks: Blocks,
    /// What who made it says of it.
    pub metadata: BTreeMap<String, String>,
}

/// What was put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Digest,
    /// The check that it passed.
    pub check: Check,
}

/// What lies in the store: one zstd stream, encrypted with age where there are recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Digest,
    /// The age recipients that it is encrypted to; none where it isn't encrypted.
    pub recipients: Vec<String>,
}

impl Stored {
    /// The name of its object.
    pub fn object(&self) -> &'static str {
        if self.recipients.is_empty() { PLAIN_OBJECT } else { ENCRYPTED_OBJECT }
    }
}

/// SHA-256 of each [`BLOCK`] bytes of what lies in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocks {
    /// In order.
    pub sha256: Vec<Digest>,
}

impl Manifest {
    /// The two lines as they are stored.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let line = Line {
            format: FORMAT.to_owned(),
            version: VERSION,
            job: self.path.job.to_string(),
            name: self.path.name.to_string(),
            id: self.path.id.to_string(),
            created: self.created,
            run: self.run.clone(),
            content: ContentLine {
                size: self.content.size,
                sha256: self.content.sha256.hex(),
                check: self.content.check.to_string(),
            },
            stored: StoredLine {
                object: self.stored.object().to_owned(),
                size: self.stored.size,
                sha256: self.stored.sha256.hex(),
                compression: "zstd".to_owned(),
                encryption: (!self.stored.recipients.is_empty()).then(|| "age".to_owned()),
                recipients: self.stored.recipients.clone(),
            },
            blocks: BlocksLine { size: BLOCK as u64, sha256: self.blocks.sha256.iter().map(Digest::hex).collect() },
            metadata: self.metadata.clone(),
        };
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        let seal = Seal { sha256: digest(&bytes).hex() };
        serde_json::to_writer(&mut bytes, &seal)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads what lies at `path`.
    pub(crate) fn parse(path: &ArtifactPath, bytes: &[u8]) -> Result<Self, StoreError> {
        let object = path.object(MANIFEST);
        let corrupt = |damage| StoreError::Corrupt { object: object.clone(), damage };
        let whole = Damage::Bytes { from: 0, to: (bytes.len() as u64).saturating_sub(1) };
        let line = sealed(bytes).ok_or_else(|| corrupt(whole))?;
        let unsupported = |why: String| StoreError::Unsupported { object: object.clone(), why };
        let head: Head = serde_json::from_slice(line).map_err(|_| unsupported("not a manifest".to_owned()))?;
        if head.format != FORMAT {
            return Err(unsupported("not an artifact's manifest".to_owned()));
        }
        if head.version != VERSION {
            return Err(unsupported(format!("version {} of the format isn't known, only {VERSION} is", head.version)));
        }
        let line: Line =
            serde_json::from_slice(line).map_err(|error| unsupported(format!("not a manifest: {error}")))?;
        let wrong = |what: &str| corrupt(Damage::Content(format!("its manifest makes no sense: {what}")));
        line.resolve(path).map_err(wrong)
    }
}

/// The first line, if the second is its digest and nothing follows.
fn sealed(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|byte| *byte == b'\n')? + 1;
    let (line, seal) = bytes.split_at_checked(end)?;
    let expected = format!("{{\"sha256\":\"{}\"}}\n", digest(line).hex());
    (seal == expected.as_bytes()).then_some(line)
}

pub(crate) fn digest(bytes: &[u8]) -> Digest {
    Digest::new(Sha256::digest(bytes).into())
}

#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct Line {
    format: String,
    version: u64,
    job: String,
    name: String,
    id: String,
    created: Timestamp,
    run: Option<String>,
    content: ContentLine,
    stored: StoredLine,
    blocks: BlocksLine,
    metadata: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct ContentLine {
    size: u64,
    sha256: String,
    check: String,
}

#[derive(Serialize, Deserialize)]
struct StoredLine {
    object: String,
    size: u64,
    sha256: String,
    compression: String,
    encryption: Option<String>,
    recipients: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct BlocksLine {
    size: u64,
    sha256: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Seal {
    sha256: String,
}

impl Line {
    fn resolve(self, path: &ArtifactPath) -> Result<Manifest, &'static str> {
        let named = JobName::new(&self.job).is_ok_and(|job| job == path.job)
            && ArtifactName::new(&self.name).is_ok_and(|name| name == path.name)
            && self.id == path.id.as_str();
        if !named || self.created != path.created() {
            return Err("it is that of another artifact");
        }
        let hex = |text: &str| {
            format!("sha256:{text}").parse::<Digest>().map_err(|_| "a SHA-256 isn't 64 hexadecimal digits")
        };
        let stored =
            Stored { size: self.stored.size, sha256: hex(&self.stored.sha256)?, recipients: self.stored.recipients };
        let encryption = if stored.recipients.is_empty() { None } else { Some("age") };
        if self.stored.compression != "zstd"
            || self.stored.encryption.as_deref() != encryption
            || self.stored.object != stored.object()
        {
            return Err("object, compression, encryption and recipients don't fit together");
        }
        let blocks = Blocks { sha256: self.blocks.sha256.iter().map(|text| hex(text)).collect::<Result<_, _>>()? };
        if self.blocks.size != BLOCK as u64 || blocks.sha256.len() as u64 != stored.size.div_ceil(BLOCK as u64) {
            return Err("the blocks don't make up the size");
        }
        Ok(Manifest {
            path: path.clone(),
            created: self.created,
            run: self.run,
            content: Content {
                size: self.content.size,
                sha256: hex(&self.content.sha256)?,
                check: self.content.check.parse().map_err(|_| "its check isn't known")?,
            },
            stored,
            blocks,
            metadata: self.metadata,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> ArtifactPath {
        "db/main/20260131T020000Z-0a1b2c3d".parse().unwrap()
    }

    fn manifest(recipients: Vec<String>) -> Manifest {
        let stored = Stored { size: 11, sha256: digest(b"stored byte"), recipients };
        Manifest {
            created: path().created(),
            path: path(),
            run: None,
            content: Content { size: 7, sha256: digest(b"content"), check: Check::PgCustom },
            blocks: Blocks { sha256: vec![stored.sha256] },
            stored,
            metadata: BTreeMap::from([("database".to_owned(), "payments".to_owned())]),
        }
    }

    /// A manifest whose first line is this, sealed as it should be.
    fn seal(line: &str) -> Vec<u8> {
        let line = format!("{line}\n");
        format!("{line}{{\"sha256\":\"{}\"}}\n", digest(line.as_bytes()).hex()).into_bytes()
    }

    #[test]
    fn the_format_is_as_documented_byte_by_byte() {
        let bytes = manifest(vec!["age1x".to_owned()]).to_bytes().unwrap();
        let content = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73";
        let stored = digest(b"stored byte").hex();
        let line = [
            r#"{"format":"watchkeeper-artifact","version":1,"job":"db","name":"main","id":"20260131T020000Z-0a1b2c3d","#,
            r#""created":"2026-01-31T02:00:00Z","run":null,"#,
            &format!(r#""content":{{"size":7,"sha256":"{content}","check":"pg-custom"}},"#),
            &format!(r#""stored":{{"object":"content.zst.age","size":11,"sha256":"{stored}","compression":"zstd","#),
            r#""encryption":"age","recipients":["age1x"]},"#,
            &format!(r#""blocks":{{"size":4194304,"sha256":["{stored}"]}},"#),
            r#""metadata":{"database":"payments"}}"#,
        ];
        assert_eq!(String::from_utf8(bytes).unwrap(), String::from_utf8(seal(&line.concat())).unwrap());
    }

    #[test]
    fn a_manifest_reads_as_it_is_written() {
        for recipients in [vec![], vec!["age1x".to_owned(), "age1y".to_owned()]] {
            let manifest = manifest(recipients);
            assert_eq!(Manifest::parse(&path(), &manifest.to_bytes().unwrap()).unwrap(), manifest);
        }
    }

    #[test]
    fn a_later_version_is_refused_and_says_what_to_do() {
        let error = Manifest::parse(&path(), &seal(r#"{"format":"watchkeeper-artifact","version":2}"#)).unwrap_err();
        let text = "db/main/20260131T020000Z-0a1b2c3d/manifest.json: version 2 of the format isn't known, only 1 is\n\
                    hint: restore it with the version of Watchkeeper that wrote it, or a later one";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let good = String::from_utf8(manifest(Vec::new()).to_bytes().unwrap()).unwrap();
        let line = good.lines().next().unwrap();
        assert!(Manifest::parse(&path(), &seal(line)).is_ok());
        for (part, forged) in [
            (r#""job":"db""#, r#""job":"other""#),
            ("2026-01-31T02:00:00Z", "2026-01-31T02:00:01Z"),
            (r#""size":11"#, r#""size":4194305"#),
            (r#""size":4194304"#, r#""size":1"#),
            (r#""object":"content.zst""#, r#""object":"../secret""#),
            (r#""encryption":null"#, r#""encryption":"age""#),
            (r#""compression":"zstd""#, r#""compression":"none""#),
            (r#""check":"pg-custom""#, r#""check":"unheard-of""#),
            (r#""size":7"#, r#""size":-7"#),
        ] {
            assert!(line.contains(part), "{part}");
            assert!(Manifest::parse(&path(), &seal(&line.replacen(part, forged, 1))).is_err(), "{forged}");
        }
    }
}
