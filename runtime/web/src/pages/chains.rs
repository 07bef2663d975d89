//! The chains' page: how far each is, and how its endpoints are.

use jiff::Timestamp;

use super::{
    figures,
    html::{Html, clip, thousands},
    shell::{Shell, Tab},
    words,
};
use crate::{
    Viewer,
    api::{ChainInfo, EndpointInfo},
};

/// The most characters of an endpoint's problem.
const CHARACTERS: usize = 500;

/// `/chains`.
pub(crate) fn chains(chains: &[ChainInfo], now: Timestamp, viewer: &Viewer) -> String {
    Shell::live(viewer, Tab::Chains, "Chains", now).render(|page| {
        page.raw("<h1>Chains</h1>\n");
        if chains.is_empty() {
            page.raw("<p>No chain is configured. Each <code>[chains.NAME]</code> of <code>watchkeeper.toml</code> is one.</p>");
        }
        for chain in chains {
            card(page, chain, now);
        }
    })
}

fn card(page: &mut Html, chain: &ChainInfo, now: Timestamp) {
    page.raw("<section class=\"card\"><h2>")
        .text(&chain.name)
        .raw(" <span class=\"soft\">chain id ")
        .show(chain.chain_id);
    page.raw("</span></h2><dl class=\"facts\"><dt>Head</dt><dd>");
    match chain.head {
        Some(head) => page.raw("block ").text(&thousands(head)),
        None => page.raw("unknown: no endpoint has answered yet"),
    };
    if let Some(seen) = chain.head_seen {
        page.raw(", seen ");
        figures::moment(page, seen, now);
    }
    if let Some(problem) = &chain.problem {
        page.raw("</dd><dt>Problem</dt><dd>").text(problem);
    }
    page.raw("</dd><dt>Jobs</dt><dd>");
    if chain.jobs.is_empty() {
        page.raw("none may read it");
    }
    for (place, job) in chain.jobs.iter().enumerate() {
        page.raw(if place > 0 { ", " } else { "" }).raw("<a href=\"/jobs/").text(job.as_str()).raw("\">");
        page.text(job.as_str()).raw("</a>");
    }
    page.raw("</dd></dl><div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Endpoints of ")
        .text(&chain.name);
    page.raw(
        "\"><table class=\"stack even\"><thead><tr><th scope=\"col\">Endpoint</th><th scope=\"col\">State</th>\
         <th scope=\"col\">Behind</th><th scope=\"col\">Last answer</th><th scope=\"col\">What was wrong last</th></tr></thead><tbody>\n",
    );
    for endpoint in &chain.endpoints {
        row(page, endpoint, now);
    }
    page.raw("</tbody></table></div></section>\n");
}

fn row(page: &mut Html, endpoint: &EndpointInfo, now: Timestamp) {
    page.raw("<tr><th scope=\"row\">").text(&endpoint.name).raw("</th><td>");
    words::endpoint(endpoint.state).draw(page);
    if let Some(since) = endpoint.out_since {
        page.raw(" <span class=\"soft\">since ");
        figures::moment_short(page, since, now);
        page.raw("</span>");
    }
    page.raw("</td><td>");
    match endpoint.lag_blocks {
        Some(1) => page.raw("1 block"),
        Some(blocks) => page.text(&thousands(blocks)).raw(" blocks"),
        None => page.raw("<span class=\"soft\">unknown</span>"),
    };
    page.raw("</td><td>");
    match endpoint.last_answer {
        Some(time) => figures::moment_short(page, time, now),
        None => {
            page.raw("<span class=\"soft\">never</span>");
        }
    }
    page.raw("</td><td class=\"long says\">").text(&clip(endpoint.problem.as_deref().unwrap_or_default(), CHARACTERS));
    page.raw("</td></tr>\n");
}
