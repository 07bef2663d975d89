//! One step, and its outcome in words.

use std::collections::BTreeMap;

use watchkeeper_sdk::{
    artifacts::{self, Check, Options},
    command, files,
    prelude::*,
    stream::Content,
};

/// What is done.
#[config]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    /// Runs a command to its end; its output is the outcome.
    Run {
        /// Which.
        command: String,
        /// What stands in its holes.
        #[serde(default)]
        holes: BTreeMap<String, String>,
    },
    /// Starts a command, reads none of its output, and goes on.
    Start {
        /// Which.
        command: String,
    },
    /// Reads the first bytes of a command's output, and stores the rest.
    HandOn {
        /// Which command.
        command: String,
        /// How many bytes are read, in pieces of 7.
        read: usize,
        /// What the rest is called.
        name: String,
        /// `none`, `tar`, `pg-custom` or `pg-plain`.
        #[serde(default)]
        check: String,
        /// Says that all is well, however the command ended.
        #[serde(default)]
        blindly: bool,
    },
    /// Stores what the plugin writes itself.
    Store {
        /// What it is called.
        name: String,
        /// The content, so often.
        text: String,
        /// How often.
        #[serde(default = "once")]
        times: u32,
        /// What goes wrong after it, if anything does.
        #[serde(default)]
        failure: String,
    },
    /// Gives an artifact to a command's standard input.
    Feed {
        /// Which.
        path: String,
        /// To which.
        command: String,
    },
    /// Stores a tree.
    Pack {
        /// Which.
        tree: String,
        /// A folder in it.
        #[serde(default)]
        folder: String,
        /// What it is called.
        name: String,
    },
    /// Lists a folder.
    List {
        /// Of which tree.
        tree: String,
        /// Which.
        folder: String,
    },
    /// Lists artifacts.
    Entries {
        /// Of what.
        prefix: String,
    },
    /// Reads an artifact; its first hundred bytes are the outcome.
    Get {
        /// Which.
        path: String,
    },
    /// Reads an artifact back.
    Verify {
        /// Which.
        path: String,
    },
    /// Marks an artifact as restored.
    Mark {
        /// Which.
        path: String,
    },
    /// Applies the policy.
    Retain {
        /// To what.
        name: String,
    },
}

const fn once() -> u32 {
    1
}

impl Step {
    pub(crate) async fn take(self) -> Result<String> {
        match self {
            Self::Run { command, holes } => {
                let holes: Vec<_> = holes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                Ok(text(&command::run(&command, &holes, None).await?.output().await?))
            }
            Self::Start { command } => {
                let process = command::run(&command, &[], None).await?;
                // Who forgets it keeps both of its ends open.
                std::mem::forget(process);
                Ok("started".into())
            }
            Self::HandOn { command, read, name, check, blindly } => {
                hand_on(&command, read, &name, &check, blindly).await
            }
            Self::Store { name, text, times, failure } => {
                let content = Content::written(async move |mut sink| {
                    for _ in 0..times {
                        sink.write(text.clone()).await?;
                    }
                    Ok(())
                });
                let complete = async { if failure.is_empty() { Ok(()) } else { Err(Error::failed(failure)) } };
                Ok(artifacts::put(&name, content, complete, Options::default()).await?.path)
            }
            Self::Feed { path, command } => {
                let stored = artifacts::get(&path).await?;
                let output = command::run(&command, &[], Some(stored.bytes)).await?.output().await?;
                stored.ended.await?;
                Ok(text(&output))
            }
            Self::Pack { tree, folder, name } => {
                let archive = files::pack(&tree, &folder).await?;
                let ended = archive.ended;
                let complete = async { ended.await.map(|_| ()).map_err(Into::into) };
                let options = Options { check: Check::Tar, ..Options::default() };
                Ok(artifacts::put(&name, archive.tar, complete, options).await?.path)
            }
            Self::List { tree, folder } => Ok(files::entries(&tree, &folder).await?.join(" ")),
            Self::Entries { prefix } => {
                let paths = artifacts::entries(&prefix, 100).await?.into_iter().map(|artifact| artifact.path);
                Ok(paths.collect::<Vec<_>>().join(" "))
            }
            Self::Get { path } => {
                let stored = artifacts::get(&path).await?;
                let begin = stored.bytes.read_to_end(100).await;
                stored.ended.await?;
                Ok(text(&begin))
            }
            Self::Verify { path } => {
                let reading = artifacts::verify(&path, 0, 1).await?;
                Ok(format!("{} bytes, verified: {}", reading.bytes, reading.verified))
            }
            Self::Mark { path } => artifacts::mark_restored(&path).await.map(|()| "marked".into()).map_err(Into::into),
            Self::Retain { name } => {
                let retention = artifacts::retain(&name).await?;
                Ok(format!("{} kept, {} deleted", retention.kept, retention.deleted.len()))
            }
        }
    }
}

async fn hand_on(command: &str, read: usize, name: &str, check: &str, blindly: bool) -> Result<String> {
    let (mut output, ended) = command::run(command, &[], None).await?.into_parts();
    let mut begin = Vec::new();
    while begin.len() < read {
        let piece = output.read((read - begin.len()).min(7)).await;
        if piece.is_empty() {
            break;
        }
        begin.extend(piece);
    }
    let complete = async {
        let ended = ended.await;
        if blindly { Ok(()) } else { Ok(ended?) }
    };
    let check = match check {
        "tar" => Check::Tar,
        "pg-custom" => Check::PgCustom,
        "pg-plain" => Check::PgPlain,
        _ => Check::None,
    };
    let artifact = artifacts::put(name, output, complete, Options { check, ..Options::default() }).await?;
    let first = begin.get(..begin.len().min(60)).unwrap_or_default();
    Ok(format!("{} read, beginning with {}: the rest in {}", begin.len(), text(first), artifact.path))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}
