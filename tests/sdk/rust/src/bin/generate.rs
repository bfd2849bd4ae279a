//! `generate openapi.json client.rs`: the client that progenitor makes.

use std::{env::args, error::Error, fs};

use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle};

fn main() -> Result<(), Box<dyn Error>> {
    let [document, client] = [args().nth(1), args().nth(2)].map(Option::unwrap_or_default);
    let document = serde_json::from_str(&fs::read_to_string(document)?)?;
    let mut settings = GenerationSettings::new();
    settings.with_interface(InterfaceStyle::Builder);
    let tokens = Generator::new(&settings).generate_tokens(&document)?;
    let text = prettyplease::unparse(&syn::parse2(tokens)?);
    fs::write(client, format!("#![allow(unused_imports)]\n{text}"))?;
    Ok(())
}
