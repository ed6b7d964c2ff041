use rocket::Config;

use super::{accepted, refusal};

/// The grace and the mercy of a server with these variables, in seconds.
fn stop(vars: &[(&str, &str)]) -> (u32, u32) {
    let server = accepted(vars).server();
    let shutdown = Config::from(server).shutdown;
    (shutdown.grace, shutdown.mercy)
}

const PRODUCTION: [(&str, &str); 3] = [
    ("DEBUG", "false"),
    ("ALLOWED_HOSTS", "example.com"),
    ("SECRET_KEY", "a key of thirty-two bytes or more"),
];

#[test]
fn the_grace_is_what_is_set() {
    let (grace, _) = stop(&[("SHUTDOWN_GRACE", "25")]);
    assert_eq!(grace, 25, "the grace in seconds with SHUTDOWN_GRACE=25");
    let (grace, _) = stop(&[&PRODUCTION[..], &[("SHUTDOWN_GRACE", "300")]].concat());
    assert_eq!(grace, 300, "the grace in seconds with SHUTDOWN_GRACE=300 and without DEBUG");
    let (grace, _) = stop(&[("SHUTDOWN_GRACE", "0")]);
    assert_eq!(grace, 0, "with SHUTDOWN_GRACE=0 a server must stop at once");
}

#[test]
fn without_it_all_is_as_before() {
    for unset in [&[][..], &[("SHUTDOWN_GRACE", " ")]] {
        assert_eq!(stop(unset), (2, 1), "grace and mercy in seconds, with {unset:?}");
        let production = stop(&[&PRODUCTION[..], unset].concat());
        assert_eq!(production, (7, 1), "grace and mercy without DEBUG, with {unset:?}");
    }
}

#[test]
fn the_mercy_stays() {
    let (_, mercy) = stop(&[("SHUTDOWN_GRACE", "25")]);
    assert_eq!(mercy, 1, "the mercy in seconds with SHUTDOWN_GRACE=25");
}

#[test]
fn what_is_no_number_of_seconds_is_refused() {
    for text in ["301", "-1", "5s", "2.5"] {
        let sentence = refusal(&[("SHUTDOWN_GRACE", text)], "SHUTDOWN_GRACE is not ");
        let helps = sentence.contains("for example SHUTDOWN_GRACE=");
        assert!(helps, "the refusal must give an example: {sentence}");
    }
}
