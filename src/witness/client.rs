//! Requests to other courts: plain and few, with a limit on time and size.

use std::time::Duration;

use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// A whole request, answer included.
const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes of the longest answer that is read: a bundle of 256 entries of the longest kind.
const MAX_ANSWER_BYTES: u64 = 17 << 20;

/// What makes the requests. Blocking: to be called on a thread that may wait.
#[derive(Debug, Clone)]
pub(super) struct Client {
    agent: Agent,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Client {
    pub(super) fn new() -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .tls_config(tls)
            .build();
        Self { agent: config.into() }
    }

    /// # Errors
    /// Why there is no answer.
    pub(super) fn post(&self, url: &str, body: &str) -> Result<Answer, String> {
        read(self.agent.post(url).content_type("text/plain; charset=utf-8").send(body))
    }

    /// # Errors
    /// Why there is no answer.
    pub(super) fn get(&self, url: &str, token: Option<&str>) -> Result<Answer, String> {
        let mut request = self.agent.get(url);
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        read(request.call())
    }
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Answer, String> {
    let mut answer = answer.map_err(|e| e.to_string())?;
    let body = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec().map_err(|e| e.to_string())?;
    Ok(Answer { status: answer.status().as_u16(), body })
}
