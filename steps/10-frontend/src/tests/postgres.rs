//! What PostgreSQL itself must do; and a database for each test, a schema that goes with it,
//! on the server that TEST_DATABASE_URL names. `just postgres` starts one.

use sqlx::{AssertSqlSafe, Connection, PgConnection, query, query_scalar};

use super::{accepted, async_run, client, must_refuse, refusal, select};
use crate::db::backend::place;
use crate::settings::Settings;

/// An address that can be read; nothing is opened there.
pub const ANY: &str = "postgres://notes:secret@127.0.0.1:5432/notes";

pub struct Database {
    pub url: String,
    server: String,
    schema: String,
}

impl Database {
    pub fn empty() -> Self {
        let server = std::env::var("TEST_DATABASE_URL").expect(
            "TEST_DATABASE_URL to name a PostgreSQL server for tests; \
             `just postgres` starts one and runs these tests",
        );
        let schema = format!("test_{}", uuid::Uuid::new_v4().simple());
        let mark = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{mark}options[search_path]={schema}");
        let database = Database { url, server, schema };
        database.run(format!("CREATE SCHEMA {}", database.schema));
        database
    }

    /// Everything that is stored.
    pub fn content(&self) -> Vec<u8> {
        async_run(async {
            let mut connection = self.connect().await;
            let text = "SELECT schema_to_xml($1::name, true, false, '')::text";
            let text = query_scalar::<_, String>(text).bind(&self.schema);
            text.fetch_one(&mut connection).await.expect("the rows").into_bytes()
        })
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.server).await.expect("the server of TEST_DATABASE_URL")
    }

    /// In a thread of its own: a test that is async itself must not start a second runtime
    /// in its own.
    fn run(&self, sql: String) {
        let work = async {
            let mut connection = self.connect().await;
            query(AssertSqlSafe(sql)).execute(&mut connection).await.expect("it is done");
        };
        std::thread::scope(|scope| scope.spawn(|| async_run(work)).join().expect("no panic"));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.run(format!("DROP SCHEMA {} CASCADE", self.schema));
    }
}

/// The address that these variables make.
fn url(vars: &[(&str, &str)]) -> Result<String, String> {
    let lookup = |name: &str| {
        let variable = vars.iter().find(|(known, _)| *known == name);
        Ok(variable.map(|(_, text)| text.to_string()))
    };
    Settings::from_vars(lookup).map(|settings| settings.database_url.0)
}

const PARTS: [(&str, &str); 4] = [
    ("DB_HOST", "db.example.com"),
    ("DB_NAME", "notes"),
    ("DB_USER", "ali ce@home"),
    ("DB_PWD", "p@ss:w/rd?#&%"),
];

#[test]
fn the_variables_of_the_notes_make_an_address() {
    let url = url(&PARTS).expect("the four variables must be enough");
    let options = url.parse::<sqlx::postgres::PgConnectOptions>().expect("an address");
    assert_eq!(options.get_host(), "db.example.com", "DB_HOST");
    assert_eq!(options.get_port(), 5432, "without DB_PORT");
    assert_eq!(options.get_username(), "ali ce@home", "DB_USER");
    assert_eq!(options.get_database(), Some("notes"), "DB_NAME");
    let kept = format!("{options:?}").contains("p@ss:w/rd?#&%");
    assert!(kept, "each letter of DB_PWD must reach the database");
}

#[test]
fn tls_is_a_setting() {
    let strict = [("DB_SSLMODE", "verify-full"), ("DB_SSLROOTCERT", "/etc/ssl/db.pem")];
    let url = url(&[PARTS.as_slice(), &strict].concat()).expect("both variables are known");
    let end = "&sslmode=verify-full&sslrootcert=%2Fetc%2Fssl%2Fdb.pem";
    assert!(url.ends_with(end), "the address must end with {end}: {url}");
    let wrong = [PARTS.as_slice(), &[("DB_SSLMODE", "yes")]].concat();
    // With a whole address, which goes first, nobody looks at the parts.
    accepted(&wrong);
    must_refuse("DB_SSLMODE=yes", self::url(&wrong), "DB_SSLMODE is not one of disable,");
}

#[test]
fn a_part_that_is_missing_is_named() {
    for (name, _) in PARTS {
        let others: Vec<_> = PARTS.into_iter().filter(|(part, _)| *part != name).collect();
        let begin = format!("{name} must be set, for example");
        must_refuse(&format!("a start without {name}"), url(&others), &begin);
    }
    let port = [PARTS.as_slice(), &[("DB_PORT", "0")]].concat();
    must_refuse("DB_PORT=0", url(&port), "DB_PORT is not a number from 1");
}

#[test]
fn an_address_that_would_be_cut_inside_the_password_is_refused() {
    for text in [
        "postgres://alice:hunter@2@db.example.com/notes",
        "postgres://alice:hunter/2@db.example.com/notes",
        "postgres://alice:hunter@2/3@db.example.com/notes",
        "sqlite:/srv/db.sqlite3",
    ] {
        let begin = "DATABASE_URL is not an address of Post";
        let sentence = refusal(&[("DATABASE_URL", text)], begin);
        assert!(
            !sentence.contains("hunter"),
            "a refusal must not tell the password: {sentence}"
        );
    }
    let good = "postgresql://alice:hunter%402@db.example.com/notes?sslmode=require";
    accepted(&[("DATABASE_URL", good)]);
}

#[test]
fn the_place_is_printed_without_the_password() {
    let parts = url(&PARTS).expect("the four variables must be enough");
    for url in ["postgres://alice:hunter2@db.example.com/notes", &parts] {
        assert_eq!(place(url), "notes at db.example.com:5432", "what is printed of {url}");
    }
}

#[test]
fn one_users_list_is_read_through_the_index() {
    let app = client(&[]);
    select(
        &app,
        "WITH author AS (INSERT INTO users (username, password)
             SELECT 'user' || n, '' FROM generate_series(1, 100) AS n RETURNING id)
         INSERT INTO notes (title, content, created_at, author_id)
             SELECT 't', 'c', now(), id FROM author, generate_series(1, 100)",
    );
    select(&app, "ANALYZE notes");
    let plan = select(&app, "EXPLAIN SELECT * FROM notes WHERE author_id = 1 ORDER BY id");
    let plan = plan.join("\n");
    let index = plan.contains("notes_of_author") && !plan.contains("Seq Scan");
    assert!(index, "the database must use the index notes_of_author; its plan is\n{plan}");
}
