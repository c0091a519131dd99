//! The services that a server has of itself, unless the recording has calls of them.

use prost::DecodeError;

use super::call::{Call, Stop};
use super::{health, reflection};
use crate::net::Ending;
use crate::net::reflection::SERVICES;
use crate::replay::Replayer;
use crate::schema::Code;

/// A method that the server answers by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BuiltIn {
    Check,
    Watch,
    Reflect,
}

impl BuiltIn {
    /// The built-in method that a call is of, if nothing was recorded of its service.
    pub(super) fn of(method: &str, replayer: &Replayer<'static>) -> Option<BuiltIn> {
        let (service, name) = method.strip_prefix('/')?.split_once('/')?;
        let built_in = match name {
            "Check" if service == health::SERVICE => BuiltIn::Check,
            "Watch" if service == health::SERVICE => BuiltIn::Watch,
            "ServerReflectionInfo" if SERVICES.contains(&service) => BuiltIn::Reflect,
            _ => return None,
        };
        recorded(replayer).all(|recorded| recorded != service).then_some(built_in)
    }

    /// Answers a call.
    pub(super) async fn answer(self, replayer: &Replayer<'static>, call: &mut Call) -> Result<Ending, Stop> {
        match self {
            BuiltIn::Check => health::check(replayer, call).await,
            BuiltIn::Watch => health::watch(replayer, call).await,
            BuiltIn::Reflect => reflection::answer(replayer, call).await,
        }
    }
}

/// The services that were recorded, a name per method.
pub(super) fn recorded<'r>(replayer: &'r Replayer<'static>) -> impl Iterator<Item = &'r str> {
    replayer.methods().filter_map(|method| Some(method.strip_prefix('/')?.split_once('/')?.0))
}

/// The end of a call without the message that it must have.
pub(super) fn no_message() -> Ending {
    Ending::new(Code::UNIMPLEMENTED, "request without a message, expected one")
}

/// The end of a call whose message can't be read.
pub(super) fn malformed(error: DecodeError) -> Stop {
    Stop::Ended(Ending::new(Code::INVALID_ARGUMENT, error.to_string()))
}
