//! "No" in HTTP: refusals keep their sentence, faults show their id and what they mean, everything has a stable code.

use crate::app::ActError;
use crate::fault::{Fault, FaultKind};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firebell_domain::refusal::Refusal;
use serde_json::json;

#[derive(Debug)]
pub struct No {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub fault_id: Option<String>,
    pub retry_after: bool,
}

impl No {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> No {
        No { status, code, message: message.into(), fault_id: None, retry_after: false }
    }

    pub fn bad(code: &'static str, message: impl Into<String>) -> No {
        No::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// The same to whoever asks for an incident that is not there and for one that is not for them.
    pub fn no_such_incident(written: &str) -> No {
        let written = firebell_domain::text::line_of_machine(written, 40);
        No::new(
            StatusCode::NOT_FOUND,
            "no_such_incident",
            format!("There is no {written}. \"/incident list\" shows the open ones."),
        )
    }

    /// What became of a command, as a metric's label has it.
    pub fn outcome(&self) -> &'static str {
        if self.fault_id.is_some() { "fault" } else { "refused" }
    }

    pub fn json(&self) -> serde_json::Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(id) = &self.fault_id {
            error["fault_id"] = json!(id);
        }
        json!({ "error": error })
    }
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> No {
        let status = match &refusal {
            Refusal::NoSuchIncident { .. } => StatusCode::NOT_FOUND,
            Refusal::NotPermitted { .. } => StatusCode::FORBIDDEN,
            Refusal::Ended { .. }
            | Refusal::AlreadyAcknowledged { .. }
            | Refusal::AlreadyThere { .. }
            | Refusal::NotAcknowledged { .. }
            | Refusal::NotResolved { .. }
            | Refusal::PostmortemMoved { .. }
            | Refusal::PostmortemPublished { .. }
            | Refusal::PostmortemUnchanged { .. }
            | Refusal::ActionItemDone { .. }
            | Refusal::NothingToDeclare(_)
            | Refusal::Stale => StatusCode::CONFLICT,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        No::new(status, refusal.code(), refusal.to_string())
    }
}

impl From<Fault> for No {
    fn from(fault: Fault) -> No {
        let (status, code) = match fault.kind {
            FaultKind::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "overloaded"),
            FaultKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            FaultKind::Full => (StatusCode::SERVICE_UNAVAILABLE, "full"),
            FaultKind::Unknown => (StatusCode::SERVICE_UNAVAILABLE, "not_known"),
            FaultKind::Damaged => (StatusCode::INTERNAL_SERVER_ERROR, "damaged"),
            FaultKind::Bug => (StatusCode::INTERNAL_SERVER_ERROR, "fault"),
        };
        let retry_after = fault.passes();
        No { status, code, message: fault.shown(), fault_id: Some(fault.id), retry_after }
    }
}

impl From<ActError> for No {
    fn from(error: ActError) -> No {
        match error {
            ActError::Refused(refusal) => refusal.into(),
            ActError::Fault(fault) => fault.into(),
        }
    }
}

/// For reads, whose faults nobody has logged yet.
pub fn read_failed(fault: Fault) -> No {
    let fault = fault.logged();
    let message = match fault.kind {
        FaultKind::Damaged => {
            format!("This could not be read: the log does not add up. Tell your operator {}.", fault.id)
        }
        FaultKind::Bug => format!("Something went wrong inside Firebell. Tell your operator {}.", fault.id),
        _ => format!("The database cannot be read at the moment. Try again in a few seconds. ({})", fault.id),
    };
    No { message, ..No::from(fault) }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.json())).into_response();
        if self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
