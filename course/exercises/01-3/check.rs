use super::{client, host, send};

#[test]
fn no_answer_names_the_software() {
    let client = client(&[]);
    for name in ["localhost", "elsewhere.example"] {
        send(host(client.get("/"), name), "").has_header("Server", "");
    }
}
