//! urls.py: everything that is mounted, in one place.

use rocket::fairing::AdHoc;
use rocket::{Build, Rocket};

use crate::settings::Settings;
use crate::{errors, middleware};

/// Attaches the fairings and the catchers. Fairings run in this order.
pub fn mount(rocket: Rocket<Build>, settings: Settings) -> Rocket<Build> {
    rocket
        .attach(middleware::arrival())
        .attach(middleware::header_limit())
        .attach(middleware::single_headers())
        .attach(middleware::Cors::new(&settings))
        .attach(middleware::request_log())
        .attach(AdHoc::on_liftoff("address", |rocket| {
            let config = rocket.config();
            let (address, port) = (config.address, config.port);
            log::info!("Starting server at http://{address}:{port}/ (stop it with Ctrl-C)");
            Box::pin(async {})
        }))
        .register("/", errors::catchers())
}
