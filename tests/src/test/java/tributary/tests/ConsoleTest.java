package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The console in a real browser, over a real server of the demo. With {@code
 * -Dpictures.rewrite=true} the screenshots in the documentation are taken anew.
 */
class ConsoleTest {
  private static final Path CHROMIUM =
      Path.of(System.getenv().getOrDefault("CHROMIUM", "/usr/bin/chromium"));
  private static final int CHECKS = 30;
  private static final long MINUTES_MAX = 5;

  @TempDir Path directory;

  @Test
  void the_console_does_what_it_shows() throws Exception {
    assertThat(CHROMIUM)
        .as("Chromium; install the package chromium, or set CHROMIUM to another one's path")
        .isExecutable();
    Path sources = Repository.root().resolve("tests").resolve("src/test/node/console");
    for (String file : List.of("package.json", "package-lock.json", "console.mjs")) {
      Files.copy(sources.resolve(file), directory.resolve(file));
    }
    run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts");
    Path store = Files.createDirectory(directory.resolve("store"));
    try (var server =
        ServerProcess.start(
            Repository.demo("tributary.conf"), "--set", "tributary.deltas.store=" + store)) {
      List<String> command = new ArrayList<>(List.of("node", "console.mjs"));
      command.add(server.address().toString());
      command.add(Repository.delta("arithmetic").toString());
      if (Boolean.getBoolean("pictures.rewrite")) {
        command.add(
            Files.createDirectories(Repository.root().resolve("docs").resolve("console"))
                .toString());
      }
      var checks = new ArrayList<JsonNode>();
      for (String line : run(command.toArray(String[]::new)).strip().lines().toList()) {
        checks.add(Client.JSON.readTree(line));
      }
      assertThat(checks).hasSize(CHECKS).allMatch(check -> check.get("ok").asBoolean());
    }
  }

  private String run(String... command) throws IOException, InterruptedException {
    Path output = directory.resolve(command[0] + ".txt");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectOutput(output.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (!process.waitFor(MINUTES_MAX, TimeUnit.MINUTES) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new AssertionError(List.of(command) + " failed: " + Files.readString(output));
    }
    return Files.readString(output);
  }
}
