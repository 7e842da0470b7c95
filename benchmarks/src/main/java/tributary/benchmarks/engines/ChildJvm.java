package tributary.benchmarks.engines;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A JVM like this one, same class path, that runs a {@link Driver} on one task. */
record ChildJvm(Class<? extends Driver> driver, List<String> options) {
  private static final List<String> COMMON_OPTIONS =
      List.of(
          "--add-modules=jdk.incubator.vector",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow");

  TaskResult run(String name, Task task) throws IOException, InterruptedException {
    return new TaskProcess(name).run(scratch -> command(scratch, task.threads()), task);
  }

  private List<String> command(Path scratch, int threads) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(COMMON_OPTIONS);
    command.addAll(options);
    command.add("-XX:ActiveProcessorCount=" + threads);
    // Both engines unpack native libraries there; one also deletes what looks like an old one.
    command.add("-Djava.io.tmpdir=" + scratch);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), driver.getName()));
    return command;
  }
}
