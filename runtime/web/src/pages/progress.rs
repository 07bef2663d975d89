//! How far a run that is going is: a bar, and the same in words.

use super::{
    figures,
    html::{Html, thousands},
};
use crate::api::{ProgressInfo, ProgressUnit};

/// A bar and words beside it. The bar only sweeps where the total isn't known.
pub(super) fn draw(page: &mut Html, progress: &ProgressInfo) {
    page.raw("<progress max=\"100\"");
    if let Some(percent) = progress.percent {
        page.raw(" value=\"").show(format_args!("{percent:.1}")).raw("\"");
    }
    page.raw(" aria-label=\"").text(&progress.stage).raw("\"></progress> ").text(&words(progress));
}

/// `storing main: 1.2 GiB of 3.4 GiB, 85 MiB/s`, `tables: 3 of 12`.
fn words(progress: &ProgressInfo) -> String {
    let &ProgressInfo { ref stage, done, total, unit, rate_per_second, .. } = progress;
    let figure = match unit {
        Some(ProgressUnit::Bytes) => figures::bytes,
        None => thousands,
    };
    let mut words = if stage.is_empty() { String::new() } else { format!("{stage}: ") };
    words.push_str(&figure(done));
    if let Some(total) = total {
        words.push_str(&format!(" of {}", figure(total)));
    }
    if let (Some(rate), Some(ProgressUnit::Bytes)) = (rate_per_second, unit) {
        // A rate isn't negative, and what it has behind the point is below a byte.
        words.push_str(&format!(", {}/s", figures::bytes(rate as u64)));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::words;
    use crate::api::{ProgressInfo, ProgressUnit};

    #[test]
    fn bytes_have_units_and_a_rate_and_other_counts_are_the_plugins() {
        let bytes = ProgressInfo {
            stage: "storing main".into(),
            done: 1_288_490_189,
            total: Some(3_650_722_202),
            unit: Some(ProgressUnit::Bytes),
            rate_per_second: Some(89_128_960.7),
            percent: Some(35.3),
        };
        assert_eq!(words(&bytes), "storing main: 1.2 GiB of 3.4 GiB, 85 MiB/s");
        let early = ProgressInfo { total: None, rate_per_second: None, ..bytes.clone() };
        assert_eq!(words(&early), "storing main: 1.2 GiB");
        let counts = ProgressInfo { stage: "tables".into(), done: 3, total: Some(1_200), unit: None, ..bytes };
        assert_eq!(words(&counts), "tables: 3 of 1,200");
        assert_eq!(words(&ProgressInfo { stage: "".into(), total: None, ..counts }), "3");
    }
}
