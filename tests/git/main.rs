//! What git shows of recordings, in repositories of real git; where there is none these tests say so and pass.

mod folders;
mod revisions;
mod workflow;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_rpcreplay");

/// What install sets here.
const SETTINGS: &str = "\
diff.rpcreplay.textconv rpcreplay git textconv --
diff.rpcreplay.cachetextconv true
diff.rpcreplay.xfuncname ^/.*$
diff.rpcreplay.command rpcreplay git diff-driver --
";

/// How `secrets.replay` and `changed_secrets` differ.
const SECRETS_DIFFER: &str = "\
2 calls changed, 3 the same

~ #3 /google.cloud.secretmanager.v1.SecretManagerService/AddSecretVersion
  ~ request:payload.data: \"not a real key\" → \"no true API ke\"

~ #5 /google.cloud.secretmanager.v1.SecretManagerService/AccessSecretVersion
  ~ response:payload.data: \"not a real key\" → \"no true API ke\"
";

/// The calls of `secrets.replay` and of `pubsub.replay`, as they are listed when there is nothing to compare them with.
const SECRETS: [&str; 5] = [
    "#1 /google.cloud.secretmanager.v1.SecretManagerService/CreateSecret",
    "#3 /google.cloud.secretmanager.v1.SecretManagerService/AddSecretVersion",
    "#5 /google.cloud.secretmanager.v1.SecretManagerService/AccessSecretVersion",
    "#7 /google.cloud.secretmanager.v1.SecretManagerService/DeleteSecret",
    "#9 /google.cloud.secretmanager.v1.SecretManagerService/GetSecret NOT_FOUND",
];
const PUBSUB: [&str; 4] = [
    "#1 /google.pubsub.v1.Publisher/CreateTopic",
    "#3 /google.pubsub.v1.Publisher/CreateTopic ALREADY_EXISTS",
    "#5 /google.pubsub.v1.Publisher/Publish",
    "#7 /google.pubsub.v1.Subscriber/StreamingPull UNAVAILABLE",
];

/// The second of them, where it is one of several calls that came.
const TOPIC_EXISTS: &str = "#3 /google.pubsub.v1.Publisher/CreateTopic ALREADY_EXISTS\n\
    \x20 request: google.pubsub.v1.Topic { name: \"projects/demo/topics/weather\" }\n\
    \x20 status: google.rpc.Status {\n\
    \x20   code: ALREADY_EXISTS\n\
    \x20   message: \"Resource already exists in the project (resource=weather).\"\n\
    \x20 }\n";

/// What is said of a recording that one side has not: `added` or `removed`.
fn one_sided(word: &str, calls: &[&str]) -> String {
    let marker = if word == "added" { '+' } else { '-' };
    let lines: String = calls.iter().map(|call| format!("{marker} {call}\n")).collect();
    format!("{word}, {} calls\n\n{lines}", calls.len())
}

/// A folder with a home and a repository, and nothing else that git could read.
struct Sandbox {
    folder: TempDir,
    /// Where commands run.
    working_directory: PathBuf,
    environment: Vec<(String, String)>,
}

impl Sandbox {
    /// A repository without a commit; `None`, with a word about it, if there is no git.
    fn new() -> Option<Sandbox> {
        Sandbox::at("work")
    }

    fn at(name: &str) -> Option<Sandbox> {
        if Command::new("git").arg("version").output().is_err() {
            eprintln!("skipped: there is no git");
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["home", name] {
            fs::create_dir(folder.path().join(name)).expect("a writable folder");
        }
        let path = format!("{}:{}", folder_of(PROGRAM), std::env::var("PATH").expect("a path to git"));
        let names = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"];
        let mut environment: Vec<_> = names.map(|name| (name.to_owned(), "anna@example.com".to_owned())).into();
        for (name, value) in [
            ("PATH", path.as_str()),
            ("HOME", folder.path().join("home").to_str().expect("UTF-8")),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CEILING_DIRECTORIES", folder.path().to_str().expect("UTF-8")),
            ("LC_ALL", "C.UTF-8"),
        ] {
            environment.push((name.to_owned(), value.to_owned()));
        }
        let sandbox = Sandbox { working_directory: folder.path().join(name), folder, environment };
        sandbox.git("init --quiet --initial-branch main");
        Some(sandbox)
    }

    fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(other, _)| other != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    fn output<S: AsRef<OsStr>>(&self, program: &str, arguments: &[S]) -> Output {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.working_directory);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.output().expect("the program starts")
    }

    /// What a program writes, and its exit code.
    fn run<S: AsRef<OsStr>>(&self, program: &str, arguments: &[S]) -> (String, i32) {
        let output = self.output(program, arguments);
        let text = [output.stdout, output.stderr].concat();
        (String::from_utf8_lossy(&text).into_owned(), output.status.code().expect("an exit code"))
    }

    /// What git writes; it must succeed.
    fn git(&self, arguments: &str) -> String {
        let arguments: Vec<_> = arguments.split(' ').collect();
        let (text, code) = self.run("git", &arguments);
        assert_eq!(code, 0, "git {arguments:?}: {text}");
        text
    }

    /// What `rpcreplay git` writes, and its exit code.
    fn rpcreplay(&self, arguments: &str) -> (String, i32) {
        self.run(PROGRAM, &[&["git"][..], &arguments.split(' ').collect::<Vec<_>>()].concat())
    }

    /// The same; it must succeed.
    fn does(&self, arguments: &str) -> String {
        let (text, code) = self.rpcreplay(arguments);
        assert_eq!(code, 0, "rpcreplay git {arguments}: {text}");
        text
    }

