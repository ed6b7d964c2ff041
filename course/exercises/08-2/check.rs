use rocket::Config;

use super::settings;

/// The grace and the mercy of a server with these variables, in seconds.
fn stop(vars: &[(&str, &str)]) -> (u32, u32) {
    let server = settings(vars).expect("settings").server();
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
    assert_eq!(stop(&[("SHUTDOWN_GRACE", "25")]).0, 25);
    assert_eq!(stop(&[&PRODUCTION[..], &[("SHUTDOWN_GRACE", "300")]].concat()).0, 300);
    assert_eq!(stop(&[("SHUTDOWN_GRACE", "0")]).0, 0, "a server may stop at once");
}

#[test]
fn without_it_all_is_as_before() {
    for unset in [&[][..], &[("SHUTDOWN_GRACE", " ")]] {
        assert_eq!(stop(unset), (2, 1));
        assert_eq!(stop(&[&PRODUCTION[..], unset].concat()), (7, 1));
    }
}

#[test]
fn the_mercy_stays() {
    assert_eq!(stop(&[("SHUTDOWN_GRACE", "25")]).1, 1);
}

#[test]
fn what_is_no_number_of_seconds_is_refused() {
    for text in ["301", "-1", "5s", "2.5"] {
        let sentence = settings(&[("SHUTDOWN_GRACE", text)]).expect_err(text);
        assert!(sentence.starts_with("SHUTDOWN_GRACE is not "), "{text}: {sentence}");
        assert!(sentence.contains("for example SHUTDOWN_GRACE="), "{sentence}");
    }
}
