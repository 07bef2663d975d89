//! What a store answers, in words: one line, bounded, without any secret of the store's options.

use watchkeeper_config::Secret;

use crate::StoreError;

/// The most characters of a store's own words.
const WORDS: usize = 400;

pub(super) struct Faults {
    store: String,
    secrets: Vec<Secret>,
}

impl Faults {
    /// `secrets` never show.
    pub(super) fn new(store: &str, secrets: Vec<Secret>) -> Self {
        Self { store: store.to_owned(), secrets }
    }

    pub(super) fn store(&self) -> &str {
        &self.store
    }

    pub(super) fn explain(&self, doing: String, error: &object_store::Error) -> StoreError {
        let why = self.words(error);
        match error {
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                StoreError::Denied { store: self.store.clone(), doing, why }
            }
            _ => self.unavailable(doing, why),
        }
    }

    pub(super) fn unavailable(&self, doing: String, why: String) -> StoreError {
        StoreError::Unavailable { store: self.store.clone(), doing, why }
    }

    /// An error and its causes, each said once.
    pub(super) fn words(&self, error: &dyn std::error::Error) -> String {
        let mut words = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            let text = next.to_string();
            if !words.contains(&text) {
                words = format!("{words}: {text}");
            }
            cause = next.source();
        }
        for secret in &self.secrets {
            words = words.replace(secret.expose(), "[redacted]");
        }
        let line: String = words.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().filter(|c| !c.is_control()).take(WORDS).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_of_the_options_never_shows() {
        let faults = Faults::new("main", vec![Secret::new("hunter2hunter2")]);
        let error =
            object_store::Error::Generic { store: "S3", source: "bad key hunter2hunter2\n\x1b[31m<Error>".into() };
        let told = faults.explain("writing x".to_owned(), &error).to_string();
        assert_eq!(told, "artifact store main: writing x: Generic S3 error: bad key [redacted] [31m<Error>");
    }
}
