//! Names that are more than names: those that run code, decide which runs, or turn off a check. Where programs of one
//! sort look for commands in a file or folder, the variable that names it counts as well.

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

const LIBRARY: &str = "loads a library into every program that is started";
const LIBRARIES: &str = "changes which libraries every program loads";
const WHICH_PROGRAM: &str = "decides which program runs when one is called by its name";
const OTHERS_RUN: &str = "is a command that other programs run";
const GIT_RUNS: &str = "is a command that git runs";
const SETTINGS: &str = "decides where programs look for their settings, which can hold commands";
const PYTHON_MODULES: &str = "changes which modules Python programs load";
const JAVA_CODE: &str = "can load code into every Java program";
const BASH_RUNS: &str = "changes how bash runs every script";
const CARGO_RUNS: &str = "is a command that cargo runs";
const BUILDS_RUN: &str = "is a command that builds run";
const BUILD_OPTIONS: &str = "gives builds options, which can run commands";
const LUA_CODE: &str = "changes which code Lua programs load";
const BUNDLER: &str = "changes which code Bundler loads, or where it comes from";
const R_CODE: &str = "is code, or a place of code, that R runs when it starts";
const ANSIBLE: &str = "decides which code Ansible runs, or how it does";
const PACKAGES: &str = "decides where packages come from, which are code";
const CERTIFICATES: &str = "decides whom programs trust on the network, and code comes over it";

