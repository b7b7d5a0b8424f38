//! The files of the knowledge base, in the order they are read. A new file needs its line here.

pub const FILES: &[(&str, &str)] = &[
    ("docker.toml", include_str!("docker.toml")),
    ("compose.toml", include_str!("compose.toml")),
    ("builtins.toml", include_str!("builtins.toml")),
    ("wrappers.toml", include_str!("wrappers.toml")),
    ("clients.toml", include_str!("clients.toml")),
    ("files.toml", include_str!("files.toml")),
    ("text.toml", include_str!("text.toml")),
    ("system.toml", include_str!("system.toml")),
    ("network.toml", include_str!("network.toml")),
    ("kubernetes.toml", include_str!("kubernetes.toml")),
    ("git.toml", include_str!("git.toml")),
    ("tls.toml", include_str!("tls.toml")),
    ("backup.toml", include_str!("backup.toml")),
    ("cloud.toml", include_str!("cloud.toml")),
    ("hosting.toml", include_str!("hosting.toml")),
    ("infrastructure.toml", include_str!("infrastructure.toml")),
];
