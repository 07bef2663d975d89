//! The drawings that stand before states, outcomes and buttons. Each shape is one no other has, so that none depends on its
//! colour; the word beside it is what assistive technology reads.

use super::html::Html;

/// All shapes, once a page; outside of what the script refreshes.
pub(super) const SPRITE: &str = "<svg class=\"hidden\" width=\"0\" height=\"0\" aria-hidden=\"true\">\
    <symbol id=\"i-ok\" viewBox=\"0 0 16 16\"><circle cx=\"8\" cy=\"8\" r=\"6.5\"/><path d=\"m5 8.2 2.2 2.2L11 6\"/></symbol>\
    <symbol id=\"i-bad\" viewBox=\"0 0 16 16\"><path d=\"M8 1.8 15 14H1zM8 6.2v3.6M8 12v.1\"/></symbol>\
    <symbol id=\"i-broken\" viewBox=\"0 0 16 16\"><path d=\"M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2zM5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8\"/></symbol>\
    <symbol id=\"i-lost\" viewBox=\"0 0 16 16\"><path d=\"M8 1 15 8l-7 7-7-7zM6.3 6.6a1.75 1.75 0 1 1 2.6 1.5q-.9.5-.9 1.3M8 11.6v.1\"/></symbol>\
    <symbol id=\"i-pause\" viewBox=\"0 0 16 16\"><path d=\"M5 2.5v11M11 2.5v11\"/></symbol>\
    <symbol id=\"i-run\" viewBox=\"0 0 16 16\"><path d=\"M4 2.2v11.6L13.5 8z\"/></symbol>\
    <symbol id=\"i-wait\" viewBox=\"0 0 16 16\"><circle cx=\"8\" cy=\"8\" r=\"6.5\"/><path d=\"M8 4.2V8l2.6 1.6\"/></symbol>\
    <symbol id=\"i-stop\" viewBox=\"0 0 16 16\"><path d=\"M3 3h10v10H3z\"/></symbol>\
    <symbol id=\"i-skip\" viewBox=\"0 0 16 16\"><path d=\"M2.5 3.5v9L9 8zM12.5 3.5v9\"/></symbol>\
    </svg>";

/// One of the shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Icon {
    /// A tick in a circle.
    Ok,
    /// A triangle with an exclamation mark.
    Bad,
    /// An octagon with a cross.
    Broken,
    /// A rhomb with a question mark.
    Lost,
    /// Two bars.
    Pause,
    /// An arrow.
    Run,
    /// A clock.
    Wait,
    /// A square.
    Stop,
    /// An arrow before a bar.
    Skip,
}

impl Icon {
    pub(super) fn draw(self, page: &mut Html) {
        page.raw("<svg class=\"icon\" aria-hidden=\"true\"><use href=\"#i-").raw(self.name()).raw("\"/></svg>");
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Bad => "bad",
            Self::Broken => "broken",
            Self::Lost => "lost",
            Self::Pause => "pause",
            Self::Run => "run",
            Self::Wait => "wait",
            Self::Stop => "stop",
            Self::Skip => "skip",
        }
    }
}