    fn path(&self, name: &str) -> PathBuf {
        self.working_directory.join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in the repository")).expect("a writable folder");
        fs::write(path, bytes).expect("a writable folder");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn commit(&self, message: &str) {
        self.git("add --all");
        self.git(&format!("commit --quiet --message {message}"));
    }

    /// What `diff.rpcreplay.*` is set to.
    fn settings(&self) -> String {
        self.run("git", &["config", "--get-regexp", r"^diff\.rpcreplay\."]).0
    }

    /// A repository in which `calls.replay` was installed for and committed.
    fn with_calls() -> Option<Sandbox> {
        let sandbox = Sandbox::new()?;
        sandbox.write("calls.replay", data("secrets.replay"));
        sandbox.does("install");
        sandbox.commit("one");
        Some(sandbox)
    }
}

fn data(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).expect("a recording")
}

fn folder_of(program: &str) -> &str {
    program.rsplit_once('/').expect("it stands in a folder").0
}

/// `secrets.replay` with another name in it, as long as the one that it had.
fn changed_secrets() -> Vec<u8> {
    replaced(&data("secrets.replay"), b"not a real key", b"no true API key")
}

fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let new = &new[..old.len()];
    let mut bytes = bytes.to_vec();
    let starts: Vec<_> = (0..bytes.len()).filter(|&start| bytes[start..].starts_with(old)).collect();
    assert!(!starts.is_empty());
    for start in starts {
        bytes[start..start + old.len()].copy_from_slice(new);
    }
    bytes
}

#[test]
fn uninstall_leaves_what_was_there() {
    for before in [None, Some("*.txt text\n"), Some("*.txt text"), Some(""), Some("a -diff\r\n\r\n")] {
        let Some(sandbox) = Sandbox::new() else { return };
        sandbox.write("calls.replay", data("secrets.replay"));
        if let Some(text) = before {
            sandbox.write(".gitattributes", text);
        }
        let config = sandbox.read(".git/config");
        sandbox.does("install");
        assert_eq!(sandbox.settings(), SETTINGS);
        let attributes = sandbox.read(".gitattributes");
        assert!(attributes.starts_with(before.unwrap_or("# rpcreplay: begin")), "{attributes}");
        assert!(attributes.ends_with("\n*.replay diff=rpcreplay\n# rpcreplay: end\n"), "{attributes}");

        // Again changes nothing.
        let installed = sandbox.read(".git/config");
        let said = sandbox.does("install");
        assert!(!said.contains("(new)"), "{said}");
        assert_eq!((sandbox.read(".git/config"), sandbox.read(".gitattributes")), (installed, attributes));

        sandbox.does("uninstall");
        assert_eq!(sandbox.read(".git/config"), config);
        assert_eq!(fs::read_to_string(sandbox.path(".gitattributes")).ok().as_deref(), before);
        let (said, code) = sandbox.rpcreplay("uninstall");
        assert!(said.starts_with("rpcreplay: nothing is installed here"), "{said}");
        assert_eq!(code, 1);
    }
}

#[test]
fn uninstall_leaves_what_others_set() {
    let Some(sandbox) = Sandbox::with_calls() else { return };
    sandbox.git("config diff.rpcreplay.xfuncname ^/");
    let twice = ["config", "--add", "diff.rpcreplay.textconv", "rpcreplay git textconv --"];
    assert_eq!(sandbox.run("git", &twice).1, 0);
    sandbox.git("config diff.rpcreplay.cachetextconv false");
    let said = sandbox.does("install");
    assert!(said.contains("diff.rpcreplay.cachetextconv = false  (kept)\n"), "{said}");
    let said = sandbox.does("uninstall");
    assert!(said.contains("diff.rpcreplay.cachetextconv = false  (kept)\n"), "{said}");
    assert_eq!(sandbox.settings(), "diff.rpcreplay.cachetextconv false\ndiff.rpcreplay.xfuncname ^/\n");
}

#[test]
fn a_command_of_somebody_else_is_not_replaced() {
    let Some(sandbox) = Sandbox::new() else { return };
    sandbox.git("config diff.rpcreplay.command mine");
    let expected = "rpcreplay: diff.rpcreplay.command: is `mine`, which somebody else set, expected nothing\n\
                    hint: if you do without it: git config --local --unset-all diff.rpcreplay.command\n";
    assert_eq!(sandbox.rpcreplay("install"), (expected.to_owned(), 2));
    assert_eq!(sandbox.settings(), "diff.rpcreplay.command mine\n", "nothing was begun");
    assert!(!sandbox.path(".gitattributes").exists());
    sandbox.git("config --unset-all diff.rpcreplay.command");
    sandbox.does("install");
}

#[test]
fn a_program_that_is_not_on_the_path_is_called_by_its_own() {
    let Some(mut sandbox) = Sandbox::new() else { return };
    let folder = sandbox.folder.path().join("it's \"here\"");
    fs::create_dir(&folder).expect("a writable folder");
    let program = folder.join("rpcreplay");
    let program = program.to_str().expect("UTF-8");
    // Not by this process: what it starts meanwhile for another test would hold the program open, and it could not be run.
    assert_eq!(sandbox.run("cp", &[PROGRAM, program]).1, 0);
    sandbox.write("calls.replay", data("secrets.replay"));
    let (said, code) = sandbox.run(program, &["git", "install"]);
    assert_eq!(code, 0, "{said}");
    assert!(sandbox.settings().contains("/rpcreplay"), "another one is on the path: {said}");
    sandbox.set("PATH", &std::env::var("PATH").expect("a path to git"));
    sandbox.commit("one");
    assert!(sandbox.git("show").contains("+/google.cloud.secretmanager.v1.SecretManagerService/CreateSecret\n"));

    // With the program gone, status says what git dies of.
    fs::remove_file(program).expect("a writable folder");
    let (said, code) = sandbox.rpcreplay("status");
    assert_eq!(code, 1);
    assert!(
        said.contains("  ! the program of diff.rpcreplay.textconv is not there, without which git fails\n"),
        "{said}"
    );
    sandbox.does("install");
    assert!(sandbox.settings().contains(PROGRAM), "the path was replaced");
    sandbox.does("uninstall");
    assert_eq!(sandbox.settings(), "");
}

