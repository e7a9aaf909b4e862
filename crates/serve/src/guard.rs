//! Who may ask, and what every answer says of itself.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Shared;

const COOKIE: &str = "glomers-token";

/// Lets a request through, or refuses it.
pub(crate) async fn guard(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match refused(&shared, &request) {
        Some(response) => response,
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Pages bring a policy of their own; all else may do nothing.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        let nothing =
            HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'");
        headers.insert(header::CONTENT_SECURITY_POLICY, nothing);
    }
    response
}

fn refused(shared: &Shared, request: &Request) -> Option<Response> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let said = "This server only reads: ask with GET.\n";
        return Some((StatusCode::METHOD_NOT_ALLOWED, said).into_response());
    }
    // A page elsewhere must not reach us under a name of its own.
    if shared.is_local && !is_local_name(request.headers()) {
        let said = "Ask for 127.0.0.1 or localhost.\n";
        return Some((StatusCode::FORBIDDEN, said).into_response());
    }
    let token = shared.token.as_deref()?;
    if given(request.headers()).any(|given| same(given, token)) {
        return None;
    }
    let query = request.uri().query().unwrap_or_default();
    let in_address = query.split('&').find_map(|part| part.strip_prefix("token="));
    if !in_address.is_some_and(|given| same(given, token)) {
        let said = "A token is needed: open the address that glomers serve printed.\n";
        return Some((StatusCode::UNAUTHORIZED, said).into_response());
    }
    // From now on the cookie has it, and the address does not show it.
    let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict");
    let place = request.uri().path().to_owned();
    Some(
        (StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie), (header::LOCATION, place)])
            .into_response(),
    )
}

fn is_local_name(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    matches!(name, "127.0.0.1" | "localhost" | "::1")
}

/// The tokens in the cookies of a request.
fn given(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// Compares in a time that does not tell how much is right.
fn same(given: &str, token: &str) -> bool {
    let differs = given.bytes().zip(token.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    given.len() == token.len() && differs == 0
}