/// Names, or beginnings of names with a `*`, and what each does. Capital or small letters are the same: Windows and npm
/// make no difference.
const DANGEROUS: &[(&str, &str)] = &[
    // Whatever program is started.
    ("LD_PRELOAD*", LIBRARY),
    ("LD_AUDIT*", LIBRARY),
    ("LD_LIBRARY_PATH*", LIBRARIES),
    ("LD_ORIGIN_PATH", LIBRARIES),
    ("LD_CONFIG*", LIBRARIES),
    ("LD_PROFILE*", "makes every program write a file that it names"),
    ("DYLD_*", LIBRARIES),
    ("LIBPATH", LIBRARIES),
    ("SHLIB_PATH", LIBRARIES),
    ("GCONV_PATH", "changes which libraries convert text in every program"),
    ("LOCPATH", "changes which files of the locale every program reads"),
    ("GLIBC_TUNABLES", "changes how memory is handled in every program"),
    ("OPENSSL_CONF", "can load a library into every program that uses OpenSSL"),
    ("OPENSSL_CONF_INCLUDE", "can load a library into every program that uses OpenSSL"),
    ("OPENSSL_ENGINES", "decides which libraries OpenSSL loads"),
    ("OPENSSL_MODULES", "decides which libraries OpenSSL loads"),
    ("GTK_MODULES", "loads libraries into every program with a GTK window"),
    ("GTK_PATH", "decides which libraries programs with a GTK window load"),
    ("GIO_EXTRA_MODULES", "loads libraries into every program that uses GIO"),
    ("GIO_MODULE_DIR", "decides which libraries programs that use GIO load"),
    ("GST_PLUGIN_PATH", "decides which libraries GStreamer loads"),
    ("QT_PLUGIN_PATH", "decides which libraries programs with a Qt window load"),
    ("QT_QPA_PLATFORM_PLUGIN_PATH", "decides which libraries programs with a Qt window load"),
    ("QML2_IMPORT_PATH", "decides which code programs with a Qt window load"),
    ("VK_LAYER_PATH", "decides which libraries programs that draw load"),
    ("PATH", WHICH_PROGRAM),
    ("PATHEXT", WHICH_PROGRAM),
    ("COMSPEC", "decides which shell Windows runs commands in"),
    ("SYSTEMROOT", "decides where Windows looks for its own libraries"),
    ("WINDIR", "decides where Windows looks for its own libraries"),
    ("PSMODULEPATH", "decides which code PowerShell loads"),
    ("SHELL", "is the shell that other programs run commands in"),
    ("HOME", SETTINGS),
    ("USERPROFILE", SETTINGS),
    ("APPDATA", SETTINGS),
    ("XDG_CONFIG_HOME", SETTINGS),
    ("XDG_CONFIG_DIRS", SETTINGS),
    ("XDG_DATA_HOME", SETTINGS),
    ("XDG_DATA_DIRS", SETTINGS),
    // Shells.
    ("IFS", "changes how shells split words"),
    ("CDPATH", "changes which folder a shell goes to"),
    ("BASH_ENV", "is a script that bash runs before any other"),
    ("BASH_FUNC_*", "is a function that bash runs in the place of a command"),
    ("BASH_LOADABLES_PATH", "decides which libraries bash loads commands from"),
    ("PROMPT_COMMAND", "is a command that bash runs before each prompt"),
    ("PS0", "can run a command at each command of a shell"),
    ("PS1", "can run a command at each prompt of a shell"),
    ("PS2", "can run a command at each prompt of a shell"),
    ("PS4", "can run a command in each line of a shell script that is traced"),
    ("SHELLOPTS", BASH_RUNS),
    ("BASHOPTS", BASH_RUNS),
    ("ZDOTDIR", "decides which scripts zsh runs first"),
    ("FPATH", "decides where zsh finds functions"),
    ("NULLCMD", "is a command that zsh runs"),
    ("READNULLCMD", "is a command that zsh runs"),
    ("DIRENV_CONFIG", "decides which settings direnv reads, which can hold commands"),
    // Runtimes of languages.
    ("NODE_OPTIONS", "can load code into every Node.js program"),
    ("NODE_PATH", "changes which modules Node.js programs load"),
    ("NODE_REPL_EXTERNAL_MODULE", "is code that Node.js runs in the place of its prompt"),
    ("NODE_TLS_REJECT_UNAUTHORIZED", "can turn off the check of certificates in Node.js programs"),
    ("NODE_EXTRA_CA_CERTS", CERTIFICATES),
    ("BUN_OPTIONS", "can load code into every Bun program"),
    ("BUN_INSTALL", "decides where Bun keeps programs that are run by their name"),
    ("ELECTRON_RUN_AS_NODE", "makes every Electron program run scripts"),
    ("DENO_DIR", "decides where Deno keeps code that it runs"),
    ("PYTHONPATH", PYTHON_MODULES),
    ("PYTHONHOME", PYTHON_MODULES),
    ("PYTHONUSERBASE", PYTHON_MODULES),
    ("PYTHONPLATLIBDIR", PYTHON_MODULES),
    ("PYTHONPYCACHEPREFIX", PYTHON_MODULES),
    ("PYTHONEXECUTABLE", PYTHON_MODULES),
    ("PYTHONSTARTUP", "is a script that Python runs when it starts"),
    ("PYTHONWARNINGS", "can load a module into every Python program"),
    ("PYTHONBREAKPOINT", "is code that Python programs run at a breakpoint"),
    ("PYTHONINSPECT", "makes Python ask for code when a program ends"),
    ("PYTEST_ADDOPTS", "gives pytest options, which can load code"),
    ("PYTEST_PLUGINS", "loads code into pytest"),
    ("FLASK_APP", "is code that Flask runs"),
    ("GUNICORN_CMD_ARGS", "gives gunicorn options, which can load code"),
    ("VIRTUAL_ENV", "decides which Python programs are run"),
    ("CONDA_EXE", "decides which programs conda runs"),
    ("CONDA_PREFIX", "decides which programs conda runs"),
    ("CONDA_PYTHON_EXE", "decides which programs conda runs"),
    ("RUBYOPT", "can load code into every Ruby program"),
    ("RUBYLIB", "changes which code Ruby programs load"),
    ("RUBYPATH", "changes which code Ruby programs load"),
    ("GEM_PATH", "changes which code Ruby programs load"),
    ("GEM_HOME", "changes which code Ruby programs load"),
    ("GEMRC", "decides which settings gem reads"),
    ("BUNDLE_GEMFILE", BUNDLER),
    ("BUNDLE_APP_CONFIG", BUNDLER),
    ("BUNDLE_USER_*", BUNDLER),
    ("BUNDLE_PATH*", BUNDLER),
    ("BUNDLE_BIN*", BUNDLER),
    ("BUNDLE_BUILD*", BUNDLER),
    ("BUNDLE_LOCAL*", BUNDLER),
    ("BUNDLE_MIRROR*", BUNDLER),
    ("BUNDLE_PLUGINS", BUNDLER),
    ("BUNDLER_SETUP", BUNDLER),
    ("BUNDLER_ORIG_*", BUNDLER),
    ("IRBRC", "is a script that irb runs when it starts"),
    ("PERL5OPT", "can load code into every Perl program"),
    ("PERL5LIB", "changes which modules Perl programs load"),
    ("PERLLIB", "changes which modules Perl programs load"),
    ("PERL5DB", "is code that the Perl debugger runs"),
    ("PERL5SHELL", "is the shell that Perl programs run commands in"),
    ("PHPRC", "decides which settings PHP starts with"),
    ("PHP_INI_SCAN_DIR", "decides which settings PHP starts with"),
    ("COMPOSER_HOME", "decides where Composer looks for its settings, which can hold commands"),
    ("COMPOSER", "decides which file of packages and commands Composer reads"),
    ("JAVA_TOOL_OPTIONS", JAVA_CODE),
    ("JDK_JAVA_OPTIONS", JAVA_CODE),
    ("JDK_JAVAC_OPTIONS", JAVA_CODE),
    ("_JAVA_OPTIONS", JAVA_CODE),
    ("JAVA_OPTS", JAVA_CODE),
    ("JAVA_HOME", "decides which Java runs"),
    ("CATALINA_OPTS", JAVA_CODE),
    ("CLASSPATH", "changes which code Java programs load"),
    ("MAVEN_OPTS", "can load code into every build with Maven"),
    ("MAVEN_ARGS", "gives Maven options, which can run commands"),
    ("MAVEN_CONFIG", "gives Maven options, which can run commands"),
    ("MVN_CMD_LINE_ARGS", "gives Maven options, which can run commands"),
    ("GRADLE_OPTS", "can load code into every build with Gradle"),
    ("GRADLE_USER_HOME", "decides where Gradle looks for scripts that it runs"),
    ("ANT_OPTS", "can load code into every build with Ant"),
    ("ANT_ARGS", "gives Ant options, which can run commands"),
    ("SBT_OPTS", "can load code into every build with sbt"),
    ("GROOVY_HOME", "decides which code Groovy runs"),
    ("SCALA_HOME", "decides which code Scala runs"),
    ("KOTLIN_HOME", "decides which code Kotlin runs"),
    ("DOTNET_STARTUP_HOOKS", "loads code into every .NET program"),
    ("DOTNET_ADDITIONAL_DEPS", "loads code into every .NET program"),
    ("DOTNET_SHARED_STORE", "changes which code .NET programs load"),
    ("DOTNET_ROOT*", "decides which .NET runs"),
    ("CORECLR_PROFILER*", "loads a library into every .NET program"),
    ("CORECLR_ENABLE_PROFILING", "loads a library into every .NET program"),
    ("COR_PROFILER*", "loads a library into every .NET program"),
    ("COR_ENABLE_PROFILING", "loads a library into every .NET program"),
    ("COMPLUS_*", "changes how .NET runs every program"),
    ("ASPNETCORE_HOSTINGSTARTUPASSEMBLIES", "loads code into every ASP.NET program"),
    ("MONO_PATH", "changes which code Mono programs load"),
    ("LUA_INIT*", "is code that Lua runs when it starts"),
    ("LUA_PATH*", LUA_CODE),
    ("LUA_CPATH*", LUA_CODE),
    ("R_PROFILE*", R_CODE),
    ("R_ENVIRON*", R_CODE),
    ("R_HOME", R_CODE),
    ("R_LIBS*", R_CODE),
    ("JULIA_LOAD_PATH", "changes which code Julia loads"),
    ("JULIA_DEPOT_PATH", "changes which code Julia loads"),
    ("ERL_FLAGS", "can run code in every Erlang and Elixir program"),
    ("ERL_AFLAGS", "can run code in every Erlang and Elixir program"),
    ("ERL_ZFLAGS", "can run code in every Erlang and Elixir program"),
    ("ERL_LIBS", "changes which code Erlang and Elixir programs load"),
    ("ELIXIR_ERL_OPTIONS", "can run code in every Elixir program"),
    ("GUILE_LOAD_PATH", "changes which code Guile loads"),
    ("GHCRTS", "changes how Haskell programs run, and writes files"),
    ("OCAMLRUNPARAM", "changes how OCaml programs run"),
    ("CAML_LD_LIBRARY_PATH", "changes which libraries OCaml programs load"),
    ("TCLLIBPATH", "changes which code Tcl programs load"),
    ("AWKPATH", "changes which code awk loads"),
    ("AWKLIBPATH", "changes which libraries awk loads"),
    // Programs that many tools start.
    ("GIT_SSH_COMMAND", GIT_RUNS),
    ("GIT_SSH", GIT_RUNS),
    ("GIT_ASKPASS", GIT_RUNS),
    ("GIT_EXTERNAL_DIFF", GIT_RUNS),
    ("GIT_PROXY_COMMAND", GIT_RUNS),
    ("GIT_EDITOR", GIT_RUNS),
    ("GIT_SEQUENCE_EDITOR", GIT_RUNS),
    ("GIT_PAGER", GIT_RUNS),
    ("GIT_EXEC_PATH", "decides which programs git runs"),
    ("GIT_TEMPLATE_DIR", "can give new repositories scripts that git runs"),
    ("GIT_CONFIG*", "changes git's settings, which can hold commands"),
    ("GIT_DIR", "decides which repository git uses, whose settings can hold commands"),
    ("GIT_COMMON_DIR", "decides which repository git uses, whose settings can hold commands"),
    ("GIT_SSL_NO_VERIFY", "can turn off the check of certificates in git"),
    ("GIT_ALLOW_PROTOCOL", "lets git run commands that addresses hold"),
    ("SSH_ASKPASS", "is a command that ssh runs"),
    ("SUDO_ASKPASS", "is a command that sudo runs"),
    ("SUDO_EDITOR", "is a command that sudo runs"),
    ("SVN_SSH", "is a command that Subversion runs"),
    ("SVN_EDITOR", "is a command that Subversion runs"),
    ("HGRCPATH", "decides which settings Mercurial reads, which can hold commands"),
    ("HGEDITOR", "is a command that Mercurial runs"),
    ("RSYNC_RSH", "is a command that rsync runs"),
    ("RSYNC_CONNECT_PROG", "is a command that rsync runs"),
    ("TAR_OPTIONS", "gives tar options, which can run commands"),
    ("EDITOR", OTHERS_RUN),
    ("VISUAL", OTHERS_RUN),
    ("FCEDIT", OTHERS_RUN),
    ("PAGER", OTHERS_RUN),
    ("MANPAGER", OTHERS_RUN),
    ("SYSTEMD_PAGER", OTHERS_RUN),
    ("PSQL_PAGER", OTHERS_RUN),
    ("PSQL_EDITOR", OTHERS_RUN),
    ("BROWSER", OTHERS_RUN),
    ("LESSOPEN", "is a command that less runs"),
    ("LESSCLOSE", "is a command that less runs"),
    ("LESSEDIT", "is a command that less runs"),
    ("FZF_DEFAULT_COMMAND", "is a command that fzf runs"),
    ("FZF_DEFAULT_OPTS", "gives fzf options, which can run commands"),
    ("RIPGREP_CONFIG_PATH", "decides which settings ripgrep reads, which can hold commands"),
    ("VIMINIT", "is code that Vim runs when it starts"),
    ("EXINIT", "is code that Vim runs when it starts"),
    ("VIMRUNTIME", "changes which code Vim loads"),
    ("MYVIMRC", "is code that Vim runs when it starts"),
    ("EMACSLOADPATH", "changes which code Emacs loads"),
    ("PSQLRC", "is a script that psql runs when it starts"),
    ("INPUTRC", "decides what keys do in a shell"),
    ("CURL_HOME", SETTINGS),
    ("WGETRC", SETTINGS),
    // Builds.
    ("MAKEFLAGS", "changes what make runs"),
    ("GNUMAKEFLAGS", "changes what make runs"),
    ("MFLAGS", "changes what make runs"),
    ("MAKEFILES", "is code that make runs before any other"),
    ("CC", BUILDS_RUN),
    ("CXX", BUILDS_RUN),
    ("CPP", BUILDS_RUN),
    ("CFLAGS", BUILD_OPTIONS),
    ("CXXFLAGS", BUILD_OPTIONS),
    ("LDFLAGS", BUILD_OPTIONS),
    ("COMPILER_PATH", BUILDS_RUN),
    ("GCC_EXEC_PREFIX", BUILDS_RUN),
    ("PKG_CONFIG", BUILDS_RUN),
    ("PKG_CONFIG_PATH", BUILD_OPTIONS),
    ("CMAKE_TOOLCHAIN_FILE", "is code that CMake runs"),
    ("CMAKE_PREFIX_PATH", "decides which code CMake runs"),
    ("CMAKE_*_COMPILER_LAUNCHER", BUILDS_RUN),
    ("RUSTC", CARGO_RUNS),
    ("RUSTC_WRAPPER", CARGO_RUNS),
    ("RUSTC_WORKSPACE_WRAPPER", CARGO_RUNS),
    ("RUSTDOC", CARGO_RUNS),
    ("RUSTFLAGS", BUILD_OPTIONS),
    ("RUSTDOCFLAGS", BUILD_OPTIONS),
    ("RUSTUP_*", "decides which Rust is run, and where it comes from"),
    ("CARGO_HOME", "decides where cargo looks for its settings, which can hold commands"),
    ("CARGO_ENCODED_RUSTFLAGS", BUILD_OPTIONS),
    ("CARGO_BUILD_*", "changes what cargo runs"),
    ("CARGO_TARGET_*", "changes what cargo runs, or where it puts programs"),
    ("CARGO_ALIAS_*", "changes what cargo runs"),
    ("CARGO_SOURCE_*", PACKAGES),
    ("CARGO_REGISTRIES_*_INDEX", PACKAGES),
    ("CARGO_REGISTRIES_*_CREDENTIAL_PROVIDER", CARGO_RUNS),
    ("CARGO_REGISTRY_CREDENTIAL_PROVIDER", CARGO_RUNS),
    ("CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS", CARGO_RUNS),
    ("CARGO_CREDENTIAL_*", CARGO_RUNS),
    ("CARGO_NET_GIT_FETCH_WITH_CLI", "changes what cargo runs"),
    ("GOFLAGS", "gives Go options, which can run commands"),
    ("GOENV", "decides which settings Go reads, which can hold commands"),
    ("GOROOT", "decides which Go runs"),
    ("GOPATH", "decides which code Go builds"),
    ("GOBIN", "decides where Go puts programs"),
    ("GOTOOLCHAIN", "decides which Go runs"),
    ("GOTOOLDIR", "decides which Go runs"),
    ("GOAUTH", "is a command that Go runs"),
    ("GOVCS", "lets Go run programs"),
    ("GOPROXY", PACKAGES),
    ("GONOSUMDB", PACKAGES),
    ("GONOSUMCHECK", PACKAGES),
    ("GOSUMDB", PACKAGES),
    ("GOINSECURE", PACKAGES),
    ("CGO_*FLAGS", BUILD_OPTIONS),
    ("CGO_*_ALLOW", BUILD_OPTIONS),
    ("NPM_CONFIG_*", "changes npm's settings, which can hold commands and where packages come from"),
    ("PNPM_HOME", "decides which pnpm runs"),
    ("YARN_*", "changes Yarn's settings, which can hold commands and where packages come from"),
    ("COREPACK_*", PACKAGES),
    ("PIP_*", PACKAGES),
    ("UV_INDEX*", PACKAGES),
    ("UV_DEFAULT_INDEX", PACKAGES),
    ("UV_EXTRA_INDEX_URL", PACKAGES),
    ("UV_FIND_LINKS", PACKAGES),
    ("UV_INSECURE_HOST", PACKAGES),
    ("UV_OVERRIDE", PACKAGES),
    ("UV_CONSTRAINT", PACKAGES),
    ("UV_BUILD_CONSTRAINT", PACKAGES),
    ("UV_CONFIG_FILE", "decides which settings uv reads"),
    ("UV_ENV_FILE", "decides which further file of variables uv reads"),
    ("UV_PYTHON*", "decides which Python uv runs, or where it comes from"),
    ("POETRY_REPOSITORIES_*", PACKAGES),
    ("PIPENV_PYPI_MIRROR", PACKAGES),
    // Settings of other tools that hold commands.
    ("AWS_CONFIG_FILE", "decides which settings AWS programs read, which can hold commands"),
    ("AWS_SHARED_CREDENTIALS_FILE", "decides which settings AWS programs read, which can hold commands"),
    ("KUBECONFIG", "decides which settings Kubernetes programs read, which can hold commands"),
    ("CLOUDSDK_CONFIG", "decides which settings gcloud reads, which can hold commands"),
    ("CLOUDSDK_PYTHON*", "is the Python that gcloud runs, or its options"),
    ("DOCKER_CONFIG", "decides which settings Docker reads, which can name programs"),
    ("DOCKER_HOST", "decides where containers run"),
    ("DOCKER_CONTEXT", "decides where containers run"),
    ("COMPOSE_FILE", "decides which containers Compose runs"),
    ("TF_CLI_CONFIG_FILE", "decides which settings Terraform reads, which can name programs"),
    ("TF_CLI_ARGS*", "gives Terraform options, which can load code"),
    ("TF_PLUGIN_CACHE_DIR", "decides which programs Terraform runs"),
    ("ANSIBLE_CONFIG", ANSIBLE),
    ("ANSIBLE_LIBRARY", ANSIBLE),
    ("ANSIBLE_INVENTORY*", ANSIBLE),
    ("ANSIBLE_ROLES_PATH", ANSIBLE),
    ("ANSIBLE_COLLECTIONS_PATH*", ANSIBLE),
    ("ANSIBLE_VAULT_PASSWORD_FILE", ANSIBLE),
    ("ANSIBLE_SSH_*", ANSIBLE),
    ("ANSIBLE_*_PLUGINS", ANSIBLE),
    ("ANSIBLE_*_INTERPRETER", ANSIBLE),
    ("HELM_PLUGINS", "decides which programs Helm runs"),
    ("GNUPGHOME", "decides which settings and keys GnuPG uses"),
    ("KRB5_CONFIG", "can load a library into every program that uses Kerberos"),
    // Whom programs believe.
    ("SSL_CERT_FILE", CERTIFICATES),
    ("SSL_CERT_DIR", CERTIFICATES),
    ("REQUESTS_CA_BUNDLE", CERTIFICATES),
    ("CURL_CA_BUNDLE", CERTIFICATES),
    ("GIT_SSL_CAINFO", CERTIFICATES),
    ("PYTHONHTTPSVERIFY", "can turn off the check of certificates in Python programs"),
    ("SSLKEYLOGFILE", "is where programs write the keys of their connections"),
    ("TWINLOCK_*", "decides which team and which keys Twinlock uses"),
];