#[test]
fn patterns_are_those_of_recordings() {
    let Some(sandbox) = Sandbox::at("it's a \"repository\"") else { return };
    sandbox.write("a.replay", data("secrets.replay"));
    sandbox.write("text.grpcrr", data("marks.grpcrr"));
    sandbox.write("c/compressed.rec.zst", data("pubsub.replay.zst"));
    sandbox.write("tests with blanks/[1].json", "{\"format\":\"RPCReplay\",\"initial\":\"\",\"entries\":[]}");
    sandbox.write("package.json", "{}");
    sandbox.write("broken.replay", "RPCRepl");
    sandbox.write("other.bin", [0; 100]);
    sandbox.write("ignored/x.ignored", data("secrets.replay"));
    sandbox.write(".gitignore", "ignored\n");
    symlink("a.replay", sandbox.path("link.lnk")).expect("a link");
    sandbox.does("install");
    let expected = "# rpcreplay: begin, in a file made for it\n\
                    *.grpcrr diff=rpcreplay\n\
                    \"/tests with blanks/\\\\[1].json\" diff=rpcreplay\n\
                    *.rec.zst diff=rpcreplay\n\
                    *.replay diff=rpcreplay\n\
                    # rpcreplay: end\n";
    assert_eq!(sandbox.read(".gitattributes"), expected);
    let (said, code) = sandbox.rpcreplay("status");
    assert!(said.contains("\n  4 with the attribute diff=rpcreplay\n"), "{said}");
    assert_eq!(code, 0, "git understands all of them: {said}");

    sandbox.does("install *.x spaced*name");
    assert!(
        sandbox.read(".gitattributes").contains("\n*.x diff=rpcreplay\nspaced*name diff=rpcreplay\n# rpcreplay: end\n")
    );
    let (said, code) = sandbox.rpcreplay("status");
    assert!(said.contains("  ! tests with blanks/[1].json: no attribute `diff`\n"), "{said}");
    assert_eq!(code, 1);
    assert_eq!(sandbox.rpcreplay("install !x").1, 2);
}

#[test]
fn a_repository_without_recordings_gets_a_pattern() {
    let Some(sandbox) = Sandbox::new() else { return };
    let said = sandbox.does("install");
    assert!(
        said.contains("rpcreplay: no recordings were found in the working tree; the pattern is `*.replay`\n"),
        "{said}"
    );
    assert!(said.contains(".gitattributes: *.replay diff=rpcreplay  (new)\n"), "{said}");
}

#[test]
fn where_there_is_no_working_tree() {
    let Some(mut sandbox) = Sandbox::with_calls() else { return };
    sandbox.write("calls.replay", changed_secrets());
    sandbox.commit("two");
    let top = sandbox.working_directory.clone();

    // Below the top, the same.
    sandbox.write("sub/folder/x", "");
    sandbox.does("uninstall");
    sandbox.working_directory = top.join("sub/folder");
    sandbox.does("install");
    assert!(top.join(".gitattributes").exists() && !sandbox.path(".gitattributes").exists());
    sandbox.working_directory = top.join(".git");
    let expected = "rpcreplay: working directory: is git's own folder, expected a working tree\n\
                    hint: go to the top of the working tree\n";
    assert_eq!(sandbox.rpcreplay("install"), (expected.to_owned(), 2));

    // A second working tree shares the settings.
    sandbox.working_directory = top.clone();
    sandbox.git("worktree add --quiet ../other");
    sandbox.working_directory = sandbox.folder.path().join("other");
    assert_eq!(sandbox.rpcreplay("status").1, 0);
    assert!(sandbox.git("show").contains("-    payload { data: \"not a real key\" }\n"));
    sandbox.write("calls.replay", data("pubsub.replay"));
    assert!(sandbox.git("diff").starts_with("diff --rpcreplay a/calls.replay b/calls.replay\n"));

    // A bare one has attributes of its own.
    sandbox.working_directory = sandbox.folder.path().to_owned();
    sandbox.git("clone --quiet --bare work bare");
    sandbox.working_directory = sandbox.folder.path().join("bare");
    let attributes = fs::read(sandbox.path("info/attributes")).ok();
    let said = sandbox.does("install");
    assert!(said.contains("info/attributes: *.replay diff=rpcreplay  (new)\n"), "{said}");
    assert!(sandbox.git("show").contains("-    payload { data: \"not a real key\" }\n"));
    let said = sandbox.does("status");
    assert!(said.contains("  a bare repository has no files to look at\n"), "{said}");
    sandbox.does("uninstall");
    assert_eq!(fs::read(sandbox.path("info/attributes")).ok(), attributes);

    // From elsewhere, with the repository in the environment.
    sandbox.working_directory = sandbox.folder.path().join("home");
    let (said, code) = sandbox.rpcreplay("install");
    assert!(
        said.contains("not a git repository") && said.ends_with("hint: go into a repository, or use --global\n"),
        "{said}"
    );
    assert_eq!(code, 2);
    sandbox.set("GIT_DIR", top.join(".git").to_str().expect("UTF-8"));
    sandbox.set("GIT_WORK_TREE", top.to_str().expect("UTF-8"));
    assert!(sandbox.does("install").contains(".gitattributes: *.replay diff=rpcreplay\n"), "it is there already");
    // Git itself reads attributes only from below the top.
    sandbox.working_directory = top.clone();
    assert!(sandbox.git("show").contains("-    payload { data: \"not a real key\" }\n"));
    fs::write(top.join("calls.replay"), "no recording\n").expect("a writable folder");
    assert!(sandbox.git("diff").contains("\n+no recording\n"));
}

