//! Nodes to begin with and to learn from, in several languages: what `glomers new` writes.

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

/// A node that solves a challenge, in one file.
#[derive(Debug)]
pub struct Example {
    /// The language, as that of a [`Template`].
    pub language: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The file, a program.
    pub file: &'static str,
    /// Its text.
    pub text: &'static str,
    /// The test that it passes, without `--bin`: `-w broadcast`.
    pub test: &'static str,
}

macro_rules! example {
    ($language:literal, $name:literal, $file:literal, $test:literal) => {
        Example {
            language: $language,
            name: $name,
            file: $file,
            text: include_str!(concat!("../examples/", $file)),
            test: $test,
        }
    };
}

/// All examples.
pub const EXAMPLES: [Example; 7] = [
    example!("python", "broadcast", "broadcast.py", "-w broadcast --nemesis partition"),
    example!(
        "python",
        "durable-broadcast",
        "durable_broadcast.py",
        "-w broadcast --nemesis partition,kill"
    ),
    example!("python", "counter", "counter.py", "-w g-counter --node-count 3"),
    example!("python", "kafka", "kafka.py", "-w kafka --node-count 2 --concurrency 2n"),
    example!(
        "python",
        "registers",
        "registers.py",
        "-w txn-rw-register --node-count 2 --consistency-models read-committed"
    ),
    example!("javascript", "counter", "counter.js", "-w g-counter --node-count 3"),
    example!("javascript", "kafka", "kafka.js", "-w kafka --node-count 2 --concurrency 2n"),
];
