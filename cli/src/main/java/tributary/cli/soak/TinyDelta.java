package tributary.cli.soak;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.container.Fingerprint;
import tributary.tensor.container.Frames;
import tributary.tensor.container.TensorSource;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.LowRank;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;

/** Writes random deltas, large enough in value that no two tenants answer alike. */
final class TinyDelta {
  private static final double SHARE = 0.4;
  private static final int RANK = 4;

  private TinyDelta() {}

  /**
   * Writes a delta over every matrix and norm of a base; the same seed gives the same bytes, and
   * files of one seed have the same first planes.
   *
   * @param planes of signs; 0: low rank
   */
  static Path write(Path file, TensorSource base, int planes, long seed) {
    return write(file, base, planes, seed, Frames.NONE);
  }

  /** As above; with frames most signs are minus, so that planes can be packed. */
  static Path write(Path file, TensorSource base, int planes, long seed, Frames frames) {
    try (Arena arena = Arena.ofShared()) {
      SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
      for (String name : base.names()) {
        var random = new SplittableRandom(31 * seed + name.hashCode());
        TensorView tensor = base.tensor(name);
        tensors.put(
            name,
            tensor.shape().rank() == 1
                ? norm(tensor, random)
                : DeltaTensor.Coded.of(
                    code(tensor.shape(), planes, new Signs(random, frames, arena))));
      }
      DeltaFile.write(
          file,
          new DeltaManifest(
              "random", new TreeMap<>(), Fingerprint.of(base), "random-" + seed, 1, 1),
          tensors,
          frames);
    }
    return file;
  }

  private static DeltaTensor norm(TensorView tensor, SplittableRandom random) {
    float[] values = tensor.toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] += (float) random.nextGaussian(0, 0.1);
    }
    return new DeltaTensor.Replaced(TensorView.of(tensor.shape(), values));
  }

  private static MatrixCode code(Shape shape, int planes, Signs signs) {
    int rows = Math.toIntExact(shape.dimension(0));
    int columns = Math.toIntExact(shape.dimension(1));
    if (planes == 0) {
      return new LowRank(
          gaussian(Shape.of(rows, RANK), SHARE, signs.random),
          gaussian(Shape.of(RANK, columns), 1 / Math.sqrt(columns), signs.random),
          1);
    }
    List<SignPlanes.Plane> made = new ArrayList<>();
    for (int plane = 0; plane < planes; plane++) {
      var scales = new float[rows];
      for (int row = 0; row < rows; row++) {
        scales[row] =
            (float) (SHARE * (0.5 + signs.random.nextDouble()) / Math.sqrt(columns) / (1 << plane));
      }
      made.add(new SignPlanes.Plane(signs.plane(rows, columns), scales));
    }
    return new SignPlanes(rows, columns, made);
  }

  /** Draws planes of signs. */
  private record Signs(SplittableRandom random, Frames frames, Arena arena) {
    MemorySegment plane(int rows, int columns) {
      MemorySegment signs =
          arena.allocate(SignPlanes.planeBytes(rows, columns).count(), Long.BYTES);
      int words = SignPlanes.wordsPerRow(columns);
      long lastWord = -1L >>> (words * Long.SIZE - columns);
      for (long word = 0; word < (long) rows * words; word++) {
        long bits =
            switch (frames) {
              case NONE -> random.nextLong();
              case ZSTD -> {
                long few = random.nextLong();
                few &= random.nextLong();
                yield few & random.nextLong();
              }
            };
        signs.setAtIndex(
            ValueLayout.JAVA_LONG, word, word % words == words - 1 ? bits & lastWord : bits);
      }
      return signs;
    }
  }

  private static TensorView gaussian(Shape shape, double deviation, SplittableRandom random) {
    var values = new float[Math.toIntExact(shape.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian(0, deviation);
    }
    return TensorView.of(shape, values);
  }
}
