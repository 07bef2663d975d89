//! Folders, dashboards, and the search for both.

use serde_json::{Value, json};

use super::{Answer, Dashboard, Folder, Model, Request, found, message, page, problem, slug, text};

const TIME: &str = "2026-01-31T17:43:12Z";
const MOST_HITS: u64 = 5000;

impl Model {
    pub(super) fn search(&mut self, request: &Request, _: &str) -> Answer {
        if request.query.get("limit").and_then(|limit| limit.parse().ok()).is_some_and(|limit: u64| limit > MOST_HITS) {
            let text = "Limit is above maximum allowed (5000), use page parameter to access hits beyond limit";
            return message(422, text);
        }
        let kind = request.query.get("type").map_or("", String::as_str);
        let folders = self.folders.iter().map(|(uid, folder)| self.folder_hit(uid, folder));
        let dashboards = self.dashboards.iter().map(|(uid, dashboard)| self.dashboard_hit(uid, dashboard));
        let mut hits: Vec<_> = folders.chain(dashboards).filter(|hit| kind.is_empty() || hit["type"] == kind).collect();
        hits.sort_by_key(|hit| (hit["type"] == "dash-db", hit["title"].as_str().map(str::to_lowercase)));
        found(page(request, hits.into_iter()).into())
    }

    pub(super) fn list_folders(&mut self, request: &Request, _: &str) -> Answer {
        let parent = request.query.get("parentUid").filter(|uid| !uid.is_empty());
        if parent.is_some_and(|uid| !self.folders.contains_key(uid)) {
            return problem(404, "not-found", "folder not found");
        }
        let mut children: Vec<_> = self.folders.iter().filter(|(_, folder)| folder.parent.as_ref() == parent).collect();
        children.sort_by_key(|(_, folder)| folder.title.to_lowercase());
        let hits = page(request, children.into_iter()).into_iter().map(|(uid, folder)| {
            let mut hit = json!({"id": folder.id, "uid": uid, "title": folder.title});
            if let Some(parent) = &folder.parent {
                hit["parentUid"] = json!(parent);
            }
            hit
        });
        found(hits.collect())
    }

    pub(super) fn read_folder(&mut self, _: &Request, uid: &str) -> Answer {
        let Some(folder) = self.folders.get(uid) else { return problem(404, "not-found", "folder not found") };
        let mut answer = folder_json(uid, folder);
        let mut parents = Vec::new();
        let mut above = folder.parent.as_deref();
        while let Some((uid, folder)) = above.and_then(|uid| Some((uid, self.folders.get(uid)?))) {
            parents.insert(0, folder_json(uid, folder));
            above = folder.parent.as_deref();
        }
        if !parents.is_empty() {
            answer["parents"] = parents.into();
        }
        found(answer)
    }

    pub(super) fn create_folder(&mut self, request: &Request, _: &str) -> Answer {
        let Some(title) = text(&request.body["title"]) else { return message(400, "folder title cannot be empty") };
        let parent = text(&request.body["parentUid"]).map(str::to_owned);
        if parent.as_ref().is_some_and(|parent| !self.folders.contains_key(parent)) {
            return problem(404, "not-found", "folder not found");
        }
        let uid = self.uid(&request.body["uid"]);
        if self.folders.contains_key(&uid) || self.dashboards.contains_key(&uid) {
            return message(409, "a folder/dashboard with the same uid already exists");
        }
        if let Some(refused) = refused_uid(&uid) {
            return refused;
        }
        let folder = Folder { id: self.next_id(), title: title.to_owned(), parent };
        self.folders.insert(uid.clone(), folder);
        self.read_folder(request, &uid)
    }

    pub(super) fn read_dashboard(&mut self, _: &Request, uid: &str) -> Answer {
        let Some(dashboard) = self.dashboards.get(uid) else {
            return problem(404, "not-found", "Dashboard not found");
        };
        let mut content = dashboard.content.clone();
        content.insert("id".to_owned(), dashboard.id.into());
        content.insert("uid".to_owned(), uid.into());
        content.insert("version".to_owned(), dashboard.version.into());
        let title = slug(dashboard.title());
        let folder = dashboard.folder.as_ref().and_then(|uid| Some((uid, self.folders.get(uid)?)));
        let meta = json!({
            "type": "db", "canSave": true, "canEdit": true, "canAdmin": true, "canStar": true, "canDelete": true,
            "slug": title, "url": format!("/d/{uid}/{title}"), "expires": "0001-01-01T00:00:00Z", "created": TIME,
            "updated": TIME, "updatedBy": "admin", "createdBy": "admin", "version": dashboard.version, "hasAcl": false,
            "isFolder": false, "provisioned": false, "provisionedExternalId": "",
            "folderId": folder.map_or(0, |(_, folder)| folder.id),
            "folderUid": folder.map_or("", |(uid, _)| uid.as_str()),
            "folderTitle": folder.map_or("General", |(_, folder)| folder.title.as_str()),
            "folderUrl": folder.map_or_else(String::new, |(uid, folder)| folder_url(uid, folder)),
        });
        found(json!({"meta": meta, "dashboard": content}))
    }

