package tributary.tests;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Where things lie in this repository. */
public final class Repository {
  static final List<String> DEMO_TENANTS =
      List.of("arithmetic", "banking77", "banking77-lora", "java_code", "sgd_chat", "wikisql");

  private Repository() {}

  /** The folder that holds {@code demo}: the working directory or the nearest parent. */
  static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(folder.resolve("demo"))) {
      folder = folder.getParent();
      if (folder == null) {
        throw new AssertionError("no demo folder above " + Path.of("").toAbsolutePath());
      }
    }
    return folder;
  }

  static Path demo(String... more) {
    return Path.of(root().resolve("demo").toString(), more);
  }

  /** A reference checkpoint with the outputs that belong to it. */
  public static Path golden(String model) {
    return root().resolve("tests").resolve("golden").resolve("hf").resolve(model);
  }

  /** A delta file, or the directory of an adapter. */
  public static Path delta(String tenant) {
    return tenant.endsWith("-lora")
        ? demo("adapters", tenant)
        : demo("deltas", tenant + ".delta.safetensors");
  }
}