#[test]
fn global_settings_are_for_all_repositories() {
    for (existing, attributes) in [(false, "home/.config/git/attributes"), (true, "home/.gitattributes")] {
        let Some(mut sandbox) = Sandbox::new() else { return };
        if existing {
            sandbox.git("config --global core.excludesFile ~/ignored");
            let arguments = ["config", "--global", "core.attributesFile", "~/.gitattributes"];
            assert_eq!(sandbox.run("git", &arguments).1, 0);
            // As those have it who keep their settings in a repository.
            fs::write(sandbox.folder.path().join("home/kept"), "*.png diff=exif").expect("a home");
            symlink("kept", sandbox.folder.path().join(attributes)).expect("a link");
        }
        let config_file = sandbox.folder.path().join("home/.gitconfig");
        let before = fs::read(&config_file).ok();
        sandbox.write("calls.replay", data("secrets.replay"));
        sandbox.write("calls.rec", data("secrets.replay"));
        let said = sandbox.does("install --global");
        let text = fs::read_to_string(sandbox.folder.path().join(attributes)).expect("it was written");
        for pattern in ["*.replay", "*.grpcrr", "*.rpcreplay", "*.rec"] {
            assert!(text.contains(&format!("\n{pattern} diff=rpcreplay\n")), "{text}");
        }
        assert!(!sandbox.path(".gitattributes").exists() && !said.contains("commit"), "{said}");
        sandbox.commit("one");
        assert!(
            sandbox.git("show -- calls.rec").contains("+recording, initial state \"{\\\"project\\\":\\\"demo\\\"}\"\n")
        );
        assert!(sandbox.does("status").contains("diff.rpcreplay.cachetextconv = true  (global, "));

        // Anywhere, also outside of a repository.
        sandbox.working_directory = sandbox.folder.path().join("home");
        sandbox.does("install --global");
        sandbox.does("uninstall --global");
        assert_eq!(fs::read(&config_file).ok(), before);
        let left = fs::read_to_string(sandbox.folder.path().join(attributes)).ok();
        assert_eq!(left.as_deref(), existing.then_some("*.png diff=exif"));
        assert_eq!(sandbox.folder.path().join(attributes).is_symlink(), existing);
    }
}

/// Git can't write its cache when it does not know who commits, and ends in the middle of what it shows.
#[test]
fn who_is_nobody_gets_no_cache() {
    let Some(mut sandbox) = Sandbox::new() else { return };
    sandbox.write("calls.replay", data("secrets.replay"));
    sandbox.commit("one");
    sandbox.environment.retain(|(name, _)| !name.starts_with("GIT_AUTHOR") && !name.starts_with("GIT_COMMITTER"));
    sandbox.git("config user.useConfigOnly true");
    let said = sandbox.does("install");
    assert!(said.contains("git does not know who you are, and can't cache what the textconv writes\n"), "{said}");
    assert!(!sandbox.settings().contains("cachetextconv"));
    assert!(sandbox.git("show").contains("+/google.cloud.secretmanager.v1.SecretManagerService/DeleteSecret\n"));
    assert_eq!(sandbox.rpcreplay("status").1, 0);
    // Such as the global one of somebody who is known elsewhere.
    sandbox.git("config diff.rpcreplay.cachetextconv true");
    let (said, code) = sandbox.rpcreplay("status");
    assert!(said.contains("  ! git does not know who you are, and ends when it is to write its cache\n"), "{said}");
    let hint = "hint: set user.name and user.email, or diff.rpcreplay.cachetextconv to false\n";
    assert!(said.ends_with(hint), "{said}");
    assert_eq!(code, 1);
    assert_eq!(sandbox.run("git", &["show"]).1, 128, "if it no longer ends, caching may always be set");
}

#[test]
fn show_and_log_and_blame_have_the_text() {
    let Some(sandbox) = Sandbox::with_calls() else { return };
    sandbox.write("calls.replay", changed_secrets());
    sandbox.commit("two");
    for arguments in ["show", "log -p -1", "diff --no-ext-diff HEAD~1", "show --color=never HEAD -- calls.replay"] {
        let shown = sandbox.git(arguments);
        let changed: Vec<_> = shown.lines().filter(|line| line.starts_with(['+', '-'])).collect();
        let expected = [
            "--- a/calls.replay",
            "+++ b/calls.replay",
            "-    payload { data: \"not a real key\" }",
            "+    payload { data: \"no true API ke\" }",
            "-    payload { data: \"not a real key\" }",
            "+    payload { data: \"no true API ke\" }",
        ];
        assert_eq!(changed, expected, "{arguments}: {shown}");
    }
    // Behind the place stands the call.
    let service = "google.cloud.secretmanager.v1.SecretManagerService";
    assert!(sandbox.git("show --unified=1").contains(&format!(" @@ /{service}/AccessSecretVersion\n")));
    assert!(sandbox.git("blame -s calls.replay").contains(")     payload { data: \"no true API ke\" }\n"));
    assert!(sandbox.git("grep --textconv -n true.API -- calls.replay").starts_with("calls.replay:"));
    let driven = format!("diff --rpcreplay a/calls.replay b/calls.replay\n{SECRETS_DIFFER}");
    for arguments in ["show --ext-diff --format=", "log -p --ext-diff --format= -1"] {
        assert_eq!(sandbox.git(arguments), driven, "{arguments}");
    }
}

