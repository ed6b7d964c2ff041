//! What must not stand in a database that somebody else may read one day.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::room::{Broken, Room, pair, refresh_with};
use super::{Lesson, Needs};

pub const NO_PASSWORD_IS_STORED: Lesson = Lesson {
    name: "no password is stored",
    step: 2,
    checks: "After a registration the database holds neither the password, nor a form of it \
             that gives it back: base64, or a bare SHA-256, which is guessed by the billion.",
    matters: "Every answer is the same, so nobody notices. Whoever reads one backup then has \
              the passwords of all users, and tries them at their banks.",
    chapter: "02-registration",
    heading: "The password",
    needs: Needs::Database,
    ask: |room| Box::pin(no_password_is_stored(room)),
};

pub const NO_PASSWORD_OF_A_SUPERUSER_IS_STORED: Lesson = Lesson {
    name: "no password of a superuser is stored",
    step: 3,
    checks: "What `createsuperuser` was given is not in the database either.",
    matters: "It is a second way for a password to come in, past the view. This one opens \
              everything.",
    chapter: "03-migrations",
    heading: "A superuser",
    needs: Needs::Database,
    ask: |room| Box::pin(no_password_of_a_superuser_is_stored(room)),
};

pub const NO_TOKEN_IS_STORED: Lesson = Lesson {
    name: "no token is stored",
    step: 6,
    checks: "After a log-in and a refresh the database knows the tokens by their ids alone.",
    matters: "A refresh token is as good as a password for a whole day. Whoever reads a table \
              of them is logged in as everybody.",
    chapter: "06-rotation",
    heading: "Tables for what was given out",
    needs: Needs::Database,
    ask: |room| Box::pin(no_token_is_stored(room)),
};

async fn no_password_is_stored(room: &Room<'_>) -> Result<(), Broken> {
    let password = "Typed-By-Hand-4711";
    room.register("lesson-password", password).await?;
    let asked = format!("A registration of lesson-password with the password {password}.");
    let cause = "make_password gives back what it was given, or its result is not what the \
                 INSERT binds. Look at the row: sqlite3 FILE 'SELECT * FROM users'; the \
                 column must begin with bcrypt_sha256$.";
    look_for(room, password, asked, cause)
}

async fn no_password_of_a_superuser_is_stored(room: &Room<'_>) -> Result<(), Broken> {
    let password = "Typed-By-Hand-4712";
    let args = ["createsuperuser", "--username", "lesson-root", "--email", "r@example.com"];
    let done = room.run(&args, ("DJANGO_SUPERUSER_PASSWORD", password)).await?;
    let asked = format!("DJANGO_SUPERUSER_PASSWORD={password} {}", args.join(" "));
    if done.exit != Some(0) {
        let cause = "This command only prepares the lesson, and should have succeeded.";
        return Err(Broken::new(asked, "its end", vec![done.stderr], "exit status 0", cause));
    }
    let cause = "The command writes the row itself. It must hash as the view does: with \
                 make_password, before the INSERT.";
    look_for(room, password, asked, cause)
}

/// The forms in which a password is as good as typed.
fn look_for(room: &Room<'_>, password: &str, asked: String, cause: &str) -> Result<(), Broken> {
    let forms = [
        ("the password as it was typed", password.to_string()),
        ("the password in base64", BASE64_STANDARD.encode(password)),
        ("a bare SHA-256 of the password", format!("{:x}", Sha256::digest(password))),
    ];
    for (what, form) in forms {
        if room.database_holds(&form)? {
            let came = vec![format!("{what}: {form}")];
            let want = "none of it; a slow hash with a salt, bcrypt_sha256$$2b$…";
            return Err(Broken::new(asked, "in the database", came, want, cause));
        }
    }
    Ok(())
}

async fn no_token_is_stored(room: &Room<'_>) -> Result<(), Broken> {
    let first = room.log_in_as_new("lesson-tokens").await?;
    let answer = room.prepare(&refresh_with(&first.refresh), 200).await?;
    let second = pair(&answer)?;
    let asked = "A log-in of lesson-tokens, and a refresh.".to_string();
    for token in [first.access, first.refresh, second.access, second.refresh] {
        // The signature: a token may be stored in parts.
        let signature = token.rsplit('.').next().unwrap_or(&token);
        if room.database_holds(signature)? {
            let came = vec![format!("the whole token: {token}")];
            let want = "its id, the claim jti, and not its signature";
            let cause = "The table has a column for the token, as SimpleJWT's has. Nothing asks \
                         for it: the jti says which token it was.";
            return Err(Broken::new(asked, "in the database", came, want, cause));
        }
    }
    Ok(())
}
