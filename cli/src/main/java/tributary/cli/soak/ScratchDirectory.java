package tributary.cli.soak;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A directory for one run; gone with all that is in it when it is closed. */
record ScratchDirectory(Path path) implements AutoCloseable {
  static ScratchDirectory below(Path parent) throws IOException {
    return new ScratchDirectory(Files.createTempDirectory(parent, "tributary-run"));
  }

  /** A path as a settings file has it. */
  static String quoted(Path path) {
    return new JsonMapper().valueToTree(path.toAbsolutePath().toString()).toString();
  }

  @Override
  public void close() throws IOException {
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
