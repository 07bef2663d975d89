//! What runs said.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use watchkeeper_model::{self as model, JobName, LogLevel, RunId};

use super::{Limit, Text, words};

/// One line of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// How much it matters.
    #[schema(value_type = words::LogLevel)]
    pub level: LogLevel,
    /// The text.
    pub message: Text,
    /// What the plugin attached, in its order.
    pub fields: Vec<LogField>,
}

/// A name and a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogField {
    /// Its name.
    pub name: Text,
    /// Its value.
    pub value: Text,
}

impl From<&model::LogLine> for LogLine {
    fn from(line: &model::LogLine) -> Self {
        let field =
            |(name, value): &(String, String)| LogField { name: name.as_str().into(), value: value.as_str().into() };
        Self {
            level: line.level,
            message: line.message.as_str().into(),
            fields: line.fields.iter().map(field).collect(),
        }
    }
}

/// A line among those of many runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogEntry {
    /// Its place in the ledger; later ones are larger.
    pub number: u64,
    /// When its run ended.
    pub at: Timestamp,
    /// Whose run.
    #[schema(value_type = words::JobName)]
    pub job: JobName,
    /// Which.
    #[schema(value_type = words::RunId)]
    pub run: RunId,
    /// The line.
    pub line: LogLine,
}

/// Which lines to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// Of this job only.
    #[param(value_type = Option<words::JobName>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobName>,
    /// Of this run only.
    #[param(value_type = Option<words::RunId>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Of this level and those that matter more.
    #[param(value_type = Option<words::LogLevel>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<LogLevel>,
    /// The lines that follow the one of this number, the oldest first. Without it: the last ones there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// The most lines of one answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

/// Some lines, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogPage {
    /// The lines.
    pub lines: Vec<LogEntry>,
    /// The `after` to ask with for what comes next; none where there is no line at all yet.
    pub last: Option<u64>,
}
