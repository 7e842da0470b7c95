package tributary.model;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where the reference checkpoints of this repository lie. */
public final class Golden {
  private Golden() {}

  /** The directory of one reference checkpoint; tests run in their module's directory. */
  public static Path directory(String name) {
    Path directory = Path.of("..", "tests", "golden", "hf", name);
    if (!Files.isDirectory(directory)) {
      throw new AssertionError("no reference checkpoint at " + directory.toAbsolutePath());
    }
    return directory;
  }
}
