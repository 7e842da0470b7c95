package tributary.model.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import tributary.model.BaseModel;
import tributary.model.ResidentDelta;
import tributary.protocol.TributaryException;
import tributary.tensor.Shape;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.SignPlanes;

/** Random sign planes over every matrix of a model: a delta of the real size, and of no use. */
public final class RandomDelta implements AutoCloseable {
  private static final float SCALE = 1e-4f;
  private static final int PLANES_MAX = 8;

  private final Arena arena = Arena.ofShared();
  private final ResidentDelta delta;

  /**
   * @param base whose matrices the delta covers
   * @param planes of linears, head and embeddings alike
   */
  public RandomDelta(BaseModel base, int planes, long seed) {
    if (planes < 1 || planes > PLANES_MAX) {
      throw TributaryException.parameter("planes", planes, 1, PLANES_MAX);
    }
    SplittableRandom random = new SplittableRandom(seed);
    TreeMap<String, DeltaTensor> tensors = new TreeMap<>();
    for (String name : base.tensors().names()) {
      Shape shape = base.tensors().tensor(name).shape();
      if (shape.rank() == 2) {
        tensors.put(name, new DeltaTensor.Coded(planes(shape, planes, random), null, null));
      }
    }
    this.delta = ResidentDelta.of(tensors, base);
  }

  public ResidentDelta delta() {
    return delta;
  }

  @Override
  public void close() {
    delta.close();
    arena.close();
  }

  private SignPlanes planes(Shape shape, int count, SplittableRandom random) {
    int rows = Math.toIntExact(shape.dimension(0));
    int columns = Math.toIntExact(shape.dimension(1));
    List<SignPlanes.Plane> planes = new ArrayList<>();
    for (int plane = 0; plane < count; plane++) {
      MemorySegment signs =
          arena.allocate(SignPlanes.planeBytes(rows, columns).count(), Long.BYTES);
      int words = SignPlanes.wordsPerRow(columns);
      long lastWord = -1L >>> (words * Long.SIZE - columns);
      for (long word = 0; word < (long) rows * words; word++) {
        boolean last = word % words == words - 1;
        signs.setAtIndex(
            ValueLayout.JAVA_LONG, word, last ? random.nextLong() & lastWord : random.nextLong());
      }
      planes.add(new SignPlanes.Plane(signs, new float[] {SCALE / (1 << plane)}));
    }
    return new SignPlanes(rows, columns, planes);
  }
}
