package tributary.gpu.cuda;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import tributary.gpu.cuda.TinyDecoder.Tenant;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.RandomCodes;

/** Random tenants of a decoder, of every kind that the device treats differently. */
enum Tenants {
  /** Signs on every matrix, planes as they come, some over multiplied base rows; its own norms. */
  SIGNS,
  /** Vectors of four or eight rows on every matrix, some over multiplied base rows. */
  VECTORS,
  /** Thin pairs of matrices on most matrices, of any rank, some over multiplied base rows. */
  LOW_RANK,
  /** 2:4 codes on every matrix, of any bits, some over multiplied base rows. */
  SPARSE_CODES,
  /** Grouped codes on every matrix, some with an order and outliers, some with coded statistics. */
  GROUPED_CODES,
  /** Look-up planes on every matrix, some over multiplied base rows. */
  LOOKUP_PLANES,
  /** Signs on a few matrices. */
  SPARSE_SIGNS,
  /** Any codes, some over multiplied base rows. */
  ANY_CODES,
  /** Signs, further rows of the vocabulary, and biases. */
  ADDED_ROWS,
  /** Values of its own in place of some of the base's, and more of them in the vocabulary. */
  REPLACED;

  private static final double MAGNITUDE = 0.05;
  private static final int ADDED = 5;

  Tenant of(TinyDecoder decoder, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    RandomCodes codes = new RandomCodes(random, MAGNITUDE);
    Map<Integer, DeltaTensor> matrices = new HashMap<>();
    Map<Integer, TensorView> vectors = new HashMap<>();
    for (int slot = 0; slot < TinyDecoder.MATRICES; slot++) {
      boolean vocabulary = slot == 0 || slot == TinyDecoder.HEAD;
      int rows = decoder.rows(slot);
      int columns = decoder.columns(slot);
      switch (this) {
        case SIGNS ->
            matrices.put(
                slot,
                new DeltaTensor.Coded(
                    codes.signs(rows, columns, 1 + random.nextInt(4), false),
                    random.nextBoolean() ? factors(random, rows) : null,
                    null));
        case VECTORS ->
            matrices.put(
                slot,
                new DeltaTensor.Coded(
                    codes.vector(rows, columns, random.nextBoolean() ? 4 : 8),
                    random.nextBoolean() ? factors(random, rows) : null,
                    null));
        case LOW_RANK -> {
          if (random.nextInt(4) > 0) {
            matrices.put(
                slot,
                new DeltaTensor.Coded(
                    codes.lowRank(rows, columns, 1 + random.nextInt(40)),
                    random.nextInt(3) == 0 ? factors(random, rows) : null,
                    null));
          }
        }
        case SPARSE_CODES ->
            matrices.put(
                slot,
                new DeltaTensor.Coded(
                    codes.sparse(rows, columns, 1 + random.nextInt(8), random.nextBoolean()),
                    random.nextInt(3) == 0 ? factors(random, rows) : null,
                    null));
        case GROUPED_CODES ->
            matrices.put(
                slot,
                new DeltaTensor.Coded(
                    random.nextInt(3) == 0
                        ? codes.bilevel(rows, columns)
                        : codes.groupedBySixteens(rows, columns, random.nextBoolean()),
                    random.nextInt(3) == 0 ? factors(random, rows) : null,
                    null));
        case LOOKUP_PLANES ->
            matrices.put(
                slot,
                new DeltaTensor.Coded(
                    codes.lookup(rows, columns, 1 + random.nextInt(4)),
                    random.nextInt(3) == 0 ? factors(random, rows) : null,
                    null));
        case SPARSE_SIGNS -> {
          if (random.nextInt(3) == 0) {
            matrices.put(slot, coded(codes.signs(rows, columns, 2, true)));
          }
        }
        case ANY_CODES ->
            matrices.put(
                slot,
                new DeltaTensor.Coded(
                    codes.any(rows, columns),
                    random.nextInt(3) == 0 ? factors(random, rows) : null,
                    null));
        case ADDED_ROWS ->
            matrices.put(
                slot,
                new DeltaTensor.Coded(
                    codes.signs(rows, columns, 1, false),
                    null,
                    vocabulary ? decoder.matrix(ADDED, columns, 0.2) : null));
        case REPLACED -> {
          if (vocabulary || random.nextBoolean()) {
            int own = rows + (vocabulary ? ADDED + 2 : 0);
            matrices.put(slot, new DeltaTensor.Replaced(decoder.matrix(own, columns, 0.1)));
          }
        }
      }
    }
    int owned = this == ADDED_ROWS ? TinyDecoder.VECTORS : TinyDecoder.FIRST_BIAS;
    for (int slot = 0; slot < owned; slot++) {
      vectors.put(slot, decoder.vector(slot));
    }
    return new Tenant(matrices, vectors);
  }

  private static DeltaTensor coded(MatrixCode code) {
    return new DeltaTensor.Coded(code, null, null);
  }

  private static float[] factors(SplittableRandom random, int rows) {
    float[] factors = new float[rows];
    for (int i = 0; i < rows; i++) {
      factors[i] = (float) random.nextDouble(0.9, 1.1);
    }
    return factors;
  }
}