/// A merge is shown against both of its parents, each as text.
#[test]
fn a_merge_is_shown_as_text() {
    let Some(sandbox) = Sandbox::with_calls() else { return };
    sandbox.git("checkout --quiet -b other");
    sandbox.write("calls.replay", replaced(&data("secrets.replay"), b"No such secret", b"No known secret"));
    sandbox.commit("theirs");
    sandbox.git("checkout --quiet main");
    sandbox.write("calls.replay", changed_secrets());
    sandbox.commit("ours");
    sandbox.run("git", &["merge", "other"]);
    sandbox.write("calls.replay", replaced(&changed_secrets(), b"No such secret", b"No known secret"));
    sandbox.commit("both");
    let shown = sandbox.git("show --cc");
    assert!(!shown.contains("Binary"), "{shown}");
    let shown = sandbox.git("show -m --format=");
    assert_eq!(shown.matches("\n+      description: \"No known secre, or it was deleted.\"\n").count(), 1, "{shown}");
    assert_eq!(shown.matches("\n+    payload { data: \"no true API ke\" }\n").count(), 2, "{shown}");
}

/// Who has declared recordings binary gets their text all the same, and what is declared nearer wins.
#[test]
fn attributes_have_their_order() {
    let Some(sandbox) = Sandbox::new() else { return };
    sandbox.write(".gitattributes", "*.replay binary\n");
    sandbox.write("calls.replay", data("secrets.replay"));
    sandbox.does("install");
    sandbox.commit("one");
    assert!(sandbox.git("show").contains("+recording, initial state "));
    sandbox.write(".git/info/attributes", "*.replay -diff\n");
    assert!(sandbox.git("show").contains("\nBinary files /dev/null and b/calls.replay differ\n"));
    let (said, code) = sandbox.rpcreplay("status");
    assert!(said.contains("  ! calls.replay: `-diff`\n"), "{said}");
    assert_eq!(code, 1);
}

/// The documents say so.
#[test]
fn some_commands_ask_neither() {
    let Some(sandbox) = Sandbox::with_calls() else { return };
    sandbox.write("calls.replay", changed_secrets());
    assert_eq!(sandbox.git("add -p"), "Only binary files changed.\n");
    assert!(sandbox.git("diff --stat").contains(" calls.replay | Bin 2009 -> 2009 bytes\n"));
    sandbox.git("stash --quiet");
    assert!(sandbox.git("stash show -p").contains("Binary files a/calls.replay and b/calls.replay differ\n"));
    sandbox.git("stash pop --quiet");
    sandbox.commit("two");
    assert!(sandbox.git("format-patch -1 --stdout").contains("\nGIT binary patch\n"), "it must apply");
}

#[test]
fn the_textconv_is_cached() {
    let Some(sandbox) = Sandbox::with_calls() else { return };
    let shown = sandbox.git("show");
    let notes = sandbox.git("ls-tree -r --name-only refs/notes/textconv/rpcreplay");
    let blob = sandbox.git("rev-parse HEAD:calls.replay");
    assert_eq!(notes.replace('/', ""), blob);
    assert!(sandbox.does("status").contains("cached in refs/notes/textconv/rpcreplay\n"));

    // With a program that can't be run, only the cache can tell.
    let folder = sandbox.folder.path().join("bin");
    fs::create_dir(&folder).expect("a writable folder");
    symlink("/usr/bin/false", folder.join("rpcreplay")).expect("a link");
    let mut other = Sandbox { working_directory: sandbox.working_directory.clone(), ..Sandbox::new().expect("git") };
    other.set("PATH", &format!("{}:{}", folder.display(), std::env::var("PATH").expect("a path")));
    assert_eq!(other.git("show"), shown);
    // Installing again drops it.
    sandbox.does("install");
    assert_eq!(other.run("git", &["show"]).1, 128);
    assert_eq!(sandbox.git("show"), shown);
    let said = sandbox.does("uninstall");
    assert!(said.contains("refs/notes/textconv/rpcreplay  (removed)\n"), "{said}");
    assert_eq!(sandbox.git("for-each-ref refs/notes"), "");
}

