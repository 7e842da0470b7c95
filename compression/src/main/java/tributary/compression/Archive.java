package tributary.compression;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tributary.compression.lossless.ArchivedTensors;
import tributary.compression.lossless.SideFiles;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.container.Fingerprint;
import tributary.tensor.container.Frames;
import tributary.tensor.container.SafetensorsWriter;
import tributary.tensor.container.TensorSource;
import tributary.tensor.container.WholeFile;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.DeltaTensor.Archived;

/**
 * A fine-tune's whole directory in one delta file, from which it comes back bit by bit: every
 * tensor over the base's, or over what a lossy delta of the same fine-tune makes of it, and the
 * small files beside them. Memory holds the file and one tensor.
 */
public final class Archive {
  public static final String CODEC = Codec.Lossless.NAME;

  /** Setting that carries the fine-tune's {@link Fingerprint}. */
  private static final String FINGERPRINT = "fingerprint";

  /** The file that holds restored weights. */
  public static final String WEIGHTS = "model.safetensors";

  /**
   * What to archive, or to restore.
   *
   * @param base directory of the base
   * @param over a lossy delta of the same fine-tune that predicts better than the base does
   */
  public record Over(Path base, Optional<Path> over) {}

  /** What was restored, all of it checked against the fingerprint that the archive carries. */
  public record Restored(int tensors, int files, Bytes size) {}

  private Archive() {}

  /**
   * Archives the fine-tune in directory {@code model} as {@code name}; leaves nothing behind on
   * failure.
   */
  public static DeltaEncoder.Summary encode(
      Over over, Path model, String name, Path out, DeltaEncoder.Progress progress) {
    try (Checkpoint baseWeights = Checkpoint.open(over.base);
        Checkpoint tunedWeights = Checkpoint.open(model);
        Lossy lossy = Lossy.open(over)) {
      DeltaManifest manifest = manifest(name, baseWeights, tunedWeights);
      TensorSource base = SideFiles.with(baseWeights, over.base);
      TensorSource tuned = SideFiles.with(tunedWeights, model);
      SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
      SortedSet<String> names = new TreeSet<>(base.names());
      names.addAll(tuned.names());
      long done = 0;
      for (String tensor : names) {
        if (!tuned.names().contains(tensor)) {
          tensors.put(tensor, ArchivedTensors.absent());
          continue;
        }
        TensorView value = tuned.tensor(tensor);
        if (!base.names().contains(tensor) || !isSame(base.tensor(tensor), value)) {
          tensors.put(tensor, lossy.over(base, tensor).encode(tensor, value));
        }
        done += SideFiles.isFile(tensor) ? 0 : value.shape().elements();
        progress.advanced(done, manifest.originalElements());
      }
      // Coded tensors have no redundancy left; files beside them may have.
      boolean hasFiles = tensors.keySet().stream().anyMatch(SideFiles::isFile);
      DeltaFile.write(out, manifest, tensors, hasFiles ? Frames.ZSTD : Frames.NONE);
      try (DeltaFile file = DeltaFile.open(out)) {
        int unchanged = names.size() - tensors.size();
        return new DeltaEncoder.Summary(
            manifest, file.size(), tensors.size(), unchanged, 0, List.of());
      }
    }
  }

  /**
   * Restores the fine-tune's directory: files first, then its weights, which are therefore whole
   * where they are found.
   *
   * @throws TributaryException if the delta is no archive, or what comes out of it is not what went
   *     in
   */
  public static Restored restore(Over over, Path delta, Path directory) {
    try (Checkpoint weights = Checkpoint.open(over.base);
        DeltaFile file = DecodedModel.openDelta(over.base, weights, delta);
        Lossy lossy = Lossy.open(over);
        Arena arena = Arena.ofShared()) {
      TensorSource base = SideFiles.with(weights, over.base);
      SequencedMap<String, TensorView> tensors = new LinkedHashMap<>();
      SequencedMap<Path, TensorView> files = new LinkedHashMap<>();
      SortedSet<String> names = new TreeSet<>(base.names());
      names.addAll(file.tensors().keySet());
      for (String name : names) {
        DeltaTensor difference = file.tensors().get(name);
        if (!(difference instanceof Archived archived && ArchivedTensors.isAbsent(archived))) {
          TensorView value =
              difference == null
                  ? base.tensor(name)
                  : value(delta, name, difference, lossy.over(base, name), arena);
          if (SideFiles.isFile(name)) {
            files.put(SideFiles.in(directory, name), value);
          } else {
            tensors.put(name, value);
          }
        }
      }
      requireFingerprint(delta, file.manifest(), tensors);
      write(directory, files, tensors);
      long bytes = tensors.values().stream().mapToLong(tensor -> tensor.data().byteSize()).sum();
      return new Restored(tensors.size(), files.size(), new Bytes(bytes));
    }
  }

