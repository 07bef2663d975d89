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
        let words = self.words(error);
        let named =
            matches!(error, object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. });
        // A refused list comes without a kind of its own.
        let denied = named || words.contains("status code: 403") || words.contains("status code: 401");
        let why = stores_own(&words).unwrap_or(words);
        if denied { StoreError::Denied { store: self.store.clone(), doing, why } } else { self.unavailable(doing, why) }
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

/// `Code: Message` of an answer in S3's XML.
fn stores_own(words: &str) -> Option<String> {
    let element = |name: &str| {
        let (_, after) = words.split_once(&format!("<{name}>"))?;
        Some(after.split_once('<').map_or(after, |(text, _)| text))
    };
    Some(format!("{}: {}", element("Code")?, element("Message")?))
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
    #[test]
    fn what_a_store_says_of_a_refusal_is_told_without_its_markup() {
        let faults = Faults::new("main", Vec::new());
        let answer = "Server returned non-2xx status code: 403 Forbidden: <?xml version=\"1.0\"?><Error><Code>\
                      SignatureDoesNotMatch</Code><Message>Check your key.</Message></Error>";
        let error = object_store::Error::Generic { store: "S3", source: answer.into() };
        let told = faults.explain("listing db".to_owned(), &error);
        assert!(matches!(told, StoreError::Denied { .. }));
        let text = told.to_string();
        assert!(text.contains("refused: SignatureDoesNotMatch: Check your key.\nhint: "), "{text}");
    }
}