#[test]
fn formats_and_map_orders_show_no_difference() {
    let Some(sandbox) = Sandbox::new() else { return };
    sandbox.write("calls.replay", data("firestore.replay"));
    sandbox.does("install");
    sandbox.commit("one");
    let convert = |flags: &[&str]| {
        let output = sandbox.output(PROGRAM, &[&["convert"][..], flags, &["calls.replay"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    for flags in [
        &["--to", "text"][..],
        &["--to", "json"],
        &["--to", "jsonl"],
        &["--to", "binary", "--compress", "zstd"],
        &["--to", "text", "--compress", "gzip"],
    ] {
        let original = fs::read(sandbox.path("calls.replay")).expect("a recording");
        let converted = convert(flags);
        assert_ne!(converted, original);
        sandbox.write("calls.replay", &converted);
        sandbox.commit("other");
        let shown = sandbox.git("show --format=");
        assert!(!shown.contains("@@"), "{flags:?}: {shown}");
        let driven = sandbox.git("show --format= --ext-diff");
        assert_eq!(driven, "diff --rpcreplay a/calls.replay b/calls.replay\nno difference in 4 calls\n");
        sandbox.write("calls.replay", &original);
        sandbox.commit("back");
    }
}

#[test]
fn the_text_depends_on_nothing_but_the_recording() {
    let Some(mut sandbox) = Sandbox::new() else { return };
    sandbox.write("calls.replay", data("firestore.replay"));
    let text = sandbox.does("textconv -- calls.replay");
    assert!(!text.contains('\u{1b}'));
    for (name, value) in
        [("FORCE_COLOR", "1"), ("CLICOLOR_FORCE", "1"), ("LC_ALL", "C"), ("COLUMNS", "20"), ("TERM", "xterm-256color")]
    {
        sandbox.set(name, value);
        assert_eq!(sandbox.does("textconv calls.replay"), text, "{name}");
    }
}

/// Git ends where a textconv or a driver fails; each of these is between two commits, and in the working tree.
#[test]
fn what_is_no_recording_passes() {
    let Some(sandbox) = Sandbox::with_calls() else { return };
    let text = |flags: &str| {
        let flags: Vec<_> = flags.split(' ').collect();
        let output = sandbox.output(PROGRAM, &[&["convert"][..], &flags, &["calls.replay"]].concat());
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let conflict = text("--to text").replacen("\n\"", "\n<<<<<<< HEAD\n\"", 1);
    let cut_json = text("--to json").split_at(700).0.to_owned();
    let cut_binary = data("secrets.replay")[..900].to_vec();
    let cases: [(&str, Vec<u8>, &str); 9] = [
        (
            "httpreplay",
            b"{\"Initial\":\"\",\"Version\":\"0.2\",\"Entries\":[]}\n".into(),
            "+{\"Initial\":\"\",\"Version\":\"0.2\",\"Entries\":[]}\n",
        ),
        ("lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n".into(), "+oid sha256:00\n"),
        ("markers", b"<<<<<<< HEAD\na\n=======\nb\n>>>>>>> other\n".into(), "+>>>>>>> other\n"),
        ("conflict", conflict.into(), "+<<<<<<< HEAD\n"),
        ("json", cut_json.into(), "+  \"format\": \"RPCReplay\",\n"),
        ("mark", b"RPCReplay".into(), "+RPCReplay\n"),
        ("empty", Vec::new(), "-recording, initial state"),
        ("gzip", b"\x1f\x8b\x08\x00".into(), ""),
        ("cut", cut_binary, "+! entry 5 at byte 795: "),
    ];
    for (name, bytes, expected) in cases {
        sandbox.write("calls.replay", &bytes);
        let driven = sandbox.git("diff");
        sandbox.git("diff --no-ext-diff");
        sandbox.commit(name);
        let shown = sandbox.git("show");
        sandbox.git("log -p -2");
        assert!(shown.contains(expected), "{name}: {shown}");
        if name == "cut" {
            assert!(driven.starts_with("diff --rpcreplay a/calls.replay b/calls.replay\n"), "{driven}");
            assert!(shown.contains(" bytes, whose XXH3 is "), "{shown}");
        } else if name != "conflict" && name != "json" {
            assert!(driven.starts_with("diff --git a/calls.replay b/calls.replay\n"), "{name}: {driven}");
            assert!(driven.contains(expected), "{name}: {driven}");
        }
        sandbox.write("calls.replay", data("secrets.replay"));
        sandbox.git("diff");
        sandbox.commit("back");
        sandbox.git("show");
    }
}

#[test]
fn a_project_file_names_types_and_may_be_broken() {
    let Some(sandbox) = Sandbox::new() else { return };
    sandbox.write("calls.replay", data("ledger.replay"));
    sandbox.does("install");
    sandbox.commit("one");
    assert!(sandbox.git("show").contains("no descriptor for message type"));
    sandbox.write("types/ledger.protoset", data("ledger.protoset"));
    sandbox.write("rpcreplay.toml", "[schema]\nprotoset = 'types/ledger.protoset'\n");
    assert!(sandbox.git("show").contains("no descriptor for message type"), "it was cached");
    sandbox.does("install");
    assert!(sandbox.git("show").contains("+    account: \"anna\"\n"));

    sandbox.does("install");
    sandbox.write("rpcreplay.toml", "[schema]\nprotoset = 'missing'\n");
    let output = sandbox.output("git", &["show"]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("+/interop.v1.Ledger/Post\n"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("rpcreplay: rpcreplay.toml:2: `protoset`: missing: No such file or directory\n"), "{said}");
}

#[test]
fn the_driver_takes_every_form_of_arguments() {
    let Some(mut sandbox) = Sandbox::with_calls() else { return };
    let diff = |sandbox: &Sandbox, arguments: &str| {
        sandbox.git("add --all");
        sandbox.git(&format!("diff --cached {arguments}"))
    };
    // Added and deleted.
    sandbox.write("sub folder/it's \"new\".replay", data("pubsub.replay"));
    assert_eq!(
        diff(&sandbox, "-M"),
        "diff --rpcreplay a/sub folder/it's \"new\".replay b/sub folder/it's \"new\".replay\nnew file mode 100644\n"
            .to_owned()
            + &one_sided("added", &PUBSUB)
    );
    sandbox.commit("two");
    fs::remove_file(sandbox.path("calls.replay")).expect("a file");
    assert_eq!(
        diff(&sandbox, "--no-renames"),
        "diff --rpcreplay a/calls.replay b/calls.replay\ndeleted file mode 100644\n".to_owned()
            + &one_sided("removed", &SECRETS)
    );
    // Renamed, as it was and changed.
    sandbox.write("moved.replay", data("secrets.replay"));
    assert_eq!(
        diff(&sandbox, "-M"),
        "diff --rpcreplay a/calls.replay b/moved.replay\nsimilarity index 100%\nrename from calls.replay\n\
         rename to moved.replay\nno difference in 5 calls\n"
    );
    sandbox.write("moved.replay", changed_secrets());
    let shown = diff(&sandbox, "-M");
    assert!(shown.starts_with("diff --rpcreplay a/calls.replay b/moved.replay\nsimilarity index 9"), "{shown}");
    let (head, body) = shown.split_once("\nindex ").expect("a line of objects");
    assert!(head.ends_with("%\nrename from calls.replay\nrename to moved.replay"), "{shown}");
    assert_eq!(body.split_once('\n').expect("a line").1, SECRETS_DIFFER);
    sandbox.commit("three");
    // Another mode.
    fs::set_permissions(sandbox.path("moved.replay"), fs::Permissions::from_mode(0o755)).expect("a mode");
    assert_eq!(
        diff(&sandbox, "-M"),
        "diff --rpcreplay a/moved.replay b/moved.replay\nold mode 100644\nnew mode 100755\nno difference in 5 calls\n"
    );
    sandbox.commit("four");
    // Names that look like flags.
    sandbox.write("-x.replay", data("secrets.replay"));
    sandbox.write("--help.replay", data("secrets.replay"));
    sandbox.commit("flags");
    sandbox.write("-x.replay", changed_secrets());
    sandbox.write("--help.replay", changed_secrets());
    let shown =
        ["--help.replay", "-x.replay"].map(|name| format!("diff --rpcreplay a/{name} b/{name}\n{SECRETS_DIFFER}"));
    assert_eq!(sandbox.git("diff"), shown.concat());
    assert!(sandbox.git("diff --no-ext-diff").contains("+    payload { data: \"no true API ke\" }\n"));
    sandbox.git("checkout --quiet .");
    // A name that a terminal would obey.
    sandbox.write("\u{1b}[31m\u{202e}.replay", data("secrets.replay"));
    let shown = diff(&sandbox, "-M");
    assert!(shown.starts_with("diff --rpcreplay a/\\x1b[31m\\u202e.replay b/\\x1b[31m\\u202e.replay\n"), "{shown}");
    sandbox.commit("commands");
    // In conflict.
    sandbox.git("checkout --quiet -b other");
    sandbox.write("moved.replay", data("pubsub.replay"));
    sandbox.commit("theirs");
    sandbox.git("checkout --quiet main");
    sandbox.write("moved.replay", data("firestore.replay"));
    sandbox.commit("ours");
    assert_eq!(sandbox.run("git", &["merge", "other"]).1, 1);
    assert!(sandbox.git("diff --ours").starts_with("* Unmerged path moved.replay\n"));
    sandbox.git("merge --abort");
    // From below the top.
    sandbox.write("moved.replay", data("pubsub.replay"));
    sandbox.working_directory = sandbox.path("sub folder");
    let shown = sandbox.git("diff");
    let head = "diff --rpcreplay a/moved.replay b/moved.replay\n4 calls added, 4 removed, initial state changed\n";
    assert!(shown.starts_with(head), "{shown}");
    assert!(PUBSUB.iter().all(|call| shown.contains(&format!("\n+ {call}\n"))), "{shown}");
    assert!(shown.contains("\n- #1 /google.firestore.v1.Firestore/Commit\n"), "{shown}");
    assert!(shown.contains(&format!("\n+ {TOPIC_EXISTS}\n")), "{shown}");
}

#[test]
fn a_file_with_the_name_of_standard_input_is_a_file() {
    let Some(sandbox) = Sandbox::new() else { return };
    sandbox.write("-", data("secrets.replay"));
    sandbox.does("install *");
    sandbox.commit("one");
    sandbox.write("-", changed_secrets());
    assert_eq!(sandbox.git("diff"), format!("diff --rpcreplay a/- b/-\n{SECRETS_DIFFER}"));
    assert!(sandbox.git("diff --no-ext-diff").contains("+    payload { data: \"no true API ke\" }\n"));
}

/// Git calls the driver there too, and names what is not there otherwise than in a repository.
#[test]
fn folders_outside_of_a_repository_are_compared() {
    let Some(mut sandbox) = Sandbox::new() else { return };
    sandbox.does("install --global");
    sandbox.working_directory = sandbox.folder.path().join("home");
    sandbox.write("old/gone.replay", data("secrets.replay"));
    sandbox.write("old/other.replay", data("secrets.replay"));
    sandbox.write("new/other.replay", data("pubsub.replay"));
    sandbox.write("new/new.replay", data("firestore.replay"));
    sandbox.write("new/text.replay", "no recording\n");
    let (shown, code) = sandbox.run("git", &["diff", "--no-index", "--no-renames", "old", "new"]);
    let heads: Vec<_> = shown.lines().filter(|line| line.starts_with("diff ")).collect();
    let expected = [
        "diff --rpcreplay a/old/gone.replay b/old/gone.replay",
        // Git looks for the attributes of the old name, which is `/dev/null`, and finds none.
        "diff --git a/new/new.replay b/new/new.replay",
        "diff --rpcreplay a/old/other.replay b/new/other.replay",
        "diff --git a/new/text.replay b/new/text.replay",
    ];
    assert_eq!(heads, expected, "{shown}");
    assert_eq!(code, 1);
    let gone = format!("\ndeleted file mode 100644\nindex e804ca2..0000000\n{}diff ", one_sided("removed", &SECRETS));
    assert!(shown.contains(&gone), "{shown}");
    let other = shown.split_once("\n4 calls added, 5 removed\n").expect("a summary").1;
    assert!(SECRETS.iter().all(|call| other.contains(&format!("\n- {call}\n  request: "))), "{shown}");
    assert!(other.contains(&format!("\n+ {TOPIC_EXISTS}\n")), "{shown}");
    assert!(shown.ends_with("\n--- /dev/null\n+++ b/new/text.replay\n@@ -0,0 +1 @@\n+no recording\n"), "{shown}");
}

#[test]
fn the_driver_has_colours_where_git_has() {
    let Some(mut sandbox) = Sandbox::with_calls() else { return };
    sandbox.write("calls.replay", changed_secrets());
    let plain = sandbox.git("diff");
    let coloured = sandbox.git("-c color.diff=always diff");
    let lines = |name: &str| coloured.lines().any(|line| line.contains(name) && line.contains("\u{1b}["));
    assert!(lines("~ #3") && lines("/AddSecretVersion") && lines("request:payload.data"), "{coloured}");
    // Colours and nothing else.
    let mut without = String::new();
    for (place, part) in coloured.split("\u{1b}[").enumerate() {
        without += if place == 0 { part } else { part.split_once('m').expect("the end of a colour").1 };
    }
    assert_eq!(without, plain);
    assert_eq!(sandbox.git("-c color.ui=always diff"), coloured);
    assert_eq!(sandbox.git("-c color.ui=always -c color.diff=never diff"), plain);
    assert_eq!(sandbox.git("diff"), plain, "a pipe is no terminal");

    // Git sets this where its pager reads what the driver writes.
    sandbox.set("GIT_PAGER_IN_USE", "true");
    assert_eq!(sandbox.git("diff"), plain, "without TERM, nobody knows what the terminal can do");
    sandbox.set("TERM", "xterm");
    assert_eq!(sandbox.git("diff"), coloured);
    assert_eq!(sandbox.git("-c color.diff=false diff"), plain);
}

#[test]
fn a_side_that_is_no_recording_is_compared_by_lines() {
    let Some(sandbox) = Sandbox::with_calls() else { return };
    sandbox.write("sub folder/x.replay", "one\ntwo\n");
    sandbox.commit("two");
    sandbox.write("sub folder/x.replay", "one\n2\n");
    let shown = sandbox.git("diff");
    assert!(shown.starts_with("diff --git a/sub folder/x.replay b/sub folder/x.replay\nindex "), "{shown}");
    assert!(shown.ends_with("\n one\n-two\n+2\n"), "{shown}");
    let colored = sandbox.git("-c color.ui=always diff");
    assert!(colored.contains("\u{1b}[31m-two\u{1b}[m\n"), "{colored}");
    fs::remove_file(sandbox.path("sub folder/x.replay")).expect("a file");
    let shown = sandbox.git("diff");
    assert!(shown.starts_with("diff --git a/sub folder/x.replay b/sub folder/x.replay\ndeleted file mode"), "{shown}");
    sandbox.write("sub folder/x.replay", data("nothing.replay"));
    let shown = sandbox.git("diff");
    assert!(shown.ends_with("\n-one\n-two\n+recording, initial state \"no call was made\"\n"), "{shown}");
}

#[test]
fn the_exit_code_counts_only_where_git_trusts_it() {
    let Some(sandbox) = Sandbox::with_calls() else { return };
    let quiet = |sandbox: &Sandbox| ["--exit-code", "--quiet"].map(|flag| sandbox.run("git", &["diff", flag]).1);
    let output = sandbox.output(PROGRAM, &["convert", "--to", "text", "calls.replay"]);
    sandbox.write("calls.replay", output.stdout);
    assert_eq!(quiet(&sandbox), [1, 1], "bytes differ");
    let (said, code) = sandbox.rpcreplay("install --trust-exit-code");
    if code == 2 {
        assert!(said.contains("expected version 2.46 or newer"), "{said}");
        eprintln!("skipped: this git looks at no exit code");
        return;
    }
    assert!(said.contains("diff.rpcreplay.trustExitCode = true  (new)\n"), "{said}");
    assert_eq!(quiet(&sandbox), [0, 0], "recordings say the same");
    sandbox.write("calls.replay", changed_secrets());
    assert_eq!(quiet(&sandbox), [1, 1]);
    sandbox.write("calls.replay", "no recording");
    assert_eq!(quiet(&sandbox), [1, 1]);
    sandbox.does("uninstall");
    assert_eq!(sandbox.settings(), "");
    // By itself it is 0, and of wrong arguments 2.
    let arguments = "diff-driver calls.replay /dev/null . . calls.replay . 100644";
    assert_eq!(sandbox.rpcreplay(arguments).1, 0);
    let (said, code) = sandbox.rpcreplay("diff-driver a b");
    assert!(said.contains("found 2 arguments, expected 1, 7 or 9, as git gives them"), "{said}");
    assert_eq!(code, 2);
}

#[test]
fn status_says_what_to_do() {
    let Some(sandbox) = Sandbox::new() else { return };
    sandbox.write("calls.replay", data("secrets.replay"));
    sandbox.write("sub/.gitattributes", "*.rec diff=rpcreplay\n*.bin diff=other\n");
    sandbox.write("sub/calls.rec", data("secrets.replay"));
    sandbox.write("sub/calls.bin", data("secrets.replay"));
    let (said, code) = sandbox.rpcreplay("status");
    for line in [
        "  ! diff.rpcreplay.textconv is not set",
        "  sub/.gitattributes:1: *.rec diff=rpcreplay",
        "  1 with the attribute diff=rpcreplay",
        "  ! calls.replay: no attribute `diff`",
        "  ! sub/calls.bin: `diff=other`",
        "hint: set git up with: rpcreplay git install",
    ] {
        assert!(said.lines().any(|found| found == line), "{line}: {said}");
    }
    assert_eq!(code, 1);
    sandbox.does("install");
    let (said, code) = sandbox.rpcreplay("status");
    assert!(said.contains("\n  diff.rpcreplay.textconv = rpcreplay git textconv --  (local, .git/config)\n"), "{said}");
    assert!(
        said.contains("\n  2 with the attribute diff=rpcreplay\n  ! sub/calls.bin: `diff=other`\n"),
        "a nearer file wins: {said}"
    );
    assert_eq!(code, 1);
}

#[test]
fn links_are_not_written_through_in_the_working_tree() {
    let Some(sandbox) = Sandbox::new() else { return };
    sandbox.write("attributes", "");
    symlink("attributes", sandbox.path(".gitattributes")).expect("a link");
    let (said, code) = sandbox.rpcreplay("install");
    assert!(
        said.contains(".gitattributes: is a symbolic link, which git does not follow, expected a file\n"),
        "{said}"
    );
    assert_eq!((code, sandbox.settings().as_str()), (2, ""));
}

#[test]
fn a_closed_pipe_is_quiet() {
    let Some(sandbox) = Sandbox::new() else { return };
    // More than a pipe holds.
    sandbox.write("calls.replay", "no recording\n".repeat(1 << 20));
    let line = format!("{{ {PROGRAM} git textconv calls.replay; echo $? >&2; }} | head -n 1");
    assert_eq!(sandbox.run("sh", &["-c", &line]), ("no recording\n0\n".to_owned(), 0));
}
