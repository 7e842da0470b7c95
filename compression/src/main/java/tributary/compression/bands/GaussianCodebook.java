package tributary.compression.bands;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import tributary.tensor.format.VectorCodes;

/**
 * A codebook for independent normal values of variance 1: 256 vectors of d numbers, by k-means on
 * samples. The same for everyone: seeds and order are fixed.
 */
final class GaussianCodebook {
  private static final int SAMPLES = 1 << 14;
  private static final int ROUNDS = 20;
  private static final long SEED = 20_260_101;

  private GaussianCodebook() {}

  private static float[] samples(int d, long seed) {
    Random random = new Random(seed);
    float[] samples = new float[SAMPLES * d];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (float) random.nextGaussian();
    }
    return samples;
  }

  /** The mean squared error of a codebook [256, d] on samples that none was made of. */
  static double distortion(int d, float[] book) {
    float[] samples = samples(d, SEED + 1);
    int[] nearest = new int[SAMPLES];
    assign(new VectorBands(d, book), samples, d, nearest);
    double sum = 0;
    for (int i = 0; i < samples.length; i++) {
      double miss = samples[i] - book[nearest[i / d] * d + i % d];
      sum += miss * miss;
    }
    return sum / samples.length;
  }

  /** The codebook [256, d]. */
  static float[] make(int d) {
    float[] samples = samples(d, SEED);
    // The first samples are as good a start as any.
    float[] book = Arrays.copyOf(samples, VectorCodes.VECTORS * d);
    int[] nearest = new int[SAMPLES];
    for (int round = 0; round < ROUNDS; round++) {
      VectorBands bands = new VectorBands(d, book);
      assign(bands, samples, d, nearest);
      book = means(book, samples, d, nearest);
    }
    for (int i = 0; i < book.length; i++) {
      book[i] = Float.float16ToFloat(Float.floatToFloat16(book[i]));
    }
    return book;
  }

  private static void assign(VectorBands bands, float[] samples, int d, int[] nearest) {
    double[][] ones = new double[d][];
    Arrays.setAll(ones, _ -> new double[] {1});
    int block = SAMPLES / 64;
    IntStream.range(0, 64)
        .parallel()
        .forEach(part -> {
          Alphabet alphabet = bands.alphabet(ones);
          float[] wanted = new float[d];
          for (int s = part * block; s < (part + 1) * block; s++) {
            for (int r = 0; r < d; r++) {
              wanted[r] = samples[s * d + r];
            }
            nearest[s] = alphabet.nearest(wanted);
          }
        });
  }

  /** The mean of each vector's samples; a vector without samples stays. */
  private static float[] means(float[] book, float[] samples, int d, int[] nearest) {
    double[] sums = new double[book.length];
    int[] counts = new int[VectorCodes.VECTORS];
    for (int s = 0; s < nearest.length; s++) {
      counts[nearest[s]]++;
      for (int r = 0; r < d; r++) {
        sums[nearest[s] * d + r] += samples[s * d + r];
      }
    }
    float[] means = book.clone();
    for (int i = 0; i < means.length; i++) {
      int count = counts[i / d];
      means[i] = count == 0 ? means[i] : (float) (sums[i] / count);
    }
    return means;
  }
}
