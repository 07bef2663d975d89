//! What was measured, as a table for people or as JSON lines for programs.

use serde_json::json;

use crate::machine;

/// All figures of one suite, and why some are missing.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    skipped: Vec<String>,
}

/// One figure.
pub(crate) struct Row {
    /// What programs know it by.
    pub(crate) name: String,
    /// What people read.
    pub(crate) what: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// What stands beside it, in the same unit.
    pub(crate) peer: Option<Peer>,
    /// How it was measured.
    pub(crate) how: String,
}

/// A peer, or a limit.
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) value: f64,
    /// Which way the ratio goes, and where it should be.
    pub(crate) ratio: Ratio,
}

/// What is divided by what.
#[derive(Clone, Copy)]
pub(crate) enum Ratio {
    /// Our cost over theirs, or our rate over theirs.
    OursOverTheirs,
    /// How many times less we cost.
    TheirsOverOurs,
}

impl Row {
    /// What the row's ratio is; none without a peer.
    fn ratio(&self) -> Option<f64> {
        self.peer.as_ref().map(|peer| match peer.ratio {
            Ratio::OursOverTheirs => self.value / peer.value,
            Ratio::TheirsOverOurs => peer.value / self.value,
        })
    }
}

impl Report {
    pub(crate) fn add(&mut self, row: Row) {
        let peer = row.peer.as_ref().map(|peer| format!("; {}: {}", peer.name, with_unit(peer.value, row.unit)));
        eprintln!("    {}: {}{}", row.name, with_unit(row.value, row.unit), peer.unwrap_or_default());
        self.rows.push(row);
    }

    /// Notes that something could not be measured here.
    pub(crate) fn skip(&mut self, reason: String) {
        eprintln!("    skipped: {reason}");
        self.skipped.push(reason);
    }

    pub(crate) fn print(&self, as_json: bool) {
        if as_json {
            self.rows.iter().for_each(|row| println!("{}", row.to_json()));
            return;
        }
        println!("Measured on {}.\n", machine::shape());
        println!("| what | ours | peer or limit | ratio | how |\n|---|---|---|---|---|");
        self.rows.iter().for_each(|row| println!("{}", row.to_table()));
        self.skipped.iter().for_each(|reason| println!("\nNot measured: {reason}."));
    }
}

impl Row {
    fn to_json(&self) -> serde_json::Value {
        json!({
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "peer": self.peer.as_ref().map(|peer| &peer.name),
            "peer_value": self.peer.as_ref().map(|peer| peer.value),
            "ratio": self.ratio(),
        })
    }

    fn to_table(&self) -> String {
        let peer = self.peer.as_ref().map(|peer| format!("{}: {}", peer.name, with_unit(peer.value, self.unit)));
        let ratio = self.peer.as_ref().zip(self.ratio()).map(|(peer, ratio)| match peer.ratio {
            Ratio::OursOverTheirs => format!("{} of theirs", short(ratio)),
            Ratio::TheirsOverOurs => format!("{} times less", short(ratio)),
        });
        let (peer, ratio) = (peer.unwrap_or_default(), ratio.unwrap_or_default());
        let ours = with_unit(self.value, self.unit);
        format!("| `{}`: {} | {ours} | {peer} | {ratio} | {} |", self.name, self.what, self.how)
    }
}

fn with_unit(value: f64, unit: &str) -> String {
    format!("{} {unit}", short(value))
}

/// Three digits: no figure here is better than that.
fn short(value: f64) -> String {
    let whole = value.abs().max(1.0).log10().floor();
    let decimals = if value.abs() < 1.0 {
        3
    } else if whole >= 2.0 {
        0
    } else if whole >= 1.0 {
        1
    } else {
        2
    };
    format!("{value:.decimals$}")
}
