package tributary.compression.quality.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The most memory that this process ever had resident: heap with what no collection has freed yet,
 * native memory, and what is in memory of mapped files.
 */
public final class PeakResident {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Pattern LINE = Pattern.compile("(?m)^VmHWM:\\s+(\\d+) kB$");

  private PeakResident() {}

  /** Bytes so far, where the system tells: Linux does. */
  public static OptionalLong bytes() {
    try {
      return Files.isReadable(STATUS) ? of(Files.readString(STATUS)) : OptionalLong.empty();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  static OptionalLong of(String status) {
    Matcher line = LINE.matcher(status);
    return line.find()
        ? OptionalLong.of(Long.parseLong(line.group(1)) << 10)
        : OptionalLong.empty();
  }
}