/// What people keep the name of their environment in `ENV` for. A shell takes it for a script's path.
const ENVIRONMENTS: &[&str] = &[
    "",
    "acc",
    "acceptance",
    "ci",
    "demo",
    "dev",
    "develop",
    "development",
    "e2e",
    "int",
    "integration",
    "live",
    "local",
    "preprod",
    "preview",
    "prod",
    "production",
    "qa",
    "release",
    "sandbox",
    "stage",
    "staging",
    "test",
    "testing",
    "uat",
];

/// What a variable does besides being a setting, if it is more than one; follows its name.
#[must_use]
pub fn danger(name: &str, value: &str) -> Option<&'static str> {
    if name.eq_ignore_ascii_case("ENV") {
        let ordinary = ENVIRONMENTS.iter().any(|known| value.trim().eq_ignore_ascii_case(known));
        return (!ordinary).then_some("is a script that a shell runs first");
    }
    DANGEROUS.iter().find(|(pattern, _)| is(name, pattern)).map(|(_, effect)| *effect)
}

/// Whether a name is the one of a pattern, in which one `*` may stand for anything.
fn is(name: &str, pattern: &str) -> bool {
    let (name, pattern) = (name.as_bytes(), pattern.as_bytes());
    match pattern.iter().position(|byte| *byte == b'*') {
        None => name.eq_ignore_ascii_case(pattern),
        Some(star) => {
            let (start, end) = (&pattern[..star], &pattern[star + 1..]);
            name.len() >= start.len() + end.len()
                && name[..start.len()].eq_ignore_ascii_case(start)
                && name[name.len() - end.len()..].eq_ignore_ascii_case(end)
        }
    }
}

