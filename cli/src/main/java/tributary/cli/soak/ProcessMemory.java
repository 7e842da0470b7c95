package tributary.cli.soak;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What this process holds at one moment. Figures that the system does not tell are 0.
 *
 * @param seconds since the run began
 * @param heapBytes in use after a full collection
 * @param residentBytes of the whole process
 * @param mappedBytes of delta files
 * @param handles open files, sockets and the like
 */
record ProcessMemory(
    double seconds, long heapBytes, long residentBytes, long mappedBytes, long handles) {
  private static final Path PROCESS = Path.of("/proc/self");

  static ProcessMemory now(double seconds) {
    System.gc();
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    if (!Files.isDirectory(PROCESS)) {
      return new ProcessMemory(seconds, heap, 0, 0, 0);
    }
    try {
      return new ProcessMemory(seconds, heap, resident(), mapped(), handleCount());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long resident() throws IOException {
    for (String line : Files.readAllLines(PROCESS.resolve("status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    return 0;
  }

  private static long mapped() throws IOException {
    long sum = 0;
    for (String line : Files.readAllLines(PROCESS.resolve("maps"))) {
      if (line.endsWith(".delta")) {
        int dash = line.indexOf('-');
        long first = Long.parseLong(line, 0, dash, 16);
        sum += Long.parseLong(line, dash + 1, line.indexOf(' '), 16) - first;
      }
    }
    return sum;
  }

  private static long handleCount() throws IOException {
    try (Stream<Path> handles = Files.list(PROCESS.resolve("fd"))) {
      return handles.count();
    }
  }
}
