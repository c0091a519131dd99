//! Calls among which one has to be found: [`write`].

use std::io::Write;

use rpcreplay::Result;

use crate::message::Message;
use crate::recording::{Answer, Recording};

const METHOD: &str = "/google.cloud.secretmanager.v1.SecretManagerService/AccessSecretVersion";

/// How many bytes of data an answer has: they say nothing but the number of the call.
const DATA_BYTES: usize = 100;

/// Writes unary calls of one method, each with another request, and answers that are equally long.
pub fn write(mut out: Recording<impl Write>, calls: u64) -> Result<()> {
    for number in 0..calls {
        let name = format!("projects/demo-project/secrets/secret-{number:010}/versions/1");
        let request = Message::new().text(1, &name);
        let data = format!("{number:0DATA_BYTES$}");
        let answer = request.clone().message(2, Message::new().text(1, &data));
        let call = out.request(METHOD, ("google.cloud.secretmanager.v1.AccessSecretVersionRequest", request))?;
        let answer = ("google.cloud.secretmanager.v1.AccessSecretVersionResponse", answer);
        out.respond(call, Answer::Message(answer))?;
    }
    out.finish()
}
