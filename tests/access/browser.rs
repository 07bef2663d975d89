//! What a browser can be made to do: log in, act by a form of its own page, and nothing on behalf of another site.

use super::{deployment, ready};
use crate::support::{Response, Watchkeeper};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A browser with one cookie.
struct Browser<'a> {
    watchkeeper: &'a Watchkeeper,
    cookie: String,
}

impl<'a> Browser<'a> {
    /// Logs in as a person does.
    fn log_in(watchkeeper: &'a Watchkeeper) -> Self {
        let body = format!("token={}&next=%2Fjobs%2Fhourly", watchkeeper.token());
        let origin = ("origin", watchkeeper.url());
        let answer = watchkeeper.send_body("POST", "/login", &[FORM, origin], body.as_bytes());
        assert_eq!((answer.status, answer.header("location")), (303, "/jobs/hourly"), "{}", answer.text());
        let cookie = answer.header("set-cookie");
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        let (cookie, _) = cookie.split_once(';').expect("a cookie with attributes");
        assert!(!cookie.contains(&watchkeeper.token()), "the session isn't the token");
        Self { watchkeeper, cookie: cookie.to_owned() }
    }

    fn get(&self, path: &str) -> Response {
        self.watchkeeper.get(path, &[("cookie", &self.cookie), ("accept", "text/html")])
    }

    fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let own = [FORM, ("cookie", self.cookie.as_str()), ("accept", "text/html")];
        self.watchkeeper.send_body("POST", path, &[&own, headers].concat(), body.as_bytes())
    }

    /// The form token of a page.
    #[track_caller]
    fn form_token(&self, path: &str) -> String {
        let page = self.get(path);
        let (_, after) = page.text().split_once("name=\"form_token\" value=\"").expect("a form with a token");
        after.split('"').next().expect("a closing quote").to_owned()
    }
}

#[test]
fn a_session_acts_by_the_forms_of_its_own_pages() {
    let deployment = deployment("");
    let watchkeeper = Watchkeeper::start(&deployment);
    ready(&watchkeeper, &[]);
    let page = watchkeeper.get("/jobs/hourly/pause", &[("accept", "text/html")]);
    assert!(!page.text().contains("form_token"), "who isn't logged in gets no form to act by: {}", page.text());
    let browser = Browser::log_in(&watchkeeper);
    let own = ("origin", watchkeeper.url());
    let token = browser.form_token("/jobs/hourly/pause");
    let paused = browser.post("/jobs/hourly/pause", &[own], &format!("form_token={token}&note=by+hand"));
    assert_eq!((paused.status, paused.header("location")), (303, "/jobs/hourly?done=pause"), "{}", paused.text());
    let job = watchkeeper.api("jobs/hourly");
    assert_eq!(job["job"]["pause"]["note"], "by hand");
    assert_eq!(job["job"]["pause"]["by"], "local token");

    let resume = format!("form_token={token}");
    let other = Browser::log_in(&watchkeeper);
    for (why, who, headers, body) in [
        ("another site's page", &browser, &[("origin", "https://evil.example")][..], resume.as_str()),
        ("a page without an origin", &browser, &[("origin", "null")], &resume),
        ("another site's page, as Fetch tells", &browser, &[("sec-fetch-site", "cross-site")], &resume),
        ("no form token", &browser, &[own], ""),
        ("a wrong one", &browser, &[own], "form_token=0000"),
        ("that of another session", &other, &[own], &resume),
    ] {
        let refused = who.post("/jobs/hourly/resume", headers, body);
        assert_eq!(refused.status, 403, "{why}: {}", refused.text());
    }
    let cookie = ("cookie", browser.cookie.as_str());
    let api = watchkeeper.send("POST", "/api/v1/jobs/hourly/resume", &[cookie, own]);
    assert_eq!(api.status, 403, "a cookie alone doesn't act by the API: {}", api.text());
    let rebound = browser.post("/jobs/hourly/resume", &[("host", "evil.example")], &resume);
    assert_eq!(rebound.status, 421, "{}", rebound.text());
    assert!(watchkeeper.api("jobs/hourly")["job"]["pause"].is_object(), "nothing was done");

    assert_eq!(browser.post("/logout", &[own], &resume).status, 303);
    let after = browser.post("/jobs/hourly/resume", &[own], &resume);
    assert!([303, 401].contains(&after.status) && !after.header("location").contains("done"), "{}", after.text());
    assert!(watchkeeper.api("jobs/hourly")["job"]["pause"].is_object(), "the session is over");
}

#[test]
fn a_login_leads_nowhere_else_and_a_wrong_token_begins_nothing() {
    let deployment = deployment("");
    let watchkeeper = Watchkeeper::start(&deployment);
    ready(&watchkeeper, &[]);
    let own = ("origin", watchkeeper.url());
    for next in
        ["https://evil.example/", "//evil.example", "/%5Cevil.example", "javascript:alert(1)", "/a%0d%0aSet-Cookie:x=y"]
    {
        let body = format!("token={}&next={next}", watchkeeper.token());
        let answer = watchkeeper.send_body("POST", "/login", &[FORM, own], body.as_bytes());
        assert_eq!((answer.status, answer.header("location")), (303, "/"), "{next}");
    }
    let wrong = watchkeeper.send_body("POST", "/login", &[FORM, own], b"token=wrong-token&next=/");
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, ""));
    assert!(!wrong.text().contains("wrong-token"), "what was typed isn't shown");
    let foreign = [FORM, ("origin", "https://evil.example")];
    let body = format!("token={}", watchkeeper.token());
    let refused = watchkeeper.send_body("POST", "/login", &foreign, body.as_bytes());
    assert_eq!((refused.status, refused.header("set-cookie")), (403, ""), "nobody is logged in by another site");
    assert!(!watchkeeper.log().contains("wrong-token") && !watchkeeper.log().contains(&watchkeeper.token()));
}
