package tributary.gpu.scalar;

import java.util.List;
import tributary.gpu.KvCache;
import tributary.gpu.KvShape;
import tributary.gpu.Rope;
import tributary.gpu.SequenceRows;
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostKvCache;
import tributary.gpu.host.OperandChecks;

final class ScalarRope implements Rope {
  @Override
  public void apply(
      Operands operands,
      Frequencies frequencies,
      KvCache cache,
      int layer,
      List<SequenceRows> rows) {
    OperandChecks.rope(operands, frequencies, cache.shape(), layer, rows);
    HostKvCache pages = HostKvCache.of(cache);
    for (SequenceRows sequence : rows) {
      pages.makePages(sequence);
      for (int i = 0; i < sequence.rows(); i++) {
        row(operands, frequencies, pages, layer, sequence, i);
      }
    }
  }

  private static void row(
      Operands operands,
      Frequencies frequencies,
      HostKvCache cache,
      int layer,
      SequenceRows sequence,
      int index) {
    KvShape shape = cache.shape();
    int size = shape.headSize();
    int row = sequence.firstRow() + index;
    int position = sequence.firstPosition() + index;
    float[] q = HostActivations.of(operands.q()).values();
    int qFirst = row * operands.q().columns();
    for (int head = 0; head < operands.q().columns() / size; head++) {
      rotate(q, qFirst + head * size, frequencies, position);
    }
    float[] k = new float[operands.k().columns()];
    float[] v = new float[operands.v().columns()];
    operands.k().readRow(row, k);
    operands.v().readRow(row, v);
    float[] page = cache.page(sequence.pages()[position / shape.pageTokens()]);
    int slot = position % shape.pageTokens();
    for (int head = 0; head < shape.heads(); head++) {
      rotate(k, head * size, frequencies, position);
      for (int c = 0; c < size; c++) {
        page[cache.key(layer, head, slot, c)] = k[head * size + c];
        page[cache.value(layer, head, slot, c)] = v[head * size + c];
      }
    }
  }

  /** The angle is rounded to fp32, as the checkpoints' own code has it. */
  private static void rotate(float[] values, int first, Frequencies frequencies, int position) {
    float[] speeds = frequencies.inverseFrequencies();
    for (int i = 0; i < speeds.length; i++) {
      float angle = position * speeds[i];
      double cos = Math.cos(angle) * frequencies.scale();
      double sin = Math.sin(angle) * frequencies.scale();
      double a = values[first + i];
      double b = values[first + i + speeds.length];
      values[first + i] = (float) (a * cos - b * sin);
      values[first + i + speeds.length] = (float) (b * cos + a * sin);
    }
  }
}
