package io.github.mtasts.cli;

import picocli.CommandLine.Command;

/** Looks into a policy store, and changes what it holds. */
@Command(
        name = "cache",
        description =
                "Look into a policy directory and change what it holds, also while senders use it. They see a change when they next ask for the domain's record, within an hour at the latest.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            CacheList.class,
            CacheShow.class,
            CachePurge.class,
            CacheRefresh.class,
            CachePin.class,
            CacheExempt.class,
            CacheExport.class,
            CacheImport.class
        },
        exitCodeListHeading = "Exit codes of all its commands:%n",
        exitCodeList = {
            "0:done",
            "1:nothing is held for some domain",
            "64:wrong usage",
            "65:a policy or an archive is invalid",
            "66:the directory or a file is not there",
            "74:the directory cannot be read or written",
            "75:some policy could not be fetched"
        })
final class Cache {
    private Cache() {}
}
