package tributary.model.gradient;

import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/** A loop over rows that do not depend on each other, in parallel where that pays. */
final class RowLoop {
  /** Elements below which sharing out costs more than it saves. */
  private static final long ALONE = 1 << 14;

  private RowLoop() {}

  /** Runs the body for each of {@code rows} rows of {@code columns} elements. */
  static void run(int rows, int columns, IntConsumer body) {
    IntStream all = IntStream.range(0, rows);
    ((long) rows * columns < ALONE ? all : all.parallel()).forEach(body);
  }
}
