//! urls.py: everything that is mounted, in one place.

use rocket::fairing::{self, AdHoc};
use rocket::shield::Shield;
use rocket::{Build, Rocket};
use rocket_db_pools::Database;

use crate::accounts::Hasher;
use crate::db::Db;
use crate::methods::{Access, complete};
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
        .attach(middleware::paths())
        .attach(middleware::headers())
        // Rocket's own security headers; ours are Django's.
        .attach(Shield::new())
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
        .mount("/api/user", complete(accounts::routes(), Access::Anyone))
        .mount("/api/account", complete(accounts::account_routes(), Access::Users))
        .mount("/api/account", complete(accounts::register_routes(), Access::Anyone))
        .mount("/api/accounts", complete(accounts::staff_routes(), Access::Staff))
        .mount("/api/users", complete(authentication::register_routes(), Access::Anyone))
        .mount("/api/users", complete(authentication::log_in_routes(), Access::Open))
        .mount("/api/user", complete(authentication::user_routes(), Access::TokenUsers))
        .mount("/api/token", complete(tokens::routes(), Access::Open))
        .mount("/api/notes", complete(notes::routes(), Access::Users))
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
