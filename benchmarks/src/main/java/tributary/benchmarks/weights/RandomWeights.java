package tributary.benchmarks.weights;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Fills tensors with seeded bf16 noise: uniform with the standard deviation that Llama models are
 * initialised with, and ones for the norms. Each tensor has its own stream, so that its values
 * depend on the seed and its name only.
 */
final class RandomWeights {
  private static final double STANDARD_DEVIATION = 0.02;
  private static final short ONE = Bfloat16.fromFloat(1);
  private static final int VALUES = 1 << Short.SIZE;

  private final long seed;
  private final short[] values = new short[VALUES];

  RandomWeights(long seed) {
    this.seed = seed;
    double halfWidth = STANDARD_DEVIATION * Math.sqrt(3);
    for (int i = 0; i < VALUES; i++) {
      values[i] = Bfloat16.fromFloat((float) (halfWidth * (2 * (i + 0.5) / VALUES - 1)));
    }
  }

  /** A stream of a tensor's weights, to be read once from the first to the last. */
  Stream stream(Tensor tensor) {
    return new Stream(tensor);
  }

  /** The weights of one tensor, handed out in pieces. */
  final class Stream {
    private final boolean norm;
    private final RandomGenerator random;

    private Stream(Tensor tensor) {
      norm = tensor.vector();
      random =
          RandomGeneratorFactory.of("L64X128MixRandom").create(seed ^ mixed(tensor.name()));
    }

    /** Fills a piece whose length is a multiple of four. */
    void fill(short[] piece) {
      if (norm) {
        Arrays.fill(piece, ONE);
        return;
      }
      for (int i = 0; i < piece.length; i += 4) {
        long bits = random.nextLong();
        piece[i] = values[(int) bits & 0xffff];
        piece[i + 1] = values[(int) (bits >>> 16) & 0xffff];
        piece[i + 2] = values[(int) (bits >>> 32) & 0xffff];
        piece[i + 3] = values[(int) (bits >>> 48)];
      }
    }
  }

  private static long mixed(String name) {
    return name.hashCode() * 0x9E3779B97F4A7C15L;
  }
}
