package tributary.gpu.vector;

import java.util.Arrays;

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
  /**
   * A matrix whose element (vector v, step p) lies at {@code v * vectorStride + p * stepStride};
   * one of the strides is 1.
   */
  record Operand(float[] values, int vectorStride, int stepStride) {
    /** Vectors are rows of {@code values}, {@code length} long. */
    static Operand ofRows(float[] values, int length) {
      return new Operand(values, length, 1);
    }

    /** Vectors are columns of {@code values}, whose rows have {@code count}. */
    static Operand ofColumns(float[] values, int count) {
      return new Operand(values, 1, count);
    }
  }

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

  /** Copies one panel from the operand. */
  void pack(int panel, Operand operand) {
    int present = vectorsIn(panel);
    int at = start(panel);
    if (present < width) {
      Arrays.fill(values, at, at + width * steps, 0);
    }
    int from = firstVector(panel) * operand.vectorStride + firstStep * operand.stepStride;
    if (operand.stepStride == 1) {
      packRows(operand.values, from, operand.vectorStride, present, at);
    } else {
      packColumns(operand.values, from, operand.stepStride, present, at);
    }
  }

  private void packRows(float[] operand, int from, int stride, int present, int at) {
    for (int v = 0; v < present; v++) {
      int source = from + v * stride;
      for (int p = 0; p < steps; p++) {
        values[at + p * width + v] = operand[source + p];
      }
    }
  }

  private void packColumns(float[] operand, int from, int stride, int present, int at) {
    for (int p = 0; p < steps; p++) {
      System.arraycopy(operand, from + p * stride, values, at + p * width, present);
    }
  }
}
