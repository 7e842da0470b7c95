package tributary.model.gradient;

import java.util.Arrays;
import java.util.stream.IntStream;
import tributary.gpu.Gemm;
import tributary.model.decoder.Head;

/**
 * The final norm and the output head, and the loss on their logits. Logits exist for a part of the
 * rows at a time: at most {@value #LOGITS_MAX}, or those of one row.
 */
final class HeadStep {
  private static final int LOGITS_MAX = 1 << 22;

  private final Gemm gemm;
  private final NormStep norm;
  private final Values weight;
  private final int vocabulary;
  private final int hidden;
  private final float softCap;

  HeadStep(DenseModel model, Gemm gemm) {
    this.gemm = gemm;
    this.norm = NormStep.of(model, model.network().outputs().norm());
    this.weight = model.head();
    this.vocabulary = model.vocabulary();
    this.hidden = model.config().hiddenSize();
    this.softCap = model.network().outputs().softCap();
  }

  /** Logits of the chosen rows of {@code x} [T, hidden]. */
  Matrix logits(Matrix x, int[] rows) {
    return multiply(read(x, rows));
  }

  private Matrix multiply(Matrix normed) {
    Matrix logits = Matrix.zeros(normed.rows(), vocabulary);
    gemm.addTransposed(
        logits.values(),
        normed.values(),
        weight.all(),
        new Gemm.Extent(normed.rows(), vocabulary, hidden));
    if (isCapped()) {
      RowLoop.run(
          logits.rows(),
          vocabulary,
          row -> {
            for (int i = logits.start(row); i < logits.start(row + 1); i++) {
              logits.values()[i] = (float) (softCap * Math.tanh(logits.values()[i] / softCap));
            }
          });
    }
    return logits;
  }

  /** Gradients of capped logits in, those of uncapped ones out. */
  private void throughCap(Matrix gradients, Matrix logits) {
    for (int i = 0; i < logits.values().length; i++) {
      float share = logits.values()[i] / softCap;
      gradients.values()[i] *= 1 - share * share;
    }
  }

  /** What the head multiplies with: the chosen rows of {@code x}, normed. */
  Matrix read(Matrix x, int[] rows) {
    return norm.forward(x.select(rows, 0, rows.length));
  }

  boolean isCapped() {
    return softCap != Head.UNCAPPED;
  }

  int hidden() {
    return hidden;
  }

  /** The head's weight, [vocabulary, hidden]. */
  Values weight() {
    return weight;
  }

  /** The mean loss of the chosen rows. */
  double loss(Matrix x, int[] rows, LogitLoss loss) {
    double sum = 0;
    for (int from = 0; from < rows.length; from += part()) {
      int end = Math.min(rows.length, from + part());
      Matrix read = norm.forward(x.select(rows, from, end));
      sum +=
          switch (loss) {
            case LogitLoss.OfLogits ofLogits -> replaceByGradient(multiply(read), from, ofLogits);
            case LogitLoss.HeadDistance distance -> distance.of().toGradient(read, from, distance);
          };
    }
    return sum / rows.length;
  }

  /** As {@link #loss}; sets {@code dx} to the input's gradient and hands over the norm's. */
  double backward(Matrix dx, Matrix x, int[] rows, LogitLoss loss, GradientSink sink) {
    Arrays.fill(dx.values(), 0);
    double[] dNorm = norm.sums();
    double sum = 0;
    for (int from = 0; from < rows.length; from += part()) {
      int end = Math.min(rows.length, from + part());
      Matrix chosen = x.select(rows, from, end);
      Matrix read = norm.forward(chosen);
      Matrix dNormed = Matrix.zeros(end - from, hidden);
      sum +=
          switch (loss) {
            case LogitLoss.OfLogits ofLogits -> throughLogits(dNormed, read, from, ofLogits);
            case LogitLoss.HeadDistance distance -> {
              double value = distance.of().toGradient(read, from, distance);
              dNormed.add(read);
              yield value;
            }
          };
      divide(dNormed, rows.length);
      Matrix dChosen = Matrix.zeros(end - from, hidden);
      norm.backward(dChosen, dNormed, chosen);
      norm.addParameterGradients(dNorm, dNormed, chosen);
      for (int i = from; i < end; i++) {
        addRow(dx, rows[i], dChosen, i - from);
      }
    }
    norm.deliver(dNorm, sink);
    return sum / rows.length;
  }

  /** Adds the gradient of what the head reads to {@code dRead}; the losses' sum. */
  private double throughLogits(Matrix dRead, Matrix read, int firstRow, LogitLoss.OfLogits loss) {
    Matrix logits = multiply(read);
    Matrix capped = isCapped() ? logits.copy() : null;
    double sum = replaceByGradient(logits, firstRow, loss);
    if (capped != null) {
      throughCap(logits, capped);
    }
    gemm.add(
        dRead.values(),
        logits.values(),
        weight.all(),
        new Gemm.Extent(read.rows(), hidden, vocabulary));
    return sum;
  }

  /** Rows whose logits exist at once. */
  private int part() {
    return Math.max(1, LOGITS_MAX / vocabulary);
  }

  /** Rows in parallel, their losses added in order. */
  private double replaceByGradient(Matrix logits, int firstRow, LogitLoss.OfLogits loss) {
    return Arrays.stream(
            IntStream.range(0, logits.rows())
                .parallel()
                .mapToDouble(row ->
                    loss.replaceByGradient(
                        firstRow + row, logits.values(), logits.start(row), vocabulary))
                .toArray())
        .sum();
  }

  private static void divide(Matrix matrix, int divisor) {
    for (int i = 0; i < matrix.values().length; i++) {
      matrix.values()[i] /= divisor;
    }
  }

  private static void addRow(Matrix sum, int row, Matrix x, int from) {
    for (int c = 0; c < x.columns(); c++) {
      sum.values()[sum.start(row) + c] += x.values()[x.start(from) + c];
    }
  }
}