  private static TensorView value(
      Path delta, String name, DeltaTensor difference, ArchivedTensors archives, Arena arena) {
    return switch (difference) {
      case Archived archived -> archives.restore(name, archived, arena);
      case DeltaTensor.Replaced(TensorView exact) -> exact;
      case DeltaTensor.Coded _ ->
          throw new TributaryException(
              ErrorCode.DELTA_FORMAT,
              "%s holds %s approximately and cannot restore it; archive the fine-tune with --codec %s"
                  .formatted(delta, Quoted.of(name), CODEC));
    };
  }

  private static void write(
      Path directory,
      SequencedMap<Path, TensorView> files,
      SequencedMap<String, TensorView> tensors) {
    try {
      Files.createDirectories(directory);
      for (Map.Entry<Path, TensorView> file : files.entrySet()) {
        WholeFile.write(file.getKey(), file.getValue().data().toArray(ValueLayout.JAVA_BYTE));
      }
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNWRITABLE,
          "%s cannot be written: %s".formatted(directory, e.getMessage()),
          e);
    }
    SafetensorsWriter.write(directory.resolve(WEIGHTS), Map.of("format", "pt"), tensors);
  }

  private static DeltaManifest manifest(String name, Checkpoint base, Checkpoint tuned) {
    long bytes = 0;
    long elements = 0;
    for (String tensor : tuned.names()) {
      bytes += tuned.tensor(tensor).data().byteSize();
      elements += tuned.tensor(tensor).shape().elements();
    }
    var settings = new TreeMap<>(Map.of(FINGERPRINT, Fingerprint.of(tuned)));
    return new DeltaManifest(CODEC, settings, Fingerprint.of(base), name, bytes, elements);
  }

  private static void requireFingerprint(
      Path delta, DeltaManifest manifest, SequencedMap<String, TensorView> tensors) {
    String wanted = manifest.codecSettings().get(FINGERPRINT);
    String found = Fingerprint.of(new InMemory(tensors));
    if (!found.equals(wanted)) {
      throw new TributaryException(
          ErrorCode.DELTA_CHECKSUM,
          "%s restores a model with fingerprint %s, that of %s is %s; fetch the file again"
              .formatted(delta, found, Quoted.of(manifest.model()), wanted));
    }
  }

  private static boolean isSame(TensorView a, TensorView b) {
    return a.type() == b.type() && a.shape().equals(b.shape()) && a.data().mismatch(b.data()) == -1;
  }

  /** The lossy model that predicts, if one does. */
  private record Lossy(@Nullable DecodedModel model) implements AutoCloseable {
    static Lossy open(Over over) {
      return new Lossy(over.over.map(delta -> DecodedModel.open(over.base, delta)).orElse(null));
    }

    /** What a tensor is coded over; a lossy model has no files. */
    ArchivedTensors over(TensorSource base, String tensor) {
      return new ArchivedTensors(base, SideFiles.isFile(tensor) ? null : model);
    }

    @Override
    public void close() {
      if (model != null) {
        model.close();
      }
    }
  }

  private record InMemory(SequencedMap<String, TensorView> tensors) implements TensorSource {
    @Override
    public SortedSet<String> names() {
      return new TreeSet<>(tensors.keySet());
    }

    @Override
    public TensorView tensor(String name) {
      return Objects.requireNonNull(tensors.get(name), name);
    }

    @Override
    public void close() {}
  }
}
