package tributary.benchmarks.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The computer that measured.
 *
 * @param processor the model name that the kernel gives
 * @param cores the cores that this process may use
 * @param memoryGib physical memory
 * @param readGigabytesPerSecond how fast the threads of the comparison read memory together: before
 *     the engines ran, and after each model
 * @param system operating system and architecture
 * @param jdk the Java runtime
 */
public record Machine(
    String processor,
    int cores,
    long memoryGib,
    List<Double> readGigabytesPerSecond,
    String system,
    String jdk) {

  /** Looks at this computer and times its memory. */
  public static Machine probe(int threads) throws InterruptedException {
    return new Machine(
        lineOf(Path.of("/proc/cpuinfo"), "model name"),
        Runtime.getRuntime().availableProcessors(),
        memoryGib(lineOf(Path.of("/proc/meminfo"), "MemTotal")),
        List.of(new MemoryReadSpeed(threads).gigabytesPerSecond()),
        System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
            + System.getProperty("os.arch"),
        System.getProperty("java.vendor.version", "") + " "
            + System.getProperty("java.runtime.version"));
  }

  /** This, with the memory timed once more. */
  public Machine probedAgain(int threads) throws InterruptedException {
    List<Double> all = new ArrayList<>(readGigabytesPerSecond);
    all.add(new MemoryReadSpeed(threads).gigabytesPerSecond());
    return new Machine(processor, cores, memoryGib, all, system, jdk);
  }

  /** The fastest that memory was read. */
  @JsonProperty("bestReadGigabytesPerSecond")
  double bestRead() {
    return Collections.max(readGigabytesPerSecond);
  }

  private static String lineOf(Path file, String key) {
    try (var lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(key))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown");
    } catch (IOException e) {
      return "unknown (" + e.getMessage() + ")";
    }
  }

  private static long memoryGib(String kibibytes) {
    String digits = kibibytes.replaceAll("\\D", "");
    return digits.isEmpty() ? 0 : Math.round(Long.parseLong(digits) / (double) (1 << 20));
  }
}
