//! urls.py: everything that is mounted, in one place.

use rocket::fairing::{self, AdHoc};
use rocket::{Build, Rocket};
use rocket_db_pools::Database;

use crate::accounts::Hasher;
use crate::db::Db;
use crate::settings::Settings;
use crate::{accounts, errors, middleware};

/// Attaches the fairings, the routes and the catchers. Fairings run in this order.
pub fn mount(rocket: Rocket<Build>, settings: Settings) -> Rocket<Build> {
    rocket
        .attach(middleware::arrival())
        .attach(middleware::header_limit())
        .attach(middleware::single_headers())
        .attach(middleware::Cors::new(&settings))
        .attach(middleware::request_log())
        .attach(Db::init())
        .attach(AdHoc::try_on_ignite("tables", create_tables))
        .attach(AdHoc::on_liftoff("address", |rocket| {
            let config = rocket.config();
            let (address, port) = (config.address, config.port);
            log::info!("Starting server at http://{address}:{port}/ (stop it with Ctrl-C)");
            Box::pin(async {})
        }))
        .manage(Hasher::new(settings.bcrypt_rounds))
        .mount("/api/user", accounts::routes())
        .register("/", errors::catchers())
}

async fn create_tables(rocket: Rocket<Build>) -> fairing::Result {
    let Some(db) = Db::fetch(&rocket) else { return Err(rocket) };
    match accounts::create_tables(db).await {
        Ok(()) => Ok(rocket),
        Err(why) => {
            log::error!("Error: cannot make the tables ({why}).");
            Err(rocket)
        }
    }
}
