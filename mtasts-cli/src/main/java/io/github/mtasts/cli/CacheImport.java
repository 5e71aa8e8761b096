package io.github.mtasts.cli;

import io.github.mtasts.cache.PolicyArchive;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Reads what export wrote into a store. */
@Command(
        name = "import",
        description = "Read what export wrote. Nothing that is held is replaced by what is older.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:done",
            "64:wrong usage",
            "65:the file is no archive, or only up to a point; what stood before it is kept",
            "66:the file is not there",
            "74:the directory cannot be written"
        })
final class CacheImport implements Callable<Integer> {
    @Mixin
    private CacheStore cache = new CacheStore();

    @Mixin
    private JsonOption json = new JsonOption();

    @Parameters(paramLabel = "FILE", description = "The file to read; - for standard input.")
    private String file = "-";

    private CacheImport() {}

    @Override
    public Integer call() {
        InputStream in;
        try {
            in = file.equals("-") ? System.in : new BufferedInputStream(Files.newInputStream(Path.of(file)));
        } catch (IOException e) {
            return cache.unreadable(Path.of(file), e);
        }
        return cache.existingOrNew(store -> {
            PolicyArchive.Imported imported;
            try (in) {
                imported = PolicyArchive.importAll(in, store, CacheStore.now());
            }
            if (json.isOn()) {
                Map<String, @Nullable Object> report = new LinkedHashMap<>();
                report.put("kept", imported.kept());
                report.put("passedOver", imported.passedOver());
                report.put("fault", imported.fault());
                cache.out().println(Json.of(report));
            } else {
                cache.out()
                        .println(imported.kept() + " kept, " + imported.passedOver()
                                + " passed over for something later");
            }
            if (imported.fault() != null) {
                cache.err().println("mtasts: " + file + " was not read to its end: " + imported.fault());
                return Main.ExitCode.DATA;
            }
            return Main.ExitCode.OK;
        });
    }
}
