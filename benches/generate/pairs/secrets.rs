//! Secret Manager: a secret that is created, given a version, read and deleted by its entity tag.

use crate::message::Message;
use crate::pairs::call::Call;
use crate::pairs::run::{Half, Run};
use crate::random::Random;
use crate::recording::{Answer, status};

const PARENT: &str = "projects/demo-project";
/// The code of `NOT_FOUND`.
const NOT_FOUND: u64 = 5;

/// A secret. Its labels are made of their own chance whenever it is written.
struct Secret {
    name: String,
    labels: Random,
    create_time: Message,
    etag: String,
}

/// The calls one behind the other, but for a look at the secret while its version is added.
pub fn rounds(story: &mut Random, run: &mut Run) -> Vec<Vec<Call>> {
    let id = story.id(12);
    let secret = Secret::new(format!("{PARENT}/secrets/{id}"), story, run);
    let payload = story.fork();
    let version = format!("{}/versions/1", secret.name);
    vec![
        vec![create(&id, &secret, run)],
        vec![get(&secret, run), add_version(&secret, &version, payload.clone(), run)],
        vec![access(&version, payload, run)],
        vec![delete(&secret)],
    ]
}

/// A look at a secret, which may not exist.
pub fn lone_get(story: &mut Random, run: &mut Run) -> Call {
    let secret = Secret::new(format!("{PARENT}/secrets/{}", story.id(12)), story, run);
    if story.percent(90) {
        return get(&secret, run);
    }
    let answer = Answer::Error(status(story, NOT_FOUND, &secret.name));
    Call::unary(GET, ("google.cloud.secretmanager.v1.GetSecretRequest", Message::new().text(1, &secret.name)), answer)
}

fn create(id: &str, secret: &Secret, run: &mut Run) -> Call {
    let new = secret.labelled(Half::Request, run, Message::new().message(2, automatic()));
    let request = Message::new().text(1, PARENT).text(2, id).message(3, new);
    Call::unary(
        "/google.cloud.secretmanager.v1.SecretManagerService/CreateSecret",
        ("google.cloud.secretmanager.v1.CreateSecretRequest", request),
        secret.answer(run),
    )
}

const GET: &str = "/google.cloud.secretmanager.v1.SecretManagerService/GetSecret";

fn get(secret: &Secret, run: &mut Run) -> Call {
    let request = ("google.cloud.secretmanager.v1.GetSecretRequest", Message::new().text(1, &secret.name));
    Call::unary(GET, request, secret.answer(run))
}

fn add_version(secret: &Secret, version: &str, data: Random, run: &mut Run) -> Call {
    let request = Message::new().text(1, &secret.name).message(2, payload(data, Half::Request, run));
    let response = Message::new().text(1, version).message(2, run.time()).number(4, 1).text(6, &run.etag());
    Call::unary(
        "/google.cloud.secretmanager.v1.SecretManagerService/AddSecretVersion",
        ("google.cloud.secretmanager.v1.AddSecretVersionRequest", request),
        Answer::Message(("google.cloud.secretmanager.v1.SecretVersion", response)),
    )
}

fn access(version: &str, data: Random, run: &mut Run) -> Call {
    let response = Message::new().text(1, version).message(2, payload(data, Half::Response, run));
    Call::unary(
        "/google.cloud.secretmanager.v1.SecretManagerService/AccessSecretVersion",
        ("google.cloud.secretmanager.v1.AccessSecretVersionRequest", Message::new().text(1, version)),
        Answer::Message(("google.cloud.secretmanager.v1.AccessSecretVersionResponse", response)),
    )
}

fn delete(secret: &Secret) -> Call {
    let request = Message::new().text(1, &secret.name).text(2, &secret.etag);
    Call::unary(
        "/google.cloud.secretmanager.v1.SecretManagerService/DeleteSecret",
        ("google.cloud.secretmanager.v1.DeleteSecretRequest", request),
        Answer::Message(("google.protobuf.Empty", Message::new())),
    )
}

impl Secret {
    fn new(name: String, story: &mut Random, run: &mut Run) -> Secret {
        Secret { name, labels: story.fork(), create_time: run.time(), etag: run.etag() }
    }

    /// The secret as the service shows it.
    fn answer(&self, run: &mut Run) -> Answer {
        let shown = Message::new().text(1, &self.name).message(2, automatic()).message(3, self.create_time.clone());
        let shown = self.labelled(Half::Response, run, shown).text(8, &self.etag);
        Answer::Message(("google.cloud.secretmanager.v1.Secret", shown))
    }

    fn labelled(&self, half: Half, run: &mut Run, message: Message) -> Message {
        let mut story = self.labels.clone();
        let mut labels = Vec::new();
        for number in 0..story.between(1, 6) {
            labels.push((format!("{}-{number}", story.word()), run.text(half, story.word().to_owned())));
        }
        run.text_map(message, 4, labels)
    }
}

/// `Replication` by the service itself.
fn automatic() -> Message {
    Message::new().bytes(1, &[])
}

fn payload(mut data: Random, half: Half, run: &mut Run) -> Message {
    let length = data.magnitude(8, 200) as usize;
    Message::new().bytes(1, run.text(half, data.text(length)).as_bytes())
}
