//! TLS to PostgreSQL, with a certificate that only we have signed.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Result, ensure};
use tempfile::TempDir;

use super::{on_postgres, probe, production, start};
use crate::http::block_on;
use crate::repo::printed;
use crate::run::place::{Database, Place};
use crate::run::postgres::{Postgres, USER};
use crate::run::settings::Settings;

/// A key as openssl makes it, without a password.
const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

#[test]
fn a_server_that_our_own_authority_has_signed_is_believed() {
    let Some(program) = on_postgres() else { return };
    let postgres = program.postgres.clone().expect("PostgreSQL");
    let folder = certificates().expect("openssl");
    switch_on(&postgres, folder.path()).expect("TLS");
    block_on(async {
        let place = Arc::new(Place::new(&program)?);
        let settings = parts(&place, &postgres, "localhost", folder.path());
        place.migrate(&program, &settings).await?;
        let server = start(&program, &place, &settings).await?;
        assert_eq!(probe(&server.address, "/readyz").await?, 200);

        let Database::Postgres(_, name) = &place.database else { panic!("not PostgreSQL") };
        let encrypted = "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
             WHERE application_name <> 'psql' AND datname = current_database()";
        assert_eq!(postgres.sql(name, encrypted)?, "t");
        assert_eq!(server.stop().await?, Some(0));
        Ok(())
    })
    .expect("a drill");
}

#[test]
fn a_server_that_nobody_vouches_for_is_refused_in_one_sentence() {
    let Some(program) = on_postgres() else { return };
    let postgres = program.postgres.clone().expect("PostgreSQL");
    let (folder, other) = (certificates().expect("openssl"), certificates().expect("openssl"));
    switch_on(&postgres, folder.path()).expect("TLS");
    block_on(async {
        let place = Arc::new(Place::new(&program)?);
        let mut without = parts(&place, &postgres, "localhost", folder.path());
        without.insert("DB_SSLROOTCERT".into(), None);
        for (why, settings) in [
            ("no authority", without),
            ("another authority", parts(&place, &postgres, "localhost", other.path())),
            ("another name", parts(&place, &postgres, "127.0.0.1", folder.path())),
        ] {
            for args in [&[][..], &["migrate".to_string()]] {
                let ended = place.run(&program, &settings, args).await?;
                assert_eq!(ended.exit, Some(1), "{why}, {args:?}: {}", ended.stderr);
                let one = ended.stderr.trim().lines().count() == 1;
                let sentence = ended.stderr.starts_with("Error: cannot open the database ");
                assert!(one && sentence, "{why}, {args:?}: {}", ended.stderr);
                let told = ended.stderr.contains(&postgres.password);
                assert!(!told, "{why}, {args:?}: the password is in the log");
            }
        }
        Ok(())
    })
    .expect("a drill");
}

/// The database by its parts, as the notes have it.
fn parts(place: &Place, postgres: &Postgres, host: &str, certificates: &Path) -> Settings {
    let Database::Postgres(_, name) = &place.database else { panic!("not PostgreSQL") };
    let authority = certificates.join("ca.pem");
    production(&[
        ("DATABASE_URL", ""),
        ("DB_HOST", host),
        ("DB_PORT", &postgres.port.to_string()),
        ("DB_NAME", name),
        ("DB_USER", USER),
        ("DB_PWD", &postgres.password),
        ("DB_SSLMODE", "verify-full"),
        ("DB_SSLROOTCERT", &authority.display().to_string()),
    ])
}

/// A folder with an authority's certificate `ca.pem`, and `server.crt` and `server.key`,
/// which it has signed for the name `localhost`.
fn certificates() -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("names"), "subjectAltName = DNS:localhost\n")?;
    for command in [
        format!("req -x509 {KEY} -days 2 -subj /CN=drill -keyout ca.key -out ca.pem"),
        format!("req -new {KEY} -subj /CN=localhost -keyout server.key -out server.csr"),
        "x509 -req -days 2 -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
         -extfile names -out server.crt"
            .into(),
    ] {
        let mut openssl = Command::new("openssl");
        let args = command.split_whitespace();
        let output = openssl.args(args).current_dir(folder.path()).output()?;
        ensure!(output.status.success(), "openssl {command}: {}", printed(&output));
    }
    Ok(folder)
}

/// Gives PostgreSQL the certificate and its key, under the names that it looks for.
fn switch_on(postgres: &Postgres, certificates: &Path) -> Result<()> {
    let owner = fs::metadata(&postgres.data)?;
    for name in ["server.crt", "server.key"] {
        let file = postgres.data.join(name);
        fs::copy(certificates.join(name), &file)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
        chown(&file, Some(owner.uid()), Some(owner.gid()))?;
    }
    postgres.sql("postgres", "ALTER SYSTEM SET ssl = on")?;
    postgres.pg_ctl(&["restart"])
}
