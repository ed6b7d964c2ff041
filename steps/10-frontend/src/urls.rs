//! urls.py: everything that is mounted, in one place.

use rocket::fairing::{self, AdHoc};
use rocket::{Build, Rocket};
use rocket_db_pools::Database;

use crate::accounts::Hasher;
use crate::db::Db;
use crate::settings::Settings;
use crate::tokens::TokenBackend;
use crate::{
    accounts, authentication, errors, middleware, migrations, notes, staticfiles, tokens,
};

/// Attaches the fairings, the routes and the catchers. Fairings run in this order.
pub fn mount(rocket: Rocket<Build>, settings: Settings) -> Rocket<Build> {
    rocket
        .attach(middleware::NoMethodOverride)
        .attach(middleware::arrival())
        .attach(middleware::header_limit())
        .attach(middleware::single_headers())
        .attach(middleware::AllowedHosts::new(&settings))
        .attach(middleware::Cors::new(&settings))
        .attach(middleware::request_log())
        .attach(Db::init())
        .attach(AdHoc::try_on_ignite("migrations", migrate))
        .attach(AdHoc::on_liftoff("address", |rocket| {
            let config = rocket.config();
            let (address, port) = (config.address, config.port);
            log::info!("Starting server at http://{address}:{port}/ (stop it with Ctrl-C)");
            if let Some(warning) = rocket.state::<Settings>().and_then(Settings::warning) {
                log::warn!("{warning}");
            }
            Box::pin(async {})
        }))
        .manage(Hasher::new(settings.bcrypt_rounds))
        .manage(TokenBackend::new(&settings))
        .manage(settings)
        .mount("/api/user", accounts::routes())
        .mount("/api/account", accounts::account_routes())
        .mount("/api/account", accounts::register_routes())
        .mount("/api/accounts", accounts::staff_routes())
        .mount("/api/users", authentication::register_routes())
        .mount("/api/users", authentication::log_in_routes())
        .mount("/api/user", authentication::user_routes())
        .mount("/api/token", tokens::routes())
        .mount("/api/notes", notes::routes())
        .mount("/", staticfiles::routes())
        .register("/", errors::catchers())
}

/// Migrates while DEBUG is on. Without it a start applies nothing: two servers may start
/// at once, and someone should be looking.
async fn migrate(rocket: Rocket<Build>) -> fairing::Result {
    let debug = rocket.state::<Settings>().is_some_and(|settings| settings.debug);
    let Some(db) = Db::fetch(&rocket) else { return Err(rocket) };
    let result = if debug {
        migrations::apply(db).await
    } else {
        migrations::require(db).await.map(|()| Vec::new())
    };
    match result {
        Ok(applied) => {
            applied.iter().for_each(|name| log::info!("Applied migration {name}"));
            Ok(rocket)
        }
        Err(sentence) => {
            log::error!("Error: {sentence}");
            Err(rocket)
        }
    }
}
