package tributary.tensor.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;

/**
 * The weights of a Hugging Face model directory: {@code model.safetensors}, or the shards that
 * {@code model.safetensors.index.json} names. Pickle files are refused with the reason.
 *
 * <p>Of a sharded checkpoint exactly the tensors that the index lists exist. A tensor that lies in
 * two shards is refused, whichever of them the index prefers.
 */
public final class Checkpoint implements TensorSource {
  private static final String SINGLE_FILE = "model.safetensors";

  /** Files of one checkpoint. */
  private static final int SHARDS_MAX = 4096;

  private final Path directory;
  private final Collection<SafetensorsFile> files;
  private final SortedMap<String, SafetensorsFile> owners;

  private Checkpoint(
      Path directory,
      Collection<SafetensorsFile> files,
      SortedMap<String, SafetensorsFile> owners) {
    this.directory = directory;
    this.files = files;
    this.owners = owners;
  }

  public static Checkpoint open(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new TributaryException(
          ErrorCode.FILE_NOT_FOUND, "%s is not a directory".formatted(directory));
    }
    if (Files.exists(directory.resolve(SINGLE_FILE))) {
      return openSingle(directory);
    }
    if (Files.exists(directory.resolve(CheckpointIndex.FILE))) {
      return openSharded(directory, CheckpointIndex.read(directory));
    }
    throw nothingReadable(directory);
  }

  private static Checkpoint openSingle(Path directory) {
    SafetensorsFile file = SafetensorsFile.open(directory.resolve(SINGLE_FILE));
    SortedMap<String, SafetensorsFile> owners = new TreeMap<>();
    file.names().forEach(name -> owners.put(name, file));
    return new Checkpoint(directory, List.of(file), owners);
  }

  private static Checkpoint openSharded(Path directory, CheckpointIndex index) {
    SortedSet<Path> shards = new TreeSet<>(index.shards().values());
    if (shards.size() > SHARDS_MAX) {
      throw index(
          directory, "names %d shards, at most %d are opened".formatted(shards.size(), SHARDS_MAX));
    }
    Map<Path, SafetensorsFile> files = new TreeMap<>();
    try {
      for (Path shard : shards) {
        files.put(shard, SafetensorsFile.open(shard));
      }
      return new Checkpoint(directory, files.values(), owners(directory, index, files));
    } catch (RuntimeException | Error e) {
      files.values().forEach(SafetensorsFile::close);
      throw e;
    }
  }

  private static SortedMap<String, SafetensorsFile> owners(
      Path directory, CheckpointIndex index, Map<Path, SafetensorsFile> files) {
    SortedMap<String, Path> holders = new TreeMap<>();
    files.forEach((path, file) ->
        file.names()
            .forEach(name -> {
              Path other = holders.put(name, path);
              if (other != null) {
                throw index(
                    directory,
                    "tensor %s is in two shards: %s and %s"
                        .formatted(Quoted.of(name), other, path));
              }
            }));
    SortedMap<String, SafetensorsFile> owners = new TreeMap<>();
    index
        .shards()
        .forEach((name, path) -> {
          if (!path.equals(holders.get(name))) {
            throw index(
                directory,
                "names tensor %s in %s, which does not hold it".formatted(Quoted.of(name), path));
          }
          owners.put(name, files.get(path));
        });
    return owners;
  }

  private static TributaryException index(Path directory, String fault) {
    return new TributaryException(
        ErrorCode.CHECKPOINT_INDEX,
        "%s: %s".formatted(directory.resolve(CheckpointIndex.FILE), fault));
  }

  private static TributaryException nothingReadable(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .map(entry -> String.valueOf(entry.getFileName()))
          .filter(name -> name.matches(".*\\.(bin|pt|pth|ckpt|pkl|pickle)"))
          .sorted()
          .findFirst()
          .map(name ->
              new TributaryException(
                  ErrorCode.CHECKPOINT_UNSAFE_FORMAT,
                  ("%s holds %s and no safetensors; pickle files can run any code when they are"
                          + " loaded and are never opened here; convert the model to"
                          + " safetensors (save_pretrained writes it)")
                      .formatted(directory, Quoted.of(name))))
          .orElseGet(() ->
              new TributaryException(
                  ErrorCode.FILE_NOT_FOUND,
                  "%s holds neither %s nor %s"
                      .formatted(directory, SINGLE_FILE, CheckpointIndex.FILE)));
    } catch (IOException e) {
      return new TributaryException(
          ErrorCode.FILE_UNREADABLE, "%s cannot be listed".formatted(directory), e);
    }
  }

  @Override
  public SortedSet<String> names() {
    return Collections.unmodifiableSortedSet(new TreeSet<>(owners.keySet()));
  }

  @Override
  public TensorView tensor(String name) {
    SafetensorsFile owner = owners.get(name);
    if (owner == null) {
      throw new TributaryException(
          ErrorCode.MISSING_TENSOR, "%s has no tensor %s".formatted(directory, Quoted.of(name)));
    }
    return owner.tensor(name);
  }

  @Override
  public void close() {
    files.forEach(SafetensorsFile::close);
  }
}
