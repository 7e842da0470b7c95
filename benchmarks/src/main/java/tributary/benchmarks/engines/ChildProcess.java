package tributary.benchmarks.engines;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A process that is waited for, with its output in files of a directory that the caller owns. */
final class ChildProcess {
  private static final Duration TIME_MAX = Duration.ofMinutes(20);
  private static final int REPORTED_CHARACTERS_MAX = 2000;

  private final String name;
  private final Path output;
  private final Path errors;

  ChildProcess(String name, Path directory) {
    this.name = name;
    this.output = directory.resolve("output");
    this.errors = directory.resolve("errors");
  }

  /** Runs to the end and returns what was printed on standard output. */
  String run(ProcessBuilder builder) throws IOException, InterruptedException {
    Process process =
        builder
            .redirectOutput(Redirect.to(output.toFile()))
            .redirectError(Redirect.to(errors.toFile()))
            .start();
    try {
      if (!process.waitFor(TIME_MAX.toSeconds(), TimeUnit.SECONDS)) {
        throw failure("gave no answer in " + TIME_MAX.toMinutes() + " minutes");
      }
    } finally {
      process.destroyForcibly();
    }
    if (process.exitValue() != 0) {
      throw failure("ended with status " + process.exitValue());
    }
    return Files.readString(output);
  }

  private EngineFailure failure(String what) throws IOException {
    String said = new String(Files.readAllBytes(errors), StandardCharsets.UTF_8).strip();
    String end = said.substring(Math.max(0, said.length() - REPORTED_CHARACTERS_MAX));
    return new EngineFailure(name + " " + what + (end.isEmpty() ? "" : "; it said: " + end));
  }
}
