package tributary.tests;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs {@code tributary} commands in JVMs of their own, as scripts do. */
final class CommandLine {
  private static final long SECONDS_MAX = 180;

  private CommandLine() {}

  /** What a command printed, and its exit status. */
  record Outcome(int exitStatus, String output, String errors) {
    /** Standard output, which must be one JSON value and nothing else. */
    JsonNode json() throws IOException {
      return Client.JSON.readTree(output);
    }
  }

  static Outcome run(Object... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(ServerProcess.javaCommand());
    for (Object argument : arguments) {
      command.add(argument instanceof Path path ? path.toString() : String.valueOf(argument));
    }
    Process process = new ProcessBuilder(command).start();
    CompletableFuture<String> output = readAll(process.getInputStream());
    CompletableFuture<String> errors = readAll(process.getErrorStream());
    if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("still running after " + SECONDS_MAX + " s: " + command);
    }
    return new Outcome(process.exitValue(), output.join(), errors.join());
  }

  private static CompletableFuture<String> readAll(java.io.InputStream stream) {
    return CompletableFuture.supplyAsync(() -> {
      try (stream) {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    });
  }
}
