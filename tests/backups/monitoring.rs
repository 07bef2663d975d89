//! What watches the chain is backed up too: a real Prometheus by its snapshots, and Grafana by its HTTP API, into another one.

use std::{fs, path::PathBuf, time::Duration};

use serde_json::json;
use tempfile::TempDir;

use super::stage::{artifacts, backup, fail, folder_store, job, succeed};
use crate::{
    stand_ins::grafana::{self, Grafana},
    support::{Deployment, Prometheus, Watchkeeper, eventually, send},
};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_snapshot_is_stored_removed_and_queried_by_another_prometheus() {
    let deployment = Deployment::new("");
    let watched = Deployment::new("");
    let target = Watchkeeper::start(&watched);
    let prometheus = Prometheus::start(&[target.address()]);
    let remove = "[commands.remove_prometheus_snapshot]\nprogram = \"/bin/rm\"\nargs = [\"-rf\", \"--\", \"{snapshot}\"]\n\
                  holes.snapshot = { type = \"name\" }\n";
    let snapshots = prometheus.data().join("snapshots");
    fs::create_dir_all(&snapshots).unwrap();
    deployment.configure(&format!(
        "{}\n{remove}folder = {snapshots:?}\n\n[files.snapshots]\npath = {snapshots:?}\n\n[http.prometheus]\norigin = {:?}\nprivate = true\n",
        folder_store(&deployment),
        prometheus.url(),
    ));
    deployment.plugin("prometheus-backup");
    let config = format!("[config]\nurl = {:?}\ntree = \"snapshots\"", prometheus.url());
    let grants = "command = [\"remove_prometheus_snapshot\"]\nfiles = [\"snapshots\"]\nhttp.prometheus.methods = [\"POST\", \"GET\"]\n\n\
                  [grants.artifacts]\nstore = \"main\"\nwrite = true";
    deployment.job("prom", &job("prometheus-backup", &config, grants));
    let watchkeeper = Watchkeeper::start(&deployment);

    // Before its first scrape a snapshot is empty, and Prometheus calls that a success.
    if prometheus.query("up").is_empty() {
        fail(&watchkeeper, "prom");
        assert_eq!(artifacts(&deployment), Vec::<String>::new());
    }
    let build = "watchkeeper_build_info";
    eventually("a sample in Prometheus", PATIENCE, || (!prometheus.query(build).is_empty()).then_some(()));
    let expected = prometheus.query(build);
    succeed(&watchkeeper, "prom");
    let left: Vec<PathBuf> = fs::read_dir(&snapshots).unwrap().flatten().map(|entry| entry.path()).collect();
    assert_eq!(left, Vec::<PathBuf>::new(), "the snapshot is removed");

    let path = artifacts(&deployment).pop().unwrap();
    let (name, _) = path.rsplit_once('/').unwrap();
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let ended = backup(&deployment, &["restore", name, "--unpack", data.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let restored = Prometheus::restored(folder);
    let found = eventually("the old samples", PATIENCE, || {
        let found = restored.query(&format!("last_over_time({build}[10m])"));
        (!found.is_empty()).then_some(found)
    });
    let without_name = |series: &[(std::collections::BTreeMap<String, String>, f64)]| {
        let mut series: Vec<_> = series.to_vec();
        series.iter_mut().for_each(|(labels, _)| drop(labels.remove("__name__")));
        series
    };
    assert_eq!(without_name(&found), without_name(&expected));
}

#[test]
fn a_grafana_comes_back_in_another_one_and_what_does_not_is_said() {
    let (from, to) = (Grafana::start(), Grafana::start());
    let authorization = format!("Bearer {}", grafana::TOKEN);
    let post = |grafana: &Grafana, path: &str, body: serde_json::Value| {
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let answer = send("POST", &format!("{}{path}", grafana.url()), &headers, body.to_string().as_bytes()).unwrap();
        assert!(answer.status < 300, "{path}: {}", answer.text());
    };
    post(&from, "/api/folders", json!({"uid": "top", "title": "Top"}));
    post(&from, "/api/folders", json!({"uid": "sub", "title": "Sub", "parentUid": "top"}));
    for number in 0..7 {
        let dashboard = json!({"id": null, "uid": format!("d{number}"), "title": format!("Board {number}"), "panels": [{"id": number}]});
        post(&from, "/api/dashboards/db", json!({"dashboard": dashboard, "folderUid": "sub"}));
    }
    let mut source =
        json!({"uid": "prom", "name": "Prom", "type": "prometheus", "access": "proxy", "url": "http://127.0.0.1:9090"});
    source["secureJsonData"] = json!({"basicAuthPassword": "hush"});
    post(&from, "/api/datasources", source);

    let deployment = Deployment::new("");
    let service = |name: &str, grafana: &Grafana| {
        format!(
            "[http.{name}]\norigin = {:?}\nprivate = true\nheaders = {{ authorization = {authorization:?} }}\n\n",
            grafana.url()
        )
    };
    deployment.configure(&format!("{}\n{}{}", folder_store(&deployment), service("old", &from), service("new", &to)));
    deployment.plugin("grafana-backup");
    let grants = "http.old.methods = [\"GET\"]\n\n[grants.artifacts]\nstore = \"main\"\nwrite = true";
    deployment.job("grafana", &job("grafana-backup", &format!("[config]\nurl = {:?}", from.url()), grants));
    let watchkeeper = Watchkeeper::start(&deployment);
    let said = succeed(&watchkeeper, "grafana") + &watchkeeper.api("logs?job=grafana&limit=500").to_string();
    assert!(said.contains("Prom") || said.contains("prom"), "the data source whose secret stays behind: {said}");
    assert!(!said.contains("hush"));

    let path = artifacts(&deployment).pop().unwrap();
    let (name, _) = path.rsplit_once('/').unwrap();
    let grants =
        "http.new.methods = [\"GET\", \"POST\", \"PUT\"]\n\n[grants.artifacts]\nstore = \"main\"\nread = [\"grafana\"]";
    let config = format!("[config]\nurl = {:?}\nmode = \"import\"\nartifact = \"{name}\"", to.url());
    deployment.job("import", &job("grafana-backup", &config, grants));
    eventually("the job to be there", PATIENCE, || {
        watchkeeper.overview().job("import").filter(|job| job["problem"].is_null()).map(|_| ())
    });
    succeed(&watchkeeper, "import");
    let (old, new) = (from.model(), to.model());
    assert_eq!(new.folders["sub"].parent.as_deref(), Some("top"));
    assert_eq!(new.dashboards.len(), 7);
    for (uid, dashboard) in &old.dashboards {
        let mine = &new.dashboards[uid];
        assert_eq!((&mine.folder, &mine.content["panels"]), (&dashboard.folder, &dashboard.content["panels"]), "{uid}");
    }
    assert_eq!(new.datasources["prom"].fields["url"], "http://127.0.0.1:9090");
    assert!(new.datasources["prom"].secrets.is_empty(), "a secret can't be exported");
}
