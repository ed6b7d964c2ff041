//! manage.py's words.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use clap::{Parser, Subcommand};

use crate::accounts::{Hasher, NewUser, User};
use crate::db::Db;
use crate::errors::ApiError;
use crate::fields::email_address;
use crate::migrations;
use crate::parsers::RequestData;
use crate::settings::{Settings, this_folder};
use crate::tokens;

/// The backend of a Django tutorial, in Rust.
#[derive(Parser)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Subcommand)]
pub enum Command {
    /// Serve HTTP; the same as no command
    Runserver,
    /// Apply the migrations that the database does not have yet
    Migrate,
    /// Say what is wrong with the settings and the database
    Check {
        /// Also what only one developer on one machine may do
        #[arg(long)]
        deploy: bool,
    },
    /// List the migrations; those with [X] are applied
    Showmigrations,
    /// Write an empty migration, for you to fill
    Makemigrations {
        /// What it is about, for example add_notes
        name: String,
    },
    /// Delete tokens from the database that have ended
    Flushexpiredtokens,
    /// Make a user who may do everything
    ///
    /// Asks for what it is not told. The password is never an argument, which other
    /// users of the machine could see; DJANGO_SUPERUSER_PASSWORD may hold it.
    Createsuperuser {
        #[arg(long)]
        username: Option<String>,
        #[arg(long)]
        email: Option<String>,
    },
}

/// Runs one command; `lookup` gives a variable's text, as for the settings.
pub async fn run(
    command: Command,
    settings: Settings,
    lookup: impl Fn(&str) -> Result<Option<String>, String>,
) -> Result<(), Option<String>> {
    let open = || Db::open(&settings.database_url.0);
    let text = match command {
        Command::Runserver => return crate::runserver(settings).await,
        Command::Migrate => migrate(&open().await?).await?,
        Command::Check { deploy } => check(&settings, deploy).await?,
        Command::Showmigrations => showmigrations(&open().await?).await?,
        Command::Makemigrations { name } => {
            // A change is a change of both, each in its own SQL.
            let this_folder = this_folder(lookup)?;
            let folders = FOLDERS.map(|path| Path::new(&this_folder).join(path));
            let said = folders.iter().map(|folder| makemigrations(folder, &name));
            said.collect::<Result<Vec<_>, _>>()?.join("\n")
        }
        Command::Flushexpiredtokens => flushexpiredtokens(&open().await?).await?,
        Command::Createsuperuser { username, email } => {
            let db = open().await?;
            migrations::require(&db).await?;
            let username = username.map_or_else(|| ask("Username: "), Ok)?;
            let email = email.map_or_else(|| ask("Email address: "), Ok)?;
            let password =
                lookup("DJANGO_SUPERUSER_PASSWORD")?.map_or_else(ask_password, Ok)?;
            let hasher = Hasher::new(settings.bcrypt_rounds);
            createsuperuser(&db, &hasher, &username, &email, &password).await?
        }
    };
    writeln!(io::stdout(), "{text}").map_err(|why| Some(why.to_string()))
}

/// `migrate`.
pub async fn migrate(db: &Db) -> Result<String, String> {
    let applied = migrations::apply(db).await?;
    if applied.is_empty() {
        return Ok("No migrations to apply.".into());
    }
    Ok(format!("Applied {}.", applied.join(", ")))
}

/// `check`, and `check --deploy`. The error is all that was found, a line each.
pub async fn check(settings: &Settings, deploy: bool) -> Result<String, String> {
    let mut found = settings.problems(deploy || !settings.debug);
    let migrated = async {
        let db = Db::open(&settings.database_url.0).await?;
        migrations::require(&db).await
    };
    found.extend(migrated.await.err());
    match found.len() {
        0 => Ok("No problems found.".into()),
        count => Err(format!("{count} found:\n{}", found.join("\n"))),
    }
}

/// `showmigrations`.
pub async fn showmigrations(db: &Db) -> Result<String, String> {
    let list = migrations::list(db).await?;
    let mark = |applied| if applied { 'X' } else { ' ' };
    let lines = list.iter().map(|(name, applied)| format!("[{}] {name}", mark(*applied)));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// `flushexpiredtokens`, for a daily timer: the tables hold what was given out and used.
pub async fn flushexpiredtokens(db: &Db) -> Result<String, String> {
    migrations::require(db).await?;
    let count = tokens::flush_expired(db).await;
    let count = count.map_err(|why| format!("the tokens could not be deleted ({why})."))?;
    Ok(format!("Tokens deleted, because they had ended: {count}."))
}

/// Where the migrations are: those of SQLite, and those of PostgreSQL.
const FOLDERS: [&str; 2] = ["migrations", "migrations/postgres"];

/// `makemigrations`: Django compares the models with the last state and writes the change
/// itself. Here the SQL is yours; the command gives it the next number.
pub fn makemigrations(folder: &Path, name: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(
            "NAME takes lower-case letters, digits and _, for example add_notes.".into()
        );
    }
    let explain = |why: io::Error| format!("cannot write to {} ({why}).", folder.display());
    let mut last = 0;
    for entry in fs::read_dir(folder).map_err(explain)? {
        let file = entry.map_err(explain)?.file_name();
        let number = file.to_string_lossy().split('_').next().and_then(|n| n.parse().ok());
        last = last.max(number.unwrap_or(0));
    }
    let path = folder.join(format!("{:04}_{name}.sql", last + 1));
    let mut file = fs::File::create_new(&path).map_err(explain)?;
    file.write_all(b"-- What changes, and why. Then the SQL.\n").map_err(explain)?;
    Ok(format!("Created {}.", path.display()))
}

/// `createsuperuser`, once it has asked. It checks what the API checks.
pub async fn createsuperuser(
    db: &Db,
    hasher: &Hasher,
    username: &str,
    email: &str,
    password: &str,
) -> Result<String, String> {
    let fields = [("username", username), ("password", password)];
    let fields = fields.map(|(name, text)| (name.to_string(), text.into()));
    let new = NewUser::validate(RequestData(fields.into_iter().collect()))?;
    if let Some(message) = email_address(email).filter(|_| !email.is_empty()) {
        return Err(format!("email: {message}"));
    }
    let password = hasher.make_password(new.password).await?;
    let mut connection = db.pool().acquire().await.map_err(ApiError::from)?;
    let user = User::create_superuser(&mut connection, &new.username, email, &password).await?;
    Ok(format!("Superuser {} created successfully.", user.username))
}

/// One line from the terminal.
pub fn ask(question: &str) -> Result<String, String> {
    let explain = |why: io::Error| format!("cannot ask here ({why}).");
    write!(io::stderr(), "{question}").map_err(explain)?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(explain)?;
    Ok(answer.trim().into())
}

/// A password, typed twice and never shown.
pub fn ask_password() -> Result<String, String> {
    let read = |prompt| {
        rpassword::prompt_password(prompt).map_err(|why| {
            format!("cannot ask for a password here ({why}); set DJANGO_SUPERUSER_PASSWORD.")
        })
    };
    let password = read("Password: ")?;
    if read("Password (again): ")? != password {
        return Err("the two passwords are not the same.".into());
    }
    Ok(password)
}
