//! Sends whatever request its config says, follows redirects if it is told to, and says what came back: what a grant doesn't
//! allow must be denied, whoever asks.

use watchkeeper_sdk::{http::Request, prelude::*};

#[config]
struct Config {
    /// Where to.
    url: String,
    /// The HTTP method.
    #[serde(default = "get")]
    method: String,
    /// Header lines, as `name: value`.
    #[serde(default)]
    headers: Vec<String>,
    /// The body.
    #[serde(default)]
    body: String,
    /// Further bytes of the body.
    #[serde(default)]
    padding: usize,
    /// How many redirects to follow.
    #[serde(default)]
    redirects: u32,
}

fn get() -> String {
    "GET".into()
}

#[derive(Metrics)]
#[metric(prefix = "fetcher")]
struct Metrics {
    /// Status of the last answer.
    status: Gauge,
}

#[plugin]
async fn run(config: Config, metrics: &Metrics) -> Result<String> {
    let mut body = config.body.into_bytes();
    body.resize(body.len() + config.padding, b' ');
    let mut url = config.url;
    let mut redirects = config.redirects;
    loop {
        let mut request = Request::new(&config.method, &url).body(body.clone());
        for line in &config.headers {
            let (name, value) = line.split_once(": ").unwrap_or((line, ""));
            request = request.header(name, value);
        }
        let response = request.send().await?;
        metrics.status.set([], response.status);
        match response.header("location") {
            Some(to) if redirects > 0 => url = to.to_owned(),
            _ => {
                let headers: String = response
                    .headers
                    .iter()
                    .map(|(name, value)| format!(" {name}={}", String::from_utf8_lossy(value)))
                    .collect();
                info!("headers{headers}");
                return Ok(format!("{}: {}", response.status, String::from_utf8_lossy(&response.body)));
            }
        }
        redirects -= 1;
    }
}
