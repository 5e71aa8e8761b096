package io.github.mtasts.cli;

import picocli.CommandLine.Command;

/** Reports about TLS, RFC 8460. */
@Command(
        name = "tlsrpt",
        description = "Reports about TLS (TLS-RPT, RFC 8460).",
        // spotless:off one line each
        subcommands = {
            TlsRptPreview.class,
            TlsRptRead.class,
            TlsRptSend.class
        },
        // spotless:on
        synopsisSubcommandLabel = "COMMAND")
final class TlsRpt {
    private TlsRpt() {}
}
