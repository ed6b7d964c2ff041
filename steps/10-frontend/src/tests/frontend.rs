use std::fs;
use std::path::Path;

use rocket::serde::json::{Value, json};
use tempfile::TempDir;

use super::answer::Answer;
use super::{accepted, client, get, host, refusal, send};

const HTML: &str = "text/html; charset=utf-8";
const FOREVER: &str = "public, max-age=31536000, immutable";

/// A build with these files in a folder of its own, beside a file that is nobody's business.
fn build(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("secret.txt"), "secret").expect("a file");
    let root = folder.path().join("dist");
    for (path, text) in [&[("index.html", "the page")], files].concat() {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

fn root(folder: &TempDir) -> String {
    folder.path().join("dist").display().to_string()
}

#[track_caller]
fn is_page(answer: &Answer) {
    answer.has_status(200).has_header("Content-Type", HTML);
    answer.must(answer.body.contains("<div id=\"root\">"), "the client's page");
}

#[test]
fn what_is_no_address_of_the_api_is_the_clients_page() {
    let app = client(&[]);
    for path in ["/", "/login", "/login/", "/notes/7?x=1", "/apinotes", "/index.html"] {
        is_page(&get(&app, path));
    }
}

#[test]
fn what_is_below_api_is_never_a_page() {
    let app = client(&[]);
    for path in ["/api", "/api/", "/api/login", "/API/", "/Api/notes/", "/api/notes.html"] {
        get(&app, path).is(404, json!({"detail": "Not found."}));
    }
}

#[test]
fn a_note_with_a_number_too_long_is_not_found() {
    let app = super::app_with_users();
    let (token, _) = super::log_in(&app);
    let request = app.get("/api/notes/99999999999999999999/");
    let answer = send(super::bearer(request, &token), "");
    answer.has_status(404).has_header("Content-Type", "application/json");
}

#[test]
fn a_page_is_read_and_nothing_else() {
    let app = client(&[]);
    send(host(app.head("/login"), "localhost"), "").is(200, Value::Null);
    for path in ["/login", "/7", "/"] {
        let answer = send(host(app.post(path), "localhost"), "");
        answer.is(404, json!({"detail": "Not found."}));
    }
}

#[test]
fn every_file_of_the_client_is_served_with_its_type() {
    let app = client(&[]);
    for path in ::client::files() {
        let answer = get(&app, &format!("/{path}"));
        let kind = match Path::new(&*path).extension().and_then(|ending| ending.to_str()) {
            Some("html") => HTML,
            Some("js") => "text/javascript",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            other => panic!("{path}: what is the type of {other:?}?"),
        };
        answer.has_status(200).has_header("Content-Type", kind);
        let cache = if path.starts_with("assets/") { FOREVER } else { "no-cache" };
        answer.has_header("Cache-Control", cache);
    }
}

/// A browser that gets HTML for a script runs into its first `<`.
#[test]
fn a_script_of_an_older_build_is_not_found() {
    let app = client(&[]);
    get(&app, "/assets/index-of-yesterday.js").is(404, json!({"detail": "Not found."}));
}

#[test]
fn scripts_come_from_this_server_alone() {
    let app = client(&[]);
    let answer = get(&app, "/login");
    let policy = answer.header("Content-Security-Policy").to_string();
    answer.must(policy.starts_with("default-src 'self';"), "a policy that names this server");
    answer.must(!policy.contains("unsafe"), "no script in the page itself");
    for part in ["base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'"] {
        answer.must(policy.contains(part), part);
    }
    answer.must(!answer.body.contains("<script>"), "a page without a script in it");
    answer.must(!answer.body.contains("style="), "a page without a style in it");
}

#[test]
fn a_learners_own_build_is_served_from_its_folder() {
    let folder = build(&[("assets/a-1.js", "a()"), ("sub/b.txt", "b")]);
    let app = client(&[("STATIC_ROOT", &root(&folder))]);
    for (path, text, cache) in [
        ("/", "the page", "no-cache"),
        ("/login", "the page", "no-cache"),
        ("/sub", "the page", "no-cache"),
        ("/sub/b.txt", "b", "no-cache"),
        ("/assets/a-1.js", "a()", FOREVER),
    ] {
        let answer = get(&app, path);
        answer.has_status(200).has_header("Cache-Control", cache);
        answer.must(answer.body == text, text);
    }
    fs::write(folder.path().join("dist/index.html"), "built anew").expect("a file");
    let answer = get(&app, "/").because("a file is read when it is asked for");
    answer.must(answer.body == "built anew", "built anew");
}

/// Whatever a client writes: a page, a 404, and never a file beside the folder.
#[test]
fn no_path_leads_out_of_the_folder() {
    let folder = build(&[("sub/b.txt", "b"), (".hidden", "hidden")]);
    let app = client(&[("STATIC_ROOT", &root(&folder))]);
    let absolute = folder.path().join("secret.txt").display().to_string();
    let encoded = absolute.replace('/', "%2f");
    for path in [
        "/../secret.txt",
        "/sub/../../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/sub%2f..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "/.hidden",
        "/%00",
        "/sub/b.txt%00.html",
        &absolute,
        &format!("/{encoded}"),
        &format!("/{}", "x".repeat(5000)),
        &format!("/{}", "x/".repeat(2000)),
    ] {
        let answer = get(&app, path);
        let told = answer.body.contains("secret") || answer.body.contains("hidden");
        answer.must(!told, "no file from outside of the folder");
        answer.must([200, 404].contains(&answer.status), "a page, or nothing");
    }
}

#[test]
fn a_build_that_goes_while_the_server_runs_is_not_found() {
    let folder = build(&[]);
    let app = client(&[("STATIC_ROOT", &root(&folder))]);
    fs::remove_file(folder.path().join("dist/index.html")).expect("it was there");
    get(&app, "/login").is(404, json!({"detail": "Not found."}));
}

#[test]
fn a_folder_without_a_page_stops_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let (empty, none) = (folder.path().display().to_string(), folder.path().join("none"));
    for root in [empty, none.display().to_string()] {
        refusal(&[("STATIC_ROOT", &root)], "STATIC_ROOT is not a folder with an index.html");
    }
    let root = accepted(&[("STATIC_ROOT", " ")]).static_root;
    assert_eq!(root, None, "a blank STATIC_ROOT counts as unset");
}
