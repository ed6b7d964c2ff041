use super::{client, header, host};

#[test]
fn no_answer_names_the_software() {
    let client = client(&[]);
    for name in ["localhost", "elsewhere.example"] {
        let response = host(client.get("/"), name).dispatch();
        assert_eq!(header(&response, "Server"), "", "{name}");
    }
}
