package tributary.gpu;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tributary.gpu.scalar.ScalarBackend;

/** Rope, cache and attention of the vector backend against their definitions. */
final class SequenceAgreementTest {
  private static final List<Attention.Scores> SCORES =
      List.of(
          Attention.Scores.scaled(0.3f),
          new Attention.Scores(0.3f, 7, Attention.Scores.UNCAPPED),
          new Attention.Scores(0.5f, 18, 0.7f));

  private final Backend scalar = ScalarBackend.create("for a test");

  @ParameterizedTest(name = "{0} bits, head {1}, {2} key-value heads of {3}, pages of {4}")
  @CsvSource({
    "512,64,2,1,16", "512,64,1,8,16", "512,20,2,3,5", "512,8,1,5,24", "512,130,1,4,1",
    "256,64,2,1,16", "256,20,1,6,5", "256,12,2,4,20", "128,6,2,3,7", "128,64,1,8,16"
  })
  void attention_over_a_growing_cache_agrees(
      int bits, int size, int heads, int group, int pageTokens) {
    var operands = new Operands(size * 31L + group);
    var shape = new KvShape(2, heads, size, pageTokens, 64);
    int[] first = new int[1 + 60 / pageTokens];
    int[] second = new int[1 + 60 / pageTokens];
    for (int i = 0; i < first.length; i++) {
      first[i] = (2 * i) % 64;
      second[i] = 63 - 2 * i % 64;
    }
    try (Backend vector = VectorBackends.open(bits, 2);
        KvCache found = vector.kvCache(shape);
        KvCache wanted = scalar.kvCache(shape)) {
      var steps =
          List.of(
              List.of(new SequenceRows(0, 11, 0, first), new SequenceRows(11, 3, 0, second)),
              List.of(new SequenceRows(0, 1, 11, first), new SequenceRows(1, 30, 3, second)),
              List.of(new SequenceRows(1, 1, 12, first), new SequenceRows(2, 1, 33, second)));
      int[] rows = {14, 31, 4};
      for (int step = 0; step < steps.size(); step++) {
        step(vector, found, wanted, operands, rows[step], group, steps.get(step));
      }
    }
  }

  private void step(
      Backend vector,
      KvCache found,
      KvCache wanted,
      Operands operands,
      int rows,
      int group,
      List<SequenceRows> sequences) {
    KvShape shape = found.shape();
    int keys = shape.heads() * shape.headSize();
    float[] q = operands.values(rows * keys * group);
    float[] k = operands.values(rows * keys);
    float[] v = operands.values(rows * keys);
    float[] speeds = new float[shape.headSize() / 2 - (shape.headSize() > 16 ? 1 : 0)];
    for (int i = 0; i < speeds.length; i++) {
      speeds[i] = (float) Math.pow(10_000, -(double) i / speeds.length);
    }
    var frequencies = new Rope.Frequencies(speeds, 1.25f);
    Activations foundQ = Operands.activations(vector, rows, keys * group, q);
    Activations wantedQ = Operands.activations(scalar, rows, keys * group, q);
    Activations foundOut = vector.activations(rows, keys * group);
    Activations wantedOut = scalar.activations(rows, keys * group);
    for (int layer = 0; layer < shape.layers(); layer++) {
      vector
          .rope()
          .apply(
              new Rope.Operands(
                  foundQ,
                  Operands.activations(vector, rows, keys, k),
                  Operands.activations(vector, rows, keys, v)),
              frequencies,
              found,
              layer,
              sequences);
      scalar
          .rope()
          .apply(
              new Rope.Operands(
                  wantedQ,
                  Operands.activations(scalar, rows, keys, k),
                  Operands.activations(scalar, rows, keys, v)),
              frequencies,
              wanted,
              layer,
              sequences);
      Agreement.within(Tolerance.ROPE, 4, foundQ, wantedQ, "rope, layer " + layer);
      for (Attention.Scores scores : SCORES) {
        vector.attention().apply(foundOut, foundQ, found, layer, sequences, scores);
        scalar.attention().apply(wantedOut, wantedQ, wanted, layer, sequences, scores);
        Agreement.within(
            Tolerance.ATTENTION,
            8,
            foundOut,
            wantedOut,
            "attention, layer " + layer + " " + scores);
      }
    }
  }
}
