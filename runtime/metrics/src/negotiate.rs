//! Which format and encoding a client gets for its `Accept` and `Accept-Encoding` (RFC 9110, 12.5), as
//! Prometheus' client libraries decide it. A scrape always answers: where nothing fits, it is the text
//! format, as it is.

/// An exposition format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Prometheus' text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

impl Format {
    /// The value of `Content-Type`. Names keep to the classic alphabet, so no `escaping` is stated.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// Chooses by `Accept`: the acceptable format of the highest quality, the first named of equals. Without
    /// the header, and for wildcards, text.
    pub fn negotiate(accept: Option<&str>) -> Self {
        let mut best: Option<(f32, Self)> = None;
        for item in items(accept.unwrap_or_default()) {
            let Some(format) = Self::of(&item) else { continue };
            if item.quality > best.map_or(0.0, |(quality, _)| quality) {
                best = Some((item.quality, format));
            }
        }
        best.map_or(Self::Text, |(_, format)| format)
    }

    /// The format that a media range asks for.
    fn of(item: &Item<'_>) -> Option<Self> {
        let version = item.parameter("version");
        if item.is("application/openmetrics-text") {
            return matches!(version, None | Some("1.0.0")).then_some(Self::OpenMetrics);
        }
        let text = item.is("text/plain") || item.is("text/*") || item.is("*/*");
        (text && matches!(version, None | Some("0.0.4"))).then_some(Self::Text)
    }
}

/// How a body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// One gzip member.
    Gzip,
}

impl Encoding {
    /// The value of `Content-Encoding`, if the header is to be sent.
    pub const fn as_header(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
        }
    }

    /// Chooses by `Accept-Encoding`: gzip wherever it is acceptable and `identity` isn't preferred.
    pub fn negotiate(accept_encoding: Option<&str>) -> Self {
        let (mut gzip, mut identity, mut any) = (None, None, None);
        for item in items(accept_encoding.unwrap_or_default()) {
            let place = match item {
                _ if item.is("gzip") || item.is("x-gzip") => &mut gzip,
                _ if item.is("identity") => &mut identity,
                _ if item.is("*") => &mut any,
                _ => continue,
            };
            *place = Some(item.quality);
        }
        let gzip = gzip.or(any).unwrap_or(0.0);
        if gzip > 0.0 && gzip >= identity.unwrap_or(0.0) { Self::Gzip } else { Self::Identity }
    }
}

/// One item of a header's list: a value, its parameters and its quality.
struct Item<'a> {
    value: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
    quality: f32,
}

impl Item<'_> {
    fn is(&self, value: &str) -> bool {
        self.value.eq_ignore_ascii_case(value)
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

/// The items of a list; a quality that can't be read counts as none: not acceptable.
fn items(header: &str) -> impl Iterator<Item = Item<'_>> {
    header.split(',').map(|item| {
        let mut fields = item.split(';').map(str::trim);
        let value = fields.next().unwrap_or_default();
        let parameters: Vec<_> = fields
            .filter_map(|field| field.split_once('='))
            .map(|(key, value)| (key.trim(), value.trim().trim_matches('"')))
            .collect();
        let quality = parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case("q"));
        let quality = quality.map_or(1.0, |(_, text)| text.parse().unwrap_or(0.0));
        Item { value, parameters, quality }
    })
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Format};

    #[test]
    fn clients_get_the_format_they_prefer_and_text_otherwise() {
        let prometheus_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
            application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
            text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        let prometheus_2_42 = "application/openmetrics-text;version=1.0.0,\
            application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let protobuf_first = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
            encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1";
        for accept in [
            prometheus_3,
            prometheus_2_42,
            protobuf_first,
            "application/openmetrics-text",
            "text/plain;q=0.5, Application/OpenMetrics-Text; Version=\"1.0.0\"; Q=0.9",
        ] {
            assert_eq!(Format::negotiate(Some(accept)), Format::OpenMetrics, "{accept}");
        }
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for accept in [
            "",
            "*/*",
            "text/*",
            browser,
            "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            "application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4;q=0.5",
            "application/openmetrics-text;q=0,text/plain;q=0.1",
            "application/openmetrics-text;q=lots",
            "application/openmetrics-text;version=2.0.0",
            "image/png",
            ";;,,=;q",
        ] {
            assert_eq!(Format::negotiate(Some(accept)), Format::Text, "{accept}");
        }
        assert_eq!(Format::negotiate(None), Format::Text);
    }

    #[test]
    fn gzip_is_for_those_who_take_it() {
        for accept in ["gzip", "deflate, GZIP;q=0.5", "br;q=1.0, x-gzip", "*", "identity;q=0.5, *;q=0.6", "*;q=0, gzip"]
        {
            assert_eq!(Encoding::negotiate(Some(accept)), Encoding::Gzip, "{accept}");
        }
        for accept in ["", "identity", "br, zstd", "gzip;q=0", "gzip;q=0, *", "gzip;q=0.2, identity;q=0.8", "*;q=0"] {
            assert_eq!(Encoding::negotiate(Some(accept)), Encoding::Identity, "{accept}");
        }
        assert_eq!(Encoding::negotiate(None), Encoding::Identity);
    }
}
