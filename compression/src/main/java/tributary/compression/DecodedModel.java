package tributary.compression;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tributary.compression.lossless.ArchivedTensors;
import tributary.compression.lossless.SideFiles;
import tributary.gpu.Backend;
import tributary.model.BaseModel;
import tributary.model.ModelConfig;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.Fingerprint;
import tributary.tensor.container.TensorSource;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.DeltaTensor.Archived;
import tributary.tensor.format.TunedMatrix;

/**
 * The dense weights that a delta makes of its base. A coded matrix becomes base plus difference in
 * fp32, as serving adds them, and an archived tensor what the fine-tune had, when it is first asked
 * for; all others are as they lie in the files.
 */
public final class DecodedModel implements TensorSource {
  private final Checkpoint base;
  private final DeltaFile delta;
  private final TensorRoles roles;
  private final ArchivedTensors archives;
  private final Arena arena = Arena.ofShared();
  private final int width;
  private final Map<String, TensorView> decoded = new ConcurrentHashMap<>();

  private DecodedModel(
      Checkpoint base, DeltaFile delta, TensorRoles roles, ArchivedTensors archives, int width) {
    this.base = base;
    this.delta = delta;
    this.roles = roles;
    this.archives = archives;
    this.width = width;
  }

  /**
   * Opens a base and a delta of it, and reads every byte of the delta once.
   *
   * @throws TributaryException {@code wrong_base}, {@code delta_checksum}, ...
   */
  public static DecodedModel open(Path base, Path delta) {
    return open(base, delta, Integer.MAX_VALUE);
  }

  private static DecodedModel open(Path base, Path delta, int width) {
    Checkpoint checkpoint = Checkpoint.open(base);
    try {
      DeltaFile file = openDelta(base, checkpoint, delta);
      return new DecodedModel(
          checkpoint, file, TensorRoles.of(base), new ArchivedTensors(checkpoint, null), width);
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
    return load(base, delta, tuned, backend, Integer.MAX_VALUE);
  }

  /**
   * The same of no more than some planes of each matrix.
   *
   * @param width at least 1
   */
  public static BaseModel load(
      Path base, Path delta, ModelConfig tuned, Backend backend, int width) {
    boolean baseIsTied = ModelConfig.read(base).tiedEmbeddings();
    DecodedModel decoded = open(base, delta, width);
    // A base with a head of its own keeps one, even for a fine-tune that answers through its
    // embeddings; one without gets a head from the delta only.
    boolean ignored = baseIsTied && !decoded.delta.tensors().containsKey(decoded.roles.head());
    boolean tied = ignored || !decoded.names().contains(decoded.roles.head());
    return BaseModel.of(tuned.withTiedEmbeddings(tied), decoded, backend);
  }

  /** Opens and reads a delta, having made sure that it was taken from this base. */
  static DeltaFile openDelta(Path base, Checkpoint checkpoint, Path delta) {
    DeltaFile file = DeltaFile.open(delta);
    try {
      String wanted = file.manifest().baseFingerprint();
      String found = Fingerprint.of(checkpoint);
      if (!wanted.equals(found)) {
        throw new TributaryException(
            ErrorCode.WRONG_BASE,
            "%s: the delta of %s was taken from the base with fingerprint %s; %s has %s; name the"
                    .formatted(delta, Quoted.of(file.manifest().model()), wanted, base, found)
                + " base that it was compressed against");
      }
      file.verifyChecksums();
      return file;
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  @Override
  public SortedSet<String> names() {
    SortedSet<String> names = new TreeSet<>(base.names());
    names.addAll(delta.tensors().keySet());
    names.removeIf(name ->
        SideFiles.isFile(name)
            || (delta.tensors().get(name) instanceof Archived archived
                && ArchivedTensors.isAbsent(archived)));
    return Collections.unmodifiableSortedSet(names);
  }

  @Override
  public TensorView tensor(String name) {
    return switch (delta.tensors().get(name)) {
      case null -> base.tensor(name);
      case DeltaTensor.Replaced(TensorView value) -> value;
      case DeltaTensor.Coded coded ->
          decoded.computeIfAbsent(
              name, _ -> TunedMatrix.of(baseOf(name), coded.atMost(width)).toDense(arena));
      case Archived archived ->
          decoded.computeIfAbsent(name, _ -> archives.restore(name, archived, arena));
    };
  }

  @Override
  public void close() {
    arena.close();
    delta.close();
    base.close();
  }

  /** What serving adds the difference to: a head that the base lacks is that of its embeddings. */
  private @Nullable TensorView baseOf(String name) {
    String serving =
        name.equals(roles.head()) && !base.names().contains(roles.head())
            ? roles.embeddings()
            : name;
    return base.names().contains(serving) ? base.tensor(serving) : null;
  }
}
