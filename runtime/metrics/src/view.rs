//! What a scrape hands out: for each family the lines before its samples in either format, and its chunks as
//! pieces. A view is made from one look at the state, so it holds whole commits only; chunks that haven't
//! changed keep their piece.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use prometheus::proto::MetricFamily;

use crate::{
    Encoding, Format,
    block::Block,
    piece::{Body, Piece},
    registry,
    spec::FamilySpec,
    state::{Names, State},
    text,
};

/// An exposition, ready to be sent.
#[derive(Debug, Clone)]
pub struct Scrape {
    /// For `Content-Type`.
    pub content_type: &'static str,
    /// For `Content-Encoding`, if there is one.
    pub content_encoding: Option<&'static str>,
    /// The body: these bytes, one after the other. Large parts are shared with the store, not copied.
    pub body: Vec<Bytes>,
}

impl Scrape {
    /// For `Content-Length`: the bytes of the body.
    pub fn content_length(&self) -> usize {
        self.body.iter().map(Bytes::len).sum()
    }
}

/// The lines before a family's samples.
pub(crate) struct Header {
    text: Piece,
    open_metrics: Piece,
}

impl Header {
    pub(crate) fn new(spec: &FamilySpec) -> Self {
        let kind = spec.kind.as_str();
        let text = text::header(Format::Text, &spec.name, kind, None, &spec.help);
        let open = text::header(Format::OpenMetrics, spec.base_name(), kind, spec.unit.as_deref(), &spec.help);
        Self { text: Piece::new(text), open_metrics: Piece::new(open) }
    }

    fn piece(&self, format: Format) -> &Piece {
        match format {
            Format::Text => &self.text,
            Format::OpenMetrics => &self.open_metrics,
        }
    }
}

/// Rendered chunks by their stamp.
type Pieces = HashMap<u64, Arc<Piece>>;

/// One look at the state, rendered.
#[derive(Default)]
pub(crate) struct View {
    /// The state's last stamp when it was looked at.
    stamp: u64,
    families: Vec<(Arc<Header>, Vec<Arc<Piece>>)>,
    names: Arc<Names>,
    pieces: Pieces,
}

/// One look at the state: what to render, and what is rendered already.
pub(crate) struct Look {
    stamp: u64,
    families: Vec<(Arc<Header>, Arc<FamilySpec>, Vec<Chunk>)>,
    names: Arc<Names>,
}

enum Chunk {
    Rendered(u64, Arc<Piece>),
    Changed(u64, Vec<Arc<Block>>),
}

impl View {
    /// Looks at a state, unless nothing in it changed. Takes references only: the state is locked meanwhile.
    pub(crate) fn look(&self, state: &State) -> Option<Look> {
        let stamp = state.stamps.last();
        if stamp == self.stamp {
            return None;
        }
        let filled = state.families.values().filter(|family| !family.chunks.is_empty());
        let families = filled.map(|family| {
            let chunks = family.chunks.iter().map(|chunk| match self.pieces.get(&chunk.stamp) {
                Some(piece) => Chunk::Rendered(chunk.stamp, Arc::clone(piece)),
                None => Chunk::Changed(chunk.stamp, chunk.blocks().cloned().collect()),
            });
            (Arc::clone(&family.header), Arc::clone(&family.spec), chunks.collect())
        });
        Some(Look { stamp, families: families.collect(), names: Arc::clone(&state.names) })
    }

    /// An exposition of the view and of the host's gathered families.
    pub(crate) fn scrape(&self, format: Format, encoding: Encoding, host: &[MetricFamily]) -> Scrape {
        let mut body = Body::new(encoding);
        for (header, pieces) in &self.families {
            body.push(header.piece(format));
            pieces.iter().for_each(|piece| body.push(piece));
        }
        let mut last = registry::render(format, host, &self.names);
        if format == Format::OpenMetrics {
            last.push_str("# EOF\n");
        }
        body.push(&Piece::new(last));
        Scrape { content_type: format.content_type(), content_encoding: encoding.as_header(), body: body.finish() }
    }
}

impl Look {
    /// Renders what has changed: the expensive part, and nobody is locked out by it but other renderings.
    pub(crate) fn render(self) -> View {
        let mut view = View { stamp: self.stamp, names: self.names, ..View::default() };
        for (header, spec, chunks) in self.families {
            let mut row = Vec::with_capacity(chunks.len());
            for chunk in chunks {
                let (stamp, piece) = match chunk {
                    Chunk::Rendered(stamp, piece) => (stamp, piece),
                    Chunk::Changed(stamp, blocks) => (stamp, Arc::new(Piece::new(text::blocks(&spec, &blocks)))),
                };
                view.pieces.insert(stamp, Arc::clone(&piece));
                row.push(piece);
            }
            view.families.push((header, row));
        }
        view
    }
}
