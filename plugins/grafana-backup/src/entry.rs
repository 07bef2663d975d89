//! The files of a backup: which object each is, and what it is called.

use serde::{Deserialize, Serialize};

use crate::uid::Uid;

/// Kinds of what is backed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Folder,
    DataSource,
    Dashboard,
    AlertRule,
    /// Of groups only the interval.
    AlertRuleGroup,
    ContactPoint,
    NotificationPolicies,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Folder,
        Self::DataSource,
        Self::Dashboard,
        Self::AlertRule,
        Self::AlertRuleGroup,
        Self::ContactPoint,
        Self::NotificationPolicies,
    ];

    /// For the label `kind`.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::DataSource => "data_source",
            Self::Dashboard => "dashboard",
            Self::AlertRule => "alert_rule",
            Self::AlertRuleGroup => "alert_rule_group",
            Self::ContactPoint => "contact_point",
            Self::NotificationPolicies => "notification_policies",
        }
    }

    /// For people, one and several.
    pub(crate) fn words(self, count: u64) -> &'static str {
        match (self, count) {
            (Self::Folder, 1) => "folder",
            (Self::Folder, _) => "folders",
            (Self::DataSource, 1) => "data source",
            (Self::DataSource, _) => "data sources",
            (Self::Dashboard, 1) => "dashboard",
            (Self::Dashboard, _) => "dashboards",
            (Self::AlertRule, 1) => "alert rule",
            (Self::AlertRule, _) => "alert rules",
            (Self::AlertRuleGroup, 1) => "alert rule group",
            (Self::AlertRuleGroup, _) => "alert rule groups",
            (Self::ContactPoint, 1) => "contact point",
            (Self::ContactPoint, _) => "contact points",
            (Self::NotificationPolicies, _) => "tree of notification policies",
        }
    }

    /// The folder with a file for each, or the one file of all.
    fn place(self) -> &'static str {
        match self {
            Self::Folder => "folders",
            Self::DataSource => "data-sources",
            Self::Dashboard => "dashboards",
            Self::AlertRule => "alert-rules",
            Self::AlertRuleGroup => "alert-rule-groups",
            Self::ContactPoint => "contact-points",
            Self::NotificationPolicies => "notification-policies",
        }
    }

    fn has_file_for_each(self) -> bool {
        matches!(self, Self::Folder | Self::DataSource | Self::Dashboard | Self::AlertRule)
    }
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Entry {
    /// `folders/UID.json` and its like.
    Object(Kind, Uid),
    /// `contact-points.json` and its like: all of a kind.
    All(Kind),
    /// `MANIFEST.json`, the last one.
    Manifest,
}

impl Entry {
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Object(kind, uid) => format!("{}/{uid}.json", kind.place()),
            Self::All(kind) => format!("{}.json", kind.place()),
            Self::Manifest => "MANIFEST.json".to_owned(),
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(".json")?;
        let kind = |place: &str, each: bool| {
            Kind::ALL.into_iter().find(|kind| kind.place() == place && kind.has_file_for_each() == each)
        };
        match stem.split_once('/') {
            Some((place, uid)) => Some(Self::Object(kind(place, true)?, Uid::parse(uid)?)),
            None if stem == "MANIFEST" => Some(Self::Manifest),
            None => kind(stem, false).map(Self::All),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_says_what_it_is() {
        let uid = || Uid::parse("a-1").unwrap();
        for (entry, name) in [
            (Entry::Object(Kind::Folder, uid()), "folders/a-1.json"),
            (Entry::Object(Kind::AlertRule, uid()), "alert-rules/a-1.json"),
            (Entry::All(Kind::AlertRuleGroup), "alert-rule-groups.json"),
            (Entry::All(Kind::NotificationPolicies), "notification-policies.json"),
            (Entry::Manifest, "MANIFEST.json"),
        ] {
            assert_eq!(entry.name(), name);
            assert_eq!(Entry::of(name), Some(entry));
        }
    }

    #[test]
    fn any_other_name_is_nothing() {
        for name in [
            "",
            ".json",
            "folders",
            "folders.json",
            "folders/.json",
            "folders/a",
            "folders/../a.json",
            "folders/a/b.json",
            "/folders/a.json",
            "contact-points/a.json",
            "manifest.json",
            "users/a.json",
        ] {
            assert_eq!(Entry::of(name), None, "{name}");
        }
    }
}
