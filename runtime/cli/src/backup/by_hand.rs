//! How an artifact is checked and restored with the usual tools alone, as lines for a shell.

use url::Url;
use watchkeeper_artifact_store::{Check, Manifest};

use super::open;

/// Where an object is: a file, or an address.
pub(super) fn place(url: &Url, manifest: &Manifest) -> String {
    let below = format!("{}/{}", manifest.path, manifest.stored.object());
    match open::folder(url) {
        Some(folder) => folder.join(below).display().to_string(),
        None => format!("{}/{below}", url.as_str().trim_end_matches('/')),
    }
}

/// One line to check what is stored, and one to restore it. An object that isn't in a folder must be fetched before.
pub(super) fn lines(url: &Url, manifest: &Manifest) -> Vec<String> {
    let file = match open::folder(url) {
        Some(_) => quoted(&place(url, manifest)),
        None => manifest.stored.object().to_owned(),
    };
    let check = format!("echo '{}  '{file} | sha256sum --check", manifest.stored.sha256.hex());
    let unpacked = match manifest.stored.recipients.is_empty() {
        true => format!("zstd -dc {file}"),
        false => format!("age -d -i KEY {file} | zstd -dc"),
    };
    let made = match manifest.content.check {
        Check::PgCustom => format!("{unpacked} | {PG_RESTORE}"),
        Check::PgPlain => format!("{unpacked} | {PSQL}"),
        Check::Tar => format!("mkdir FOLDER && {unpacked} | tar -x -C FOLDER"),
        Check::None => format!("{unpacked} > FILE"),
    };
    vec![check, made]
}

/// What makes something of a restored file; none where a file is all that there is to have.
pub(super) fn next(check: Check, file: &str) -> Option<String> {
    match check {
        Check::PgCustom => Some(format!("{PG_RESTORE} {}", quoted(file))),
        Check::PgPlain => Some(format!("{PSQL} --file={}", quoted(file))),
        Check::Tar | Check::None => None,
    }
}

const PG_RESTORE: &str = "pg_restore --exit-on-error --dbname=DATABASE";
const PSQL: &str = "psql --set=ON_ERROR_STOP=1 --dbname=DATABASE";

/// A word as a POSIX shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_where_a_shell_would_do_something_with_them() {
        let words = ["/srv/a-b.zst", "", "a b", "it's $(x)"].map(quoted);
        assert_eq!(words, ["/srv/a-b.zst", "''", "'a b'", r"'it'\''s $(x)'"]);
    }
}
