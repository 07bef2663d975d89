//! Server-sent events, read from their lines: as the WHATWG's HTML standard has them (9.2.6), as far as the server uses
//! them.

use std::io::{self, BufRead, Read};

use watchkeeper_web::api::Event;

/// The longest line; longer ones are no events of ours.
const LONGEST_LINE: u64 = 1 << 20;

/// The events of a stream.
pub(crate) struct Events<R> {
    lines: R,
}

impl<R: BufRead> Events<R> {
    pub(crate) const fn new(lines: R) -> Self {
        Self { lines }
    }

    /// The next event; none at the end of the stream. What isn't known here (of a newer server) is passed over.
    pub(crate) fn next(&mut self) -> io::Result<Option<Event>> {
        let mut data = String::new();
        loop {
            let mut line = String::new();
            if (&mut self.lines).take(LONGEST_LINE).read_line(&mut line)? == 0 {
                return Ok(None);
            }
            let Some(line) = line.strip_suffix('\n') else {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a line without an end"));
            };
            let line = line.strip_suffix('\r').unwrap_or(line);
            if let Some(text) = line.strip_prefix("data:") {
                data.push_str(text.strip_prefix(' ').unwrap_or(text));
            } else if line.is_empty() {
                if let Ok(event) = serde_json::from_str(&data) {
                    return Ok(Some(event));
                }
                data.clear();
            }
            if data.len() as u64 > LONGEST_LINE {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "an event without an end"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use watchkeeper_web::api::Event;

    use super::Events;

    #[test]
    fn events_are_read_and_what_is_not_known_is_passed_over() {
        let stream = ": keep-alive\n\nevent: store\ndata: {\"event\":\"store\",\ndata: \"up\":true}\r\n\r\n\
                      event: later\ndata: {\"event\":\"later\"}\n\ndata:{\"event\":\"lagged\",\"missed\":3}\n\n";
        let mut events = Events::new(stream.as_bytes());
        assert_eq!(events.next().unwrap(), Some(Event::Store { up: true }));
        assert_eq!(events.next().unwrap(), Some(Event::Lagged { missed: 3 }));
        assert_eq!(events.next().unwrap(), None);
    }

    #[test]
    fn a_stream_without_ends_is_given_up() {
        let line = vec![b'x'; 2 << 20];
        assert!(Events::new(line.as_slice()).next().is_err());
        let data = "data: xxxxxxxx\n".repeat(1 << 18);
        assert!(Events::new(data.as_bytes()).next().is_err());
    }
}
