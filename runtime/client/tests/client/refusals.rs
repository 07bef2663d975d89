//! What goes wrong on the way, each with what to do about it.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    thread,
};

use rcgen::{CertificateParams, Issuer, KeyPair};
use watchkeeper_client::{ClientError, Format, Reach, Request};
use watchkeeper_model::LogLevel;
use watchkeeper_web::{
    Token,
    api::{JobOverview, Limit, Right},
};

use crate::{
    house::{Kept, name, run_id},
    server::{Printed, Server, ask},
};

fn pause(job: &str) -> Request {
    Request::Pause { job: name(job), note: None }
}

fn error(done: Result<Printed, ClientError>) -> String {
    done.unwrap_err().to_string()
}

fn text(reach: &Reach, request: Request) -> Result<Printed, ClientError> {
    ask(reach, Format::Text, request).1
}

#[test]
fn nobody_listens() {
    let mut server = Server::new(Kept::saying("fine"));
    server.shut();
    let error = error(server.ask(Request::Jobs));
    assert!(error.starts_with(&format!("no answer from http://{}/: Connection refused", server.address())), "{error}");
    assert!(error.contains("\nhint: is watchkeeper running there?"), "{error}");
}

#[test]
fn somebody_else_listens() {
    for answer in [
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]",
        "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 9\r\n\r\n<script/>",
        "HTTP/1.1 301 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let other = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).unwrap() > 0);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let error = error(text(&Reach { url: Some(url), ..Reach::default() }, Request::Jobs));
        other.join().unwrap();
        assert!(error.contains("\nhint: is it "), "{error}");
        assert!(!error.contains("script"), "{error}");
    }
}

#[test]
fn acting_takes_a_token_and_the_hint_says_where_one_is() {
    let server = Server::new(Kept::saying("fine"));
    assert!(text(&server.outside(), Request::Jobs).is_ok(), "reading is open on loopback");
    let refused = error(text(&server.outside(), pause("main-chain")));
    assert!(refused.contains("\nhint: name a token's file by --token-file, set WATCHKEEPER_TOKEN"), "{refused}");
    let token_file = Some(server.write("other.token", "s3cr3t"));
    let refused = error(text(&Reach { token_file, ..server.outside() }, pause("main-chain")));
    assert!(refused.contains("other.token isn't one of the server's"), "{refused}");
    assert!(!refused.contains("s3cr3t"), "{refused}");
    assert!(server.house.acts.lock().unwrap().is_empty());
}

#[test]
fn a_token_may_what_its_rights_say() {
    let hash = <sha2::Sha256 as sha2::Digest>::digest("reader").into();
    let reader = Token { name: "reader".to_owned(), hash, expires: None, rights: vec![Right::Read] };
    let server = Server::with(Kept::saying("fine"), vec![reader], None);
    assert!(text(&server.outside(), Request::Jobs).is_err(), "there is a token for reading now");
    let token_file = Some(server.write("reader.token", "reader\n"));
    let reach = Reach { token_file, ..server.outside() };
    assert!(text(&reach, Request::Jobs).is_ok());
    let refused = error(text(&reach, pause("main-chain")));
    assert!(refused.contains("\nhint: `rights` of `[server.tokens.NAME]`"), "{refused}");
}

#[test]
fn a_job_that_is_not_there_is_answered_with_those_that_are() {
    let server = Server::new(Kept::saying("fine"));
    for request in [Request::Job(name("main-chian")), pause("mainchain")] {
        let refused = error(server.ask(request));
        assert!(refused.ends_with("\nhint: did you mean main-chain?"), "{refused}");
    }
    let refused = error(server.ask(Request::Job(name("unlike-any"))));
    assert!(refused.ends_with("\nhint: the jobs are main-chain, side-chain"), "{refused}");
}

#[test]
fn a_job_whose_file_was_never_right_is_answered_with_what_is_wrong_there() {
    let server = Server::new(Kept::saying("fine"));
    {
        let jobs = &mut server.house.overview.lock().unwrap().jobs;
        let problem = "jobs.d/crooked.toml:2: evry: unknown key\nhint: did you mean `every`?";
        let crooked = JobOverview { name: name("crooked"), problem: Some(problem.into()), ..jobs[0].clone() };
        jobs.push(crooked);
    }
    assert_eq!(
        error(server.ask(pause("crooked"))),
        "job `crooked` is not in force: jobs.d/crooked.toml:2: evry: unknown key\nhint: did you mean `every`?"
    );
}

#[test]
fn nothing_of_a_job_that_is_not_there_is_no_answer() {
    let server = Server::new(Kept::saying("fine"));
    server.house.runs.lock().unwrap().clear();
    let runs = |job: &str| Request::Runs { job: Some(name(job)), outcome: None, since: None, limit: Limit::default() };
    let logs = |job: &str, level| Request::Logs { job: Some(name(job)), level, limit: Limit::default(), follow: false };
    for request in [runs("main-chian"), logs("main-chian", None)] {
        let refused = error(server.ask(request));
        assert!(refused.ends_with("\nhint: did you mean main-chain?"), "{refused}");
    }
    assert_eq!(server.ask(runs("main-chain")).unwrap().notes, "no such run is kept\n");
    let errors = logs("main-chain", Some(LogLevel::Error));
    assert_eq!(server.ask(errors).unwrap().notes, "no such line is kept\n");
}

#[test]
fn a_run_that_is_not_there_and_a_wish_that_does_not_fit_are_told_in_the_servers_words() {
    let server = Server::new(Kept::saying("fine"));
    let refused = server.ask(Request::Run(run_id(77))).unwrap_err();
    assert!(matches!(refused, ClientError::Refused { status: 404, .. }), "{refused}");
    let refused = error(server.ask(Request::Resume { job: name("main-chain"), note: None }));
    assert_eq!(refused, "it isn't paused\nhint: nothing has to be done");
}

#[test]
fn a_server_with_a_certificate_is_trusted_by_its_authority_alone() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path
    };
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_file = write("ca.pem", &authority.self_signed(&authority_key).unwrap().pem());
    let key = KeyPair::generate().unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    write("server.pem", &certificate.pem());
    write("server.key", &key.serialize_pem());
    let config = write("web.yml", "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n");
    let server = Server::with(Kept::saying("fine"), Vec::new(), Some((folder, config)));

    let url = Some(format!("https://localhost:{}", server.address().port()));
    let reach = Reach { url, ca_file: Some(authority_file), ..Reach::default() };
    text(&reach, Request::Jobs).unwrap();
    let refused = error(text(&Reach { ca_file: None, ..reach.clone() }, Request::Jobs));
    assert!(refused.contains("--ca-file names an authority's"), "{refused}");
    let refused = error(text(&server.outside(), Request::Jobs));
    assert!(refused.contains("--url https://… asks with it"), "{refused}");
    let no_certificate = Some(server.write("empty.pem", "nothing"));
    let refused = error(text(&Reach { ca_file: no_certificate, ..reach }, Request::Jobs));
    assert!(refused.contains("empty.pem: holds no certificate"), "{refused}");
}
