//! Records of 100 KB to 4 MB: KMS encrypts, ByteStream reads, Secret Manager keeps a long text.

use std::io::Write;

use rpcreplay::Result;

use crate::message::Message;
use crate::random::Random;
use crate::recording::{Answer, Recording};

pub fn step(recording: &mut Recording<impl Write>, random: &mut Random) -> Result<()> {
    let length = random.magnitude(100_000, 4_000_000) as usize;
    match random.below(3) {
        0 => {
            let name = "projects/demo-project/locations/global/keyRings/ring/cryptoKeys/key";
            let request = Message::new().text(1, name).bytes(2, random.text(length).as_bytes());
            let response = Message::new().text(1, name).bytes(2, &random.bytes(length));
            recording.call(
                random,
                "/google.cloud.kms.v1.KeyManagementService/Encrypt",
                ("google.cloud.kms.v1.EncryptRequest", request),
                Answer::Message(("google.cloud.kms.v1.EncryptResponse", response)),
            )
        }
        1 => {
            let stream = recording.create_stream("/google.bytestream.ByteStream/Read")?;
            let request = Message::new().text(1, &format!("demo/blobs/{}/{length}", random.id(64)));
            recording.send(stream, ("google.bytestream.ReadRequest", request))?;
            let response = Message::new().bytes(10, &random.bytes(length));
            recording.receive(stream, Answer::Message(("google.bytestream.ReadResponse", response)))?;
            recording.receive(stream, Answer::Eof)
        }
        _ => {
            let name = "projects/demo-project/secrets/terms";
            let payload = Message::new().bytes(1, random.text(length).as_bytes());
            let version = Message::new().text(1, &format!("{name}/versions/{}", random.between(1, 99))).number(4, 1);
            recording.call(
                random,
                "/google.cloud.secretmanager.v1.SecretManagerService/AddSecretVersion",
                (
                    "google.cloud.secretmanager.v1.AddSecretVersionRequest",
                    Message::new().text(1, name).message(2, payload),
                ),
                Answer::Message(("google.cloud.secretmanager.v1.SecretVersion", version)),
            )
        }
    }
}