    pub(super) fn save_dashboard(&mut self, request: &Request, _: &str) -> Answer {
        let Some(mut content) = request.body["dashboard"].as_object().cloned() else {
            return message(400, "bad request data");
        };
        let (id, wish) = (content.remove("id").unwrap_or_default(), content.remove("uid").unwrap_or_default());
        let version = content.remove("version").and_then(|version| version.as_u64()).unwrap_or(0);
        if content.get("title").and_then(text).is_none() {
            return problem(400, "empty-name", "Dashboard title cannot be empty");
        }
        let of_id = self.dashboards.iter().find(|(_, dashboard)| Some(dashboard.id) == id.as_u64());
        let of_id = of_id.map(|(uid, _)| uid.clone());
        if id.as_u64().is_some_and(|id| id > 0) && of_id.is_none() {
            return problem(404, "not-found", "Dashboard not found");
        }
        let uid = of_id.unwrap_or_else(|| self.uid(&wish));
        if text(&wish).is_some_and(|wish| wish != uid) {
            return message(400, "A dashboard with the same uid already exists");
        }
        if let Some(refused) = refused_uid(&uid) {
            return refused;
        }
        let folder = text(&request.body["folderUid"]).map(str::to_owned);
        if folder.as_ref().is_some_and(|folder| !self.folders.contains_key(folder)) {
            return message(400, "folder not found");
        }
        let old = self.dashboards.get(&uid).map(|dashboard| (dashboard.id, dashboard.version));
        if old.is_some_and(|(_, old)| old != version) && request.body["overwrite"] != true {
            return problem(412, "version-mismatch", "The dashboard has been changed by someone else");
        }
        let (id, version) = old.map_or_else(|| (self.next_id(), 1), |(id, version)| (id, version + 1));
        let dashboard = Dashboard { id, folder, version, content };
        let title = slug(dashboard.title());
        let answer = json!({
            "id": id, "uid": uid, "slug": title, "url": format!("/d/{uid}/{title}"), "status": "success",
            "version": version, "folderUid": dashboard.folder.as_deref().unwrap_or_default(),
        });
        self.dashboards.insert(uid, dashboard);
        found(answer)
    }

    fn folder_hit(&self, uid: &str, folder: &Folder) -> Value {
        let hit = json!({
            "id": folder.id, "uid": uid, "orgId": 1, "title": folder.title, "uri": format!("db/{}", slug(&folder.title)),
            "url": folder_url(uid, folder), "slug": "", "type": "dash-folder", "tags": [], "isStarred": false,
            "sortMeta": 0, "isDeleted": false,
        });
        self.placed(hit, folder.parent.as_ref())
    }

    fn dashboard_hit(&self, uid: &str, dashboard: &Dashboard) -> Value {
        let (title, tags) = (slug(dashboard.title()), dashboard.content.get("tags").cloned().unwrap_or(json!([])));
        let hit = json!({
            "id": dashboard.id, "uid": uid, "orgId": 1, "title": dashboard.title(), "uri": format!("db/{title}"),
            "url": format!("/d/{uid}/{title}"), "slug": "", "type": "dash-db", "tags": tags, "isStarred": false,
            "sortMeta": 0, "isDeleted": false,
        });
        self.placed(hit, dashboard.folder.as_ref())
    }

    /// A hit with the folder that it is in, if it is in one.
    fn placed(&self, mut hit: Value, folder: Option<&String>) -> Value {
        if let Some((uid, folder)) = folder.and_then(|uid| Some((uid, self.folders.get(uid)?))) {
            hit["folderId"] = json!(folder.id);
            hit["folderUid"] = json!(uid);
            hit["folderTitle"] = json!(folder.title);
            hit["folderUrl"] = json!(folder_url(uid, folder));
        }
        hit
    }
}

impl Dashboard {
    fn title(&self) -> &str {
        self.content.get("title").and_then(text).unwrap_or_default()
    }
}

fn folder_json(uid: &str, folder: &Folder) -> Value {
    let mut answer = json!({
        "id": folder.id, "uid": uid, "orgId": 1, "title": folder.title, "url": folder_url(uid, folder), "hasAcl": false,
        "canSave": true, "canEdit": true, "canAdmin": true, "canDelete": true, "createdBy": "admin", "created": TIME,
        "updatedBy": "admin", "updated": TIME, "version": 1,
    });
    if let Some(parent) = &folder.parent {
        answer["parentUid"] = json!(parent);
    }
    answer
}

fn folder_url(uid: &str, folder: &Folder) -> String {
    format!("/dashboards/f/{uid}/{}", slug(&folder.title))
}

fn refused_uid(uid: &str) -> Option<Answer> {
    if uid.len() > 40 {
        return Some(message(400, "uid too long, max 40 characters"));
    }
    let is_plain = uid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    (!is_plain).then(|| message(400, "uid contains illegal characters"))
}
