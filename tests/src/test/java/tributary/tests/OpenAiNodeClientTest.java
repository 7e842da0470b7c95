package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** OpenAI's own client for JavaScript, unchanged, against a real server. */
class OpenAiNodeClientTest {
  private static final long MINUTES_MAX = 4;

  @TempDir Path directory;

  @Test
  void every_call_of_the_official_client_gets_what_it_expects() throws Exception {
    assumeThat(isInstalled("node") && isInstalled("npm")).as("Node.js is installed").isTrue();
    Path sources = Repository.root().resolve("tests").resolve("src/test/node");
    for (String file : List.of("package.json", "package-lock.json", "client.mjs")) {
      Files.copy(sources.resolve(file), directory.resolve(file));
    }
    run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts");
    try (var server = ServerProcess.start(KeyedServer.config(directory))) {
      String output = run("node", "client.mjs", server.address().toString(), KeyedServer.USER);
      var checks = new ArrayList<JsonNode>();
      for (String line : output.strip().lines().toList()) {
        checks.add(Client.JSON.readTree(line));
      }
      assertThat(checks).hasSize(14).allMatch(check -> check.get("ok").asBoolean());
    }
  }

  private static boolean isInstalled(String program) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
        .anyMatch(place -> Files.isExecutable(Path.of(place, program)));
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
