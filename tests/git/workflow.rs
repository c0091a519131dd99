//! The workflow of GitHub Actions in `tests/cli/git.md`, whose steps are run with a `gh` that writes down what it is asked.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Sandbox, changed_secrets, data};

const MARK: &str = "<!-- rpcreplay diff -->\n";

/// Knows the comments in `comments`, and appends what it is to do to `asked`, with the text of the comment.
const GH: &str = r#"#!/bin/sh
case "$*" in
  "api --paginate repos/o/r/issues/7/comments --jq "*) cat "$HOME/comments"; exit ;;
esac
for word; do
  case "$word" in
    body=@*) echo "body" && cat "${word#body=@}" ;;
    -F) ;;
    *) printf '%s ' "$word" ;;
  esac
done >> "$HOME/asked"
"#;

/// The script of the step with this name.
fn step(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/git.md");
    let document = fs::read_to_string(path).expect("the document");
    let step =
        document.split("\n      - ").find(|step| step.starts_with(&format!("name: {name}\n"))).expect("the step");
    let (_, script) = step.split_once("        run: |\n").expect("a script");
    let lines = script.lines().take_while(|line| line.starts_with("          "));
    lines.map(|line| format!("{}\n", &line[10..])).collect()
}

/// What the workflow did.
#[derive(Debug, PartialEq, Eq)]
struct Done {
    /// The exit code of the step that compares.
    code: i32,
    summary: String,
    /// What `gh` was asked to do.
    asked: String,
}

/// Runs the workflow for `main...HEAD`, with these comments there.
fn run(sandbox: &mut Sandbox, comments: &str) -> Done {
    let home = sandbox.folder.path().join("home");
    let place = |name: &str| home.join(name).to_str().expect("UTF-8").to_owned();
    for name in ["summary", "output", "asked", "comments"] {
        fs::write(home.join(name), if name == "comments" { comments } else { "" }).expect("a home");
    }
    for (name, value) in [
        ("GITHUB_STEP_SUMMARY", place("summary")),
        ("GITHUB_OUTPUT", place("output")),
        ("RUNNER_TEMP", place("")),
        ("GITHUB_REPOSITORY", "o/r".to_owned()),
        ("PR", "7".to_owned()),
        ("BASE", sandbox.git("rev-parse main").trim_end().to_owned()),
        ("HEAD", sandbox.git("rev-parse HEAD").trim_end().to_owned()),
    ] {
        sandbox.set(name, &value);
    }
    let (_, code) = sandbox.run("bash", &["-e", "-c", &step("Compare")]);
    let read = |name: &str| fs::read_to_string(home.join(name)).expect("a file");
    if code == 0 {
        let output = read("output");
        sandbox.set("CODE", output.trim_end().strip_prefix("code=").expect("an output"));
        let (said, code) = sandbox.run("bash", &["-e", "-c", &step("Comment")]);
        assert_eq!((said.as_str(), code), ("", 0));
    }
    Done { code, summary: read("summary"), asked: read("asked") }
}

#[test]
fn the_workflow_comments_once_on_what_differs() {
    let Some(mut sandbox) = Sandbox::new() else { return };
    let gh = sandbox.folder.path().join("home/gh");
    // Not by this process: what it starts meanwhile for another test would hold the program open, and it could not be run.
    let made = sandbox.run("sh", &["-c", "printf '%s' \"$1\" > \"$2\"", "sh", GH, gh.to_str().expect("UTF-8")]);
    assert_eq!(made.1, 0);
    fs::set_permissions(&gh, fs::Permissions::from_mode(0o755)).expect("a mode");
    let (_, path) = sandbox.environment.iter().find(|(name, _)| name == "PATH").expect("it is set");
    let path = format!("{}:{path}", gh.parent().expect("a home").display());
    sandbox.set("PATH", &path);
    sandbox.write("calls.replay", data("secrets.replay"));
    sandbox.write("diff.md", "tracked\n");
    sandbox.commit("one");
    sandbox.git("checkout --quiet -b side");
    // What the base branch gets meanwhile is no change of this one.
    sandbox.git("checkout --quiet main");
    sandbox.write("main.replay", data("pubsub.replay"));
    sandbox.commit("main");
    sandbox.git("checkout --quiet side");

    // Nothing differs.
    let same = "**rpcreplay diff**: 0 recordings: 0 changed\n";
    assert_eq!(run(&mut sandbox, ""), Done { code: 0, summary: same.to_owned(), asked: String::new() });

    // Something does, at first and when more is pushed.
    sandbox.write("calls.replay", changed_secrets());
    sandbox.commit("two");
    let done = run(&mut sandbox, "");
    assert!(done.summary.starts_with("**rpcreplay diff**: 1 recording: 1 changed\n\n<details open>"), "{done:?}");
    let text = done.summary.clone();
    let post = format!("api --silent --method POST repos/o/r/issues/7/comments body\n{MARK}{text}");
    assert_eq!(done, Done { code: 0, summary: text.clone(), asked: post });
    let patch = |text: &str| format!("api --silent --method PATCH repos/o/r/issues/comments/12 body\n{MARK}{text}");
    let expected = Done { code: 0, summary: text.clone(), asked: patch(&text) };
    assert_eq!(run(&mut sandbox, "12\n13\n"), expected);

    // What was changed was taken back.
    sandbox.write("calls.replay", data("secrets.replay"));
    sandbox.commit("three");
    assert_eq!(run(&mut sandbox, "12\n"), Done { code: 0, summary: same.to_owned(), asked: patch(same) });

    // Trouble is a failure, and others are in the summary all the same.
    sandbox.write("calls.replay", changed_secrets());
    sandbox.write("broken.replay", &data("secrets.replay")[..900]);
    sandbox.commit("four");
    let (head, body) = text.split_once("1 recording: 1 changed\n").expect("a total");
    let summary = format!(
        "{head}2 recordings: 1 changed, 1 unreadable\n{body}\n- can't be compared: {}&#58;broken.replay&#58; entry 5 at \
         byte 795&#58; input ends after 101 of the 208 bytes of the record\n",
        sandbox.git("rev-parse HEAD").trim_end()
    );
    assert_eq!(run(&mut sandbox, "12\n"), Done { code: 2, summary, asked: String::new() });
    sandbox.git("checkout --quiet --orphan other");
    sandbox.commit("five");
    assert_eq!(run(&mut sandbox, ""), Done { code: 2, summary: String::new(), asked: String::new() });
    assert_eq!(sandbox.read("diff.md"), "tracked\n");
}
