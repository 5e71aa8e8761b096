package io.github.mtasts.cli;

import io.github.mtasts.cache.PolicyArchive;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Writes all that a store holds to one readable text. */
@Command(
        name = "export",
        description = "Write all that is held to one readable file, which import reads.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:done",
            "64:wrong usage",
            "66:the directory is not there",
            "74:it cannot be read, or the file cannot be written"
        })
final class CacheExport implements Callable<Integer> {
    @Mixin
    private CacheStore cache = new CacheStore();

    @Mixin
    private JsonOption json = new JsonOption();

    @Parameters(paramLabel = "FILE", description = "The file to write; - for standard output.")
    private String file = "-";

    private CacheExport() {}

    @Override
    public Integer call() {
        return cache.existing(store -> {
            if (file.equals("-")) {
                PolicyArchive.exportAll(store, System.out);
                return Main.ExitCode.OK;
            }
            Path target = Path.of(file).toAbsolutePath();
            Path unfinished = target.resolveSibling(target.getFileName() + ".unfinished");
            int written;
            try (OutputStream out = Files.newOutputStream(unfinished)) {
                written = PolicyArchive.exportAll(store, out);
            } catch (IOException e) {
                Files.deleteIfExists(unfinished);
                throw e;
            }
            Files.move(unfinished, target, StandardCopyOption.REPLACE_EXISTING);
            cache.out().println(json.isOn() ? Json.of(Map.of("written", written)) : written + " written to " + file);
            return Main.ExitCode.OK;
        });
    }
}
