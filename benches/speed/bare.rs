//! The yardstick of answering at all: an actix-web server that answers the GIF and
//! stores nothing.

use actix_web::{App, HttpResponse, HttpServer, web};

use crate::Outcome;

pub const ROLE: &str = "bare";

pub const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

pub fn serve() -> Outcome<()> {
    let answer = || async { HttpResponse::Ok().content_type("image/gif").body(GIF) };
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || App::new().route("/pixel", web::get().to(answer)))
            .bind(("127.0.0.1", 0))?;
        for address in server.addrs() {
            println!("listening on http://{address}");
        }
        server.run().await
    })?;
    Ok(())
}
