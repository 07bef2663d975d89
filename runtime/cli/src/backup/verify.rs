//! `backup verify`: what is stored, read back and compared. One artifact that is damaged keeps no other from being looked at.

use futures_util::TryStreamExt;
use serde::Serialize;
use watchkeeper_artifact_store::{ArtifactPath, Damage, Mark, Part, Store, StoreError};

use super::{
    args::VerifyOptions,
    failure, open, print,
    progress::Meter,
    target::{self, Target},
    who,
};
use crate::{args::Format, failure::Failure};

#[derive(Serialize)]
struct Verified {
    path: String,
    /// Stored bytes that were read; none where something is wrong.
    bytes: Option<u64>,
    /// Whether all that is stored has been read by now.
    verified: bool,
    /// Whether the content was unpacked and compared too.
    content: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// What is wrong, and where that can be told: which bytes of which object.
#[derive(Serialize)]
struct Problem {
    text: String,
    object: Option<String>,
    from: Option<u64>,
    to: Option<u64>,
}

/// Verifies one artifact or several.
///
/// # Errors
/// 1 if anything is damaged or can't be read.
pub(super) async fn verify(options: &VerifyOptions) -> Result<(), Failure> {
    let content = options.content || !options.keys.identities.is_empty();
    let opened = match content {
        true => open::open_with_keys(&options.store, &options.keys)?,
        false => open::open(&options.store)?,
    };
    let paths = match &options.artifacts {
        Target::One(path) => vec![path.clone()],
        Target::Below(below) => {
            target::some(&opened.store, below).await?.into_iter().map(|listed| listed.path).collect()
        }
    };
    let reader = Reader { store: &opened.store, part: options.part, content };
    let mut all = Vec::new();
    for path in paths {
        let verified = reader.read(&path).await?;
        if options.format == Format::Text {
            tell(&verified, options.part)?;
        }
        all.push(verified);
    }
    if options.format == Format::Json {
        print::json(&all)?;
    }
    match all.iter().filter(|verified| verified.problem.is_some()).count() {
        0 => Ok(()),
        bad => Err(Failure::failed(format!("{bad} of {} not as stored", print::artifacts(all.len())))),
    }
}

struct Reader<'a> {
    store: &'a Store,
    part: Option<Part>,
    content: bool,
}

impl Reader<'_> {
    /// # Errors
    /// The store can't be used: then the other artifacts can't be read either.
    async fn read(&self, path: &ArtifactPath) -> Result<Verified, Failure> {
        let meter = Meter::begin(path.to_string());
        let read =
            if self.content { self.read_content(path, &meter).await } else { self.read_stored(path, &meter).await };
        drop(meter);
        let (bytes, verified, problem) = match read {
            Ok((bytes, verified)) => (Some(bytes), verified, None),
            Err(error @ (StoreError::Unavailable { .. } | StoreError::Denied { .. })) => return Err(failure(&error)),
            Err(error) => (None, false, Some(Problem::from(&error))),
        };
        Ok(Verified { path: path.to_string(), bytes, verified, content: self.content, problem })
    }

    async fn read_stored(&self, path: &ArtifactPath, meter: &Meter) -> Result<(u64, bool), StoreError> {
        let part = self.part.unwrap_or(Part::WHOLE);
        let reading = self.store.verify(path, part, &who("verify"), meter.progress()).await?;
        Ok((reading.bytes, reading.verified))
    }

    /// All stored bytes are read on the way to the content, so that nothing is read twice.
    async fn read_content(&self, path: &ArtifactPath, meter: &Meter) -> Result<(u64, bool), StoreError> {
        let manifest = self.store.manifest(path).await?;
        let stored = manifest.stored.size;
        let mut content = self.store.read(manifest, meter.progress());
        while content.try_next().await?.is_some() {}
        self.store.mark(path, Mark::Verified, &who("verify")).await?;
        Ok((stored, true))
    }
}

impl From<&StoreError> for Problem {
    fn from(error: &StoreError) -> Self {
        let text = print::plain_lines(&error.to_string());
        let (object, damage) = match error {
            StoreError::Corrupt { object, damage } => (Some(object.clone()), Some(damage)),
            _ => (None, None),
        };
        let (from, to) = match damage {
            Some(Damage::Bytes { from, to } | Damage::Missing { from, to } | Damage::Added { from, to }) => {
                (Some(*from), Some(*to))
            }
            _ => (None, None),
        };
        Self { text, object, from, to }
    }
}

fn tell(verified: &Verified, part: Option<Part>) -> Result<(), Failure> {
    let path = &verified.path;
    let Some(bytes) = verified.bytes else {
        if let Some(problem) = &verified.problem {
            eprintln!("error: {}", problem.text);
        }
        return print::say(&format!("{path}: NOT AS STORED\n"));
    };
    let what = match part {
        Some(part) => format!("part {} of {} is as stored", part.index() + 1, part.of()),
        None => "as stored".to_owned(),
    };
    let content = if verified.content { ", and its content as put in" } else { "" };
    let whole = match (part, verified.verified) {
        (None, _) => "",
        (Some(_), true) => "; all of it was read by now: verified",
        (Some(_), false) => "; other parts were not read yet",
    };
    print::say(&format!("{path}: {what}{content}, {} read{whole}\n", print::bytes(bytes)))
}
