package tributary.tests.fuzz;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** What Jazzer calls, in a process for one target. */
public final class Fuzzing {
  /** What reading one input may allocate. */
  private static final long ALLOCATED_MAX = 64 << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static @Nullable FuzzTarget target;
  private static @Nullable Path scratch;

  private Fuzzing() {}

  /**
   * Called once.
   *
   * @param arguments name of a {@link FuzzTarget}, and a folder to write into
   */
  public static void fuzzerInitialize(String[] arguments) throws IOException {
    target = FuzzTarget.valueOf(arguments[0]);
    scratch = Files.createDirectories(Path.of(arguments[1]));
    for (byte[] input : Corpus.of(target).values()) {
      read(target, input, scratch); // What is loaded once counts for no input.
    }
  }

  /** Called for each input. */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    if (target == null || scratch == null) {
      throw new IllegalStateException("no target was named");
    }
    long before = THREADS.getCurrentThreadAllocatedBytes();
    read(target, input, scratch);
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    if (allocated > ALLOCATED_MAX) {
      throw new AssertionError("%d bytes were allocated for %d".formatted(allocated, input.length));
    }
  }

  /** Returns when the input was read, or refused with a reason. */
  static void read(FuzzTarget target, byte[] input, Path scratch) throws IOException {
    try {
      target.read(input, scratch);
    } catch (TributaryException refused) {
      if (refused.code() == ErrorCode.INTERNAL) {
        throw refused;
      }
    }
  }
}
