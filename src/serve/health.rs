//! `grpc.health.v1.Health`: the server is well as long as it answers.
//!
//! Source: `grpc/health/v1/health.proto` of grpc-proto.

use std::future::pending;

use prost::Message;

use super::call::{Call, Stop};
use super::services::{self, no_message};
use crate::net::Ending;
use crate::replay::Replayer;
use crate::schema::Code;

pub(super) const SERVICE: &str = "grpc.health.v1.Health";

const SERVING: i32 = 1;
const SERVICE_UNKNOWN: i32 = 3;

#[derive(Clone, PartialEq, Message)]
struct HealthCheckRequest {
    #[prost(string, tag = "1")]
    service: String,
}

#[derive(Clone, PartialEq, Message)]
struct HealthCheckResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// Says whether a service that was recorded, or the server as a whole, is well.
pub(super) async fn check(replayer: &Replayer<'static>, call: &mut Call) -> Result<Ending, Stop> {
    let Some(service) = service_asked_for(call).await? else { return Ok(no_message()) };
    if !is_known(replayer, &service) {
        return Ok(Ending::new(Code::NOT_FOUND, format!("no recorded call is of a service `{service}`")));
    }
    call.reply.last_message(&HealthCheckResponse { status: SERVING }.encode_to_vec());
    Ok(Ending::ok())
}

/// Says the same once, and then waits: it will not change.
pub(super) async fn watch(replayer: &Replayer<'static>, call: &mut Call) -> Result<Ending, Stop> {
    let Some(service) = service_asked_for(call).await? else { return Ok(no_message()) };
    let status = if is_known(replayer, &service) { SERVING } else { SERVICE_UNKNOWN };
    call.reply.message(&HealthCheckResponse { status }.encode_to_vec()).await;
    pending().await
}

async fn service_asked_for(call: &mut Call) -> Result<Option<String>, Stop> {
    let Some(message) = call.next_message().await? else { return Ok(None) };
    Ok(Some(HealthCheckRequest::decode(message).map_err(services::malformed)?.service))
}

fn is_known(replayer: &Replayer<'static>, service: &str) -> bool {
    service.is_empty() || services::recorded(replayer).any(|recorded| recorded == service)
}
