package tributary.gpu.vector;

import java.util.List;
import jdk.incubator.vector.FloatVector;
import tributary.gpu.KvCache;
import tributary.gpu.KvShape;
import tributary.gpu.Rope;
import tributary.gpu.SequenceRows;
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostKvCache;
import tributary.gpu.host.OperandChecks;

/** Rotates and stores; angles in fp32 as the checkpoints' own code has them. */
final class VectorRope implements Rope {
  /** Rows that one thread takes at once. */
  private static final int CHUNK = 16;

  private final WorkerTeam team;
  private final RotationAngles angles = new RotationAngles();

  VectorRope(WorkerTeam team) {
    this.team = team;
  }

  @Override
  public void apply(
      Operands operands,
      Frequencies frequencies,
      KvCache cache,
      int layer,
      List<SequenceRows> rows) {
    OperandChecks.rope(operands, frequencies, cache.shape(), layer, rows);
    HostKvCache pages = HostKvCache.of(cache);
    angles.prepare(frequencies, rows, operands.q().rows());
    var pass =
        new Pass(
            HostActivations.of(operands.q()),
            HostActivations.of(operands.k()),
            HostActivations.of(operands.v()),
            angles,
            frequencies.inverseFrequencies().length,
            pages,
            layer);
    for (SequenceRows sequence : rows) {
      pages.makePages(sequence);
      team.run(
          Math.ceilDiv(sequence.rows(), CHUNK),
          (chunk, _) -> {
            int end = Math.min((chunk + 1) * CHUNK, sequence.rows());
            for (int i = chunk * CHUNK; i < end; i++) {
              pass.row(sequence, i);
            }
          });
    }
  }

  /** One call's operands. */
  private record Pass(
      HostActivations q,
      HostActivations k,
      HostActivations v,
      RotationAngles angles,
      int pairs,
      HostKvCache cache,
      int layer) {
    void row(SequenceRows sequence, int index) {
      KvShape shape = cache.shape();
      int size = shape.headSize();
      int row = sequence.firstRow() + index;
      int position = sequence.firstPosition() + index;
      float[] page = cache.page(sequence.pages()[position / shape.pageTokens()]);
      int slot = position % shape.pageTokens();
      for (int head = 0; head < q.columns() / size; head++) {
        rotate(q.values(), row * q.columns() + head * size, row);
      }
      for (int head = 0; head < shape.heads(); head++) {
        int from = row * k.columns() + head * size;
        storeKey(page, cache.key(layer, head, slot, 0), from, row);
        System.arraycopy(v.values(), from, page, cache.value(layer, head, slot, 0), size);
      }
    }

    private void rotate(float[] values, int first, int row) {
      for (int i = 0; i < pairs; i += Lanes.COUNT) {
        var some = Lanes.first(pairs - i);
        int angle = row * pairs + i;
        FloatVector cos = FloatVector.fromArray(Lanes.FLOATS, angles.cosines(), angle, some);
        FloatVector sin = FloatVector.fromArray(Lanes.FLOATS, angles.sines(), angle, some);
        FloatVector a = FloatVector.fromArray(Lanes.FLOATS, values, first + i, some);
        FloatVector b = FloatVector.fromArray(Lanes.FLOATS, values, first + i + pairs, some);
        a.mul(cos).sub(b.mul(sin)).intoArray(values, first + i, some);
        b.mul(cos).add(a.mul(sin)).intoArray(values, first + i + pairs, some);
      }
    }

    /** Components of a key lie a page's positions apart. */
    private void storeKey(float[] page, int at, int from, int row) {
      float[] key = k.values();
      int stride = cache.shape().pageTokens();
      int angle = row * pairs;
      for (int i = 0; i < pairs; i++) {
        float cos = angles.cosines()[angle + i];
        float sin = angles.sines()[angle + i];
        float a = key[from + i];
        float b = key[from + i + pairs];
        page[at + i * stride] = a * cos - b * sin;
        page[at + (i + pairs) * stride] = b * cos + a * sin;
      }
      for (int i = 2 * pairs; i < cache.shape().headSize(); i++) {
        page[at + i * stride] = key[from + i];
      }
    }
  }
}
