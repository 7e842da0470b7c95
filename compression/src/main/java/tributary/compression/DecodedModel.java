package tributary.compression;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Backend;
import tributary.model.BaseModel;
import tributary.model.ModelConfig;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.Fingerprint;
import tributary.tensor.container.TensorSource;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.MatrixCode;

/**
 * The dense weights that a delta makes of its base. A coded matrix becomes base plus difference in
 * fp32, as serving adds them, when it is first asked for; all other tensors are as they lie in the
 * files.
 */
public final class DecodedModel implements TensorSource {
  private static final String EMBEDDINGS = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Checkpoint base;
  private final DeltaFile delta;
  private final Arena arena = Arena.ofShared();
  private final Map<String, TensorView> decoded = new ConcurrentHashMap<>();

  private DecodedModel(Checkpoint base, DeltaFile delta) {
    this.base = base;
    this.delta = delta;
  }

  /**
   * Opens a base and a delta of it, and reads every byte of the delta once.
   *
   * @throws TributaryException {@code wrong_base}, {@code delta_checksum}, ...
   */
  public static DecodedModel open(Path base, Path delta) {
    Checkpoint checkpoint = Checkpoint.open(base);
    try {
      DeltaFile file = DeltaFile.open(delta);
      try {
        requireBase(base, checkpoint, delta, file);
        file.verifyChecksums();
        return new DecodedModel(checkpoint, file);
      } catch (RuntimeException | Error e) {
        file.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      checkpoint.close();
      throw e;
    }
  }

  /**
   * Opens the dense model for computing with it.
   *
   * @param tuned configuration of the fine-tune that the delta was made of
   */
  public static BaseModel load(Path base, Path delta, ModelConfig tuned, Backend backend) {
    // A base with a head of its own keeps one, even for a fine-tune that answers through its
    // embeddings.
    boolean baseIsTied = ModelConfig.read(base).tiedEmbeddings();
    DecodedModel decoded = open(base, delta);
    boolean tied = baseIsTied && !decoded.delta.tensors().containsKey(HEAD);
    return BaseModel.of(tuned.withTiedEmbeddings(tied), decoded, backend);
  }

  @Override
  public SortedSet<String> names() {
    SortedSet<String> names = new TreeSet<>(base.names());
    names.addAll(delta.tensors().keySet());
    return Collections.unmodifiableSortedSet(names);
  }

  @Override
  public TensorView tensor(String name) {
    return switch (delta.tensors().get(name)) {
      case null -> base.tensor(name);
      case DeltaTensor.Replaced(TensorView value) -> value;
      case DeltaTensor.Signed signed ->
          decoded.computeIfAbsent(name, _ -> decode(baseOf(name), signed));
    };
  }

  @Override
  public void close() {
    arena.close();
    delta.close();
    base.close();
  }

  /** What serving adds the difference to: a head that the base lacks is that of its embeddings. */
  private TensorView baseOf(String name) {
    boolean tied = name.equals(HEAD) && !base.names().contains(HEAD);
    return base.tensor(tied ? EMBEDDINGS : name);
  }

  private TensorView decode(TensorView before, DeltaTensor.Signed signed) {
    MatrixCode code = signed.planes();
    @Nullable TensorView added = signed.added();
    int columns = code.columns();
    long addedRows = added == null ? 0 : added.shape().dimension(0);
    Shape shape = Shape.of(code.rows() + addedRows, columns);
    MemorySegment data = arena.allocate(Math.multiplyExact(shape.elements(), Float.BYTES), 64);
    IntStream.range(0, Math.toIntExact(shape.dimension(0)))
        .parallel()
        .forEach(row -> {
          float[] values = new float[columns];
          if (row < code.rows()) {
            decodeRow(before, code, row, values);
          } else if (added != null) {
            added.readFloats((long) (row - code.rows()) * columns, values, 0, columns);
          }
          MemorySegment.copy(
              values, 0, data, FLOAT, (long) row * columns * Float.BYTES, columns);
        });
    return new TensorView(DType.F32, shape, data);
  }

  private static void decodeRow(TensorView before, MatrixCode code, int row, float[] out) {
    float[] difference = new float[out.length];
    code.readRow(row, difference);
    before.readFloats((long) row * out.length, out, 0, out.length);
    for (int column = 0; column < out.length; column++) {
      out[column] += difference[column];
    }
  }

  private static void requireBase(Path base, Checkpoint checkpoint, Path delta, DeltaFile file) {
    String wanted = file.manifest().baseFingerprint();
    String found = Fingerprint.of(checkpoint);
    if (!wanted.equals(found)) {
      throw new TributaryException(
          ErrorCode.WRONG_BASE,
          "%s: the delta of %s was taken from the base with fingerprint %s; %s has %s; name the base"
                  .formatted(delta, Quoted.of(file.manifest().model()), wanted, base, found)
              + " that it was compressed against");
    }
  }
}