#[expect(clippy::unwrap_used, reason = "a constant expression; the tests compile it")]
static ANYWHERE: LazyLock<Regex> = LazyLock::new(|| {
    let pieces = DANGEROUS.iter().map(|(pattern, _)| pattern.split('*').next().unwrap_or_default());
    let pieces: Vec<String> = pieces.chain(["ENV"]).map(regex::escape).collect();
    RegexBuilder::new(&pieces.join("|")).case_insensitive(true).unicode(false).build().unwrap()
});

/// Whether a text holds the beginning of such a name anywhere. Where it does not, no loader reads one from it.
pub(super) fn may_hold_one(text: &str) -> bool {
    ANYWHERE.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_pass() {
        // Credentials and settings of wide use that begin like a dangerous name.
        for name in
            ["LD_SDK_KEY", "UV_THREADPOOL_SIZE", "CGO_ENABLED", "BUNDLE_GEMS__EXAMPLE__COM", "COMPOSER_AUTH"]
        {
            assert_eq!(danger(name, "x"), None, "{name}");
        }
        for name in
            ["A", "DATABASE_URL", "MY_PATH", "PATHS", "lower", "NODE_ENV", "CCC", "APP_HOME", "AWS_REGION"]
        {
            assert_eq!(danger(name, "/tmp/x"), None, "{name}");
            assert!(!is(name, "PATH"));
        }
        for value in ["production", "Staging", " dev", ""] {
            assert_eq!(danger("ENV", value), None, "{value}");
        }
    }

    #[test]
    fn some_names_do_more_however_they_are_written() {
        for name in [
            "PATH",
            "Path",
            "path",
            "NODE_OPTIONS",
            "node_options",
            "DYLD_INSERT_LIBRARIES",
            "BASH_FUNC_ls%%",
            "npm_config_script_shell",
            "BUNDLE_GEMFILE",
            "GEM_PATH",
            "GOFLAGS",
            "CARGO_BUILD_RUSTC_WRAPPER",
            "CARGO_HOME",
            "RUSTFLAGS",
            "LUA_INIT_5_4",
            "MAVEN_OPTS",
            "AWS_CONFIG_FILE",
            "KUBECONFIG",
            "CMAKE_C_COMPILER_LAUNCHER",
        ] {
            assert!(danger(name, "x").is_some(), "{name}");
            assert!(may_hold_one(&format!("a.{name}=1")), "{name}");
        }
        for value in ["/tmp/x", "x", "$HOME/.shrc", "$(touch x)", "developmentx"] {
            assert!(danger("ENV", value).is_some(), "{value}");
        }
        assert!(
            !is("CMAKE_COMPILER_LAUNCHER", "CMAKE_*_COMPILER_LAUNCHER"),
            "the star stands for more than nothing"
        );
        assert!(!may_hold_one("A=1\nDATABASE_URL=x\n"));
    }

    #[test]
    fn each_effect_reads_as_the_end_of_a_sentence() {
        for (pattern, effect) in DANGEROUS {
            assert!(
                effect.starts_with(|c: char| c.is_lowercase()) && !effect.ends_with('.'),
                "{pattern}: {effect}"
            );
            assert_eq!(pattern.to_uppercase(), *pattern);
        }
    }
}
