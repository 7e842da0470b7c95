package tributary.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the smallest legal configuration into a directory, with a test's own lines in it. */
final class ConfigText {
  private final Path directory;

  ConfigText(Path directory) {
    this.directory = directory;
    file("base/config.json");
  }

  /** Creates an empty file, and the directories to it. */
  Path file(String name) {
    return write(name, "");
  }

  Loaded load(String lines) {
    return ServerConfig.load(configuration(lines));
  }

  Path configuration(String lines) {
    return write("server.conf", "tributary.base.path = base\n" + lines);
  }

  Path write(String name, String content) {
    try {
      Path file = directory.resolve(name);
      Files.createDirectories(directory.resolve(name).resolveSibling(""));
      return Files.writeString(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
