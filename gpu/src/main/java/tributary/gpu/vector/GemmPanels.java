package tributary.gpu.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import tributary.gpu.host.HostMatrix;

/**
 * A block of one operand of a product as {@link GemmTile} reads it: panels of {@code width}
 * neighbouring rows (of the left operand) or columns (of the right one), step after step along the
 * sums.
 *
 * <pre>
 * panel 0: [step 0: width values] [step 1: width values] ...   panel 1: ...
 * </pre>
 *
 * The last panel is filled up with zeros, whose sums nobody reads. Memory is kept from block to
 * block.
 */
final class GemmPanels {
  /** Where the elements (vector v, step p) of a matrix lie. */
  sealed interface Operand {
    /** Vectors are rows of {@code values}, {@code length} long. */
    record Rows(float[] values, int length) implements Operand {}

    /** Vectors are columns of {@code values}, whose rows have {@code count}. */
    record Columns(float[] values, int count) implements Operand {}

    /** Vectors are rows of weights of any type. */
    record Weights(HostMatrix matrix) implements Operand {}
  }

  /** Columns of an operand that are packed together: a few lines of memory. */
  private static final int VECTORS_TOGETHER = 64;

  private final int width;
  private float[] values = new float[0];
  private int first;
  private int vectors;
  private int firstStep;
  private int steps;

  GemmPanels(int width) {
    this.width = width;
  }

  /** Makes room for vectors [first, end) over steps [firstStep, endStep); nothing is packed yet. */
  void begin(int newFirst, int end, int newFirstStep, int endStep) {
    first = newFirst;
    vectors = end - newFirst;
    firstStep = newFirstStep;
    steps = endStep - newFirstStep;
    int size = Math.multiplyExact(count() * width, steps);
    if (values.length < size) {
      values = new float[size];
    }
  }

  /** Number of panels. */
  int count() {
    return Math.ceilDiv(vectors, width);
  }

  int steps() {
    return steps;
  }

  float[] values() {
    return values;
  }

  /** Where a panel begins in {@link #values}. */
  int start(int panel) {
    return panel * width * steps;
  }

  /** The vector that a panel begins with. */
  int firstVector(int panel) {
    return first + panel * width;
  }

  /** Vectors of a panel that exist. */
  int vectorsIn(int panel) {
    return Math.min(width, vectors - panel * width);
  }

  /** Panels that are packed together: those whose neighbouring columns share lines of memory. */
  int together() {
    return VECTORS_TOGETHER / width;
  }

  /** Copies panels {@code [firstPanel, end)} from the operand. */
  void pack(int firstPanel, int end, Operand operand) {
    for (int panel = firstPanel; panel < end; panel++) {
      if (vectorsIn(panel) < width) {
        Arrays.fill(values, start(panel), start(panel) + width * steps, 0);
      }
    }
    switch (operand) {
      case Operand.Rows(float[] rows, int length) ->
          forEachVector(
              firstPanel, end, (vector, at) -> packVector(rows, vector * length + firstStep, at));
      case Operand.Columns(float[] columns, int count) ->
          packColumns(firstPanel, end, columns, count);
      case Operand.Weights(HostMatrix matrix) -> {
        float[] widened = new float[steps];
        forEachVector(
            firstPanel,
            end,
            (vector, at) -> {
              long from = (long) vector * matrix.columns() + firstStep;
              matrix.view().readFloats(from, widened, 0, steps);
              packVector(widened, 0, at);
            });
      }
    }
  }

  /** Takes a vector, and where its values go. */
  private interface VectorWork {
    void run(int vector, int at);
  }

  private void forEachVector(int firstPanel, int end, VectorWork work) {
    for (int panel = firstPanel; panel < end; panel++) {
      for (int v = 0; v < vectorsIn(panel); v++) {
        work.run(firstVector(panel) + v, start(panel) + v);
      }
    }
  }

  private void packVector(float[] operand, int from, int at) {
    for (int p = 0; p < steps; p++) {
      values[at + p * width] = operand[from + p];
    }
  }

  /** Step by step, so that what lies side by side is read once. */
  private void packColumns(int firstPanel, int end, float[] columns, int count) {
    for (int p = 0; p < steps; p++) {
      int row = (firstStep + p) * count;
      for (int panel = firstPanel; panel < end; panel++) {
        packStep(columns, row + firstVector(panel), start(panel) + p * width, vectorsIn(panel));
      }
    }
  }

  private void packStep(float[] columns, int from, int to, int present) {
    if (present == GemmTile.COLUMNS) {
      copy(Lanes.FLOATS, columns, from, to);
      copy(Lanes.FLOATS, columns, from + Lanes.COUNT, to + Lanes.COUNT);
    } else if (present == GemmTile.ROWS) {
      copy(FloatVector.SPECIES_128, columns, from, to);
    } else {
      System.arraycopy(columns, from, values, to, present);
    }
  }

  private void copy(VectorSpecies<Float> species, float[] operand, int from, int to) {
    FloatVector.fromArray(species, operand, from).intoArray(values, to);
  }
}
