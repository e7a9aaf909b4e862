//! Nodes to begin with, in several languages: what `glomers new` writes.

/// A node to begin with.
#[derive(Debug)]
pub struct Template {
    /// The language.
    pub language: &'static str,
    /// Its files: their paths and texts. Those that begin with `#!` are programs.
    pub files: &'static [(&'static str, &'static str)],
    /// What builds it, if anything has to.
    pub build: Option<&'static str>,
    /// The program, from the folder of the files.
    pub program: &'static str,
}

/// All templates.
pub const TEMPLATES: [Template; 4] = [
    Template {
        language: "python",
        files: &[
            ("node.py", include_str!("../examples/python/node.py")),
            ("README.md", include_str!("../examples/python/README.md")),
        ],
        build: None,
        program: "./node.py",
    },
    Template {
        language: "go",
        files: &[
            ("main.go", include_str!("../examples/go/main.go")),
            ("go.mod", include_str!("../examples/go/go.mod")),
            ("README.md", include_str!("../examples/go/README.md")),
        ],
        build: Some("go build -o node ."),
        program: "./node",
    },
    Template {
        language: "javascript",
        files: &[
            ("node.js", include_str!("../examples/javascript/node.js")),
            ("README.md", include_str!("../examples/javascript/README.md")),
        ],
        build: None,
        program: "./node.js",
    },
    Template {
        language: "rust",
        files: &[
            ("src/main.rs", include_str!("../examples/rust/src/main.rs")),
            // Under its own name it would be a package in this one.
            ("Cargo.toml", include_str!("../examples/rust/Cargo.toml.txt")),
            ("README.md", include_str!("../examples/rust/README.md")),
        ],
        build: Some("cargo build --release"),
        program: "target/release/node",
    },
];
