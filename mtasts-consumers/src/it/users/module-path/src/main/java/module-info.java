module users.modulepath {
    requires io.github.mtasts.core;
    requires io.github.mtasts.javamail;
    requires io.github.mtasts.testkit;
}
