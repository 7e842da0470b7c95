package tributary.tensor.container;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/**
 * {@code model.safetensors.index.json}: which shard holds which tensor.
 *
 * @param shards the shard of each tensor; every path is a file inside the directory
 */
record CheckpointIndex(SortedMap<String, Path> shards) {
  static final String FILE = "model.safetensors.index.json";

  static CheckpointIndex read(Path directory) {
    Path file = directory.resolve(FILE);
    JsonNode map = parse(file).path("weight_map");
    if (!map.isObject() || map.isEmpty()) {
      throw fault(file, "wanted an object 'weight_map' of tensor names and shard files");
    }
    SortedMap<String, Path> shards = new TreeMap<>();
    Map<String, Path> checked = new TreeMap<>();
    for (var entry : map.properties()) {
      if (!entry.getValue().isTextual()) {
        throw fault(file, "the shard of %s must be a string".formatted(Quoted.of(entry.getKey())));
      }
      shards.put(
          entry.getKey(),
          checked.computeIfAbsent(
              entry.getValue().textValue(), name -> inside(file, directory, name)));
    }
    return new CheckpointIndex(shards);
  }

  private static JsonNode parse(Path file) {
    try {
      if (Files.size(file) > StrictJson.BYTES_MAX) {
        throw fault(file, "more than %d bytes".formatted(StrictJson.BYTES_MAX));
      }
      return StrictJson.MAPPER.readTree(StrictJson.text(Files.readAllBytes(file)));
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.CHECKPOINT_INDEX, "%s: %s".formatted(file, e.getMessage()), e);
    }
  }

  /** An index comes from outside: it must not name files beyond its own directory. */
  private static Path inside(Path file, Path directory, String shard) {
    try {
      Path path = directory.resolve(shard).normalize();
      boolean named = !shard.isEmpty() && path.startsWith(directory.normalize());
      if (named && Files.exists(path) && !path.toRealPath().startsWith(directory.toRealPath())) {
        throw fault(
            file,
            "shard %s is a link that leaves the directory; copy the file into it"
                .formatted(Quoted.of(shard)));
      }
      if (!named) {
        throw fault(file, "shard %s lies outside the directory".formatted(Quoted.of(shard)));
      }
      return path;
    } catch (InvalidPathException | IOException e) {
      throw new TributaryException(
          ErrorCode.CHECKPOINT_INDEX,
          "%s: shard %s is not a file name".formatted(file, Quoted.of(shard)),
          e);
    }
  }

  private static TributaryException fault(Path file, String fault) {
    return new TributaryException(ErrorCode.CHECKPOINT_INDEX, "%s: %s".formatted(file, fault));
  }
}
