//! Streams through the contract: a reader that the host handed out, and a writer that the host reads from.

use crate::{
    bindings::backup::wit_stream,
    stream::{Content, Kind, Later, Sink, Unread},
};

pub(crate) type Reader = wit_bindgen::StreamReader<u8>;
pub(crate) type Writer = wit_bindgen::StreamWriter<u8>;

pub(crate) async fn read(reader: &mut Reader, most: usize) -> Vec<u8> {
    loop {
        let (status, bytes) = reader.read(Vec::with_capacity(most)).await;
        match status {
            wit_bindgen::StreamResult::Complete(_) if bytes.is_empty() => {}
            _ => return bytes,
        }
    }
}

pub(crate) async fn write(writer: &mut Writer, bytes: Vec<u8>) -> Result<(), Unread> {
    let unwritten = writer.write_all(bytes).await;
    if unwritten.is_empty() { Ok(()) } else { Err(Unread) }
}

/// A content as the host takes it, and what writes it where the plugin does.
pub(super) fn lower(content: Content) -> (Reader, Option<Later<crate::Result<()>>>) {
    match content.0 {
        Kind::Host(stream) => (stream.reader, None),
        Kind::Written(write) => {
            let (writer, reader) = wit_stream::new();
            (reader, Some(write(Sink { writer })))
        }
    }
}
