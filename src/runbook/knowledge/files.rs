//! The files of the knowledge base, in the order they are read. A new file needs its line here.

pub const FILES: &[(&str, &str)] =
    &[("docker.toml", include_str!("docker.toml")), ("compose.toml", include_str!("compose.toml"))];
