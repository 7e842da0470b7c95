package tributary.compression.lossless;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.TensorSource;

/**
 * The small files beside a checkpoint's weights, as tensors of bytes, so that an archive carries
 * them, too. Their names begin with {@value #PREFIX}, as no weight's does.
 */
public final class SideFiles {
  private static final String PREFIX = "file:";

  /** Configuration and tokenizer, as Hugging Face directories name them. */
  private static final List<String> KNOWN =
      List.of(
          "config.json",
          "generation_config.json",
          "tokenizer.json",
          "tokenizer.model",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt",
          "chat_template.jinja",
          "chat_template.json");

  private SideFiles() {}

  /** Names of the files that are carried where they exist. */
  public static List<String> known() {
    return KNOWN;
  }

  /** True for the name of a file rather than of a weight. */
  public static boolean isFile(String tensor) {
    return tensor.startsWith(PREFIX);
  }

  /** Where the file that this tensor holds belongs in a directory; others are refused. */
  public static Path in(Path directory, String tensor) {
    String name = tensor.substring(PREFIX.length());
    if (!KNOWN.contains(name)) {
      throw new TributaryException(
          ErrorCode.DELTA_FORMAT,
          "the archive holds a file that is not of a model: '%s'; only these are restored: %s"
              .formatted(name, KNOWN));
    }
    return directory.resolve(name);
  }

  /** A checkpoint with the files of its directory; closing it closes the checkpoint. */
  public static TensorSource with(TensorSource checkpoint, Path directory) {
    return new Both(checkpoint, read(directory));
  }

  private static SortedMap<String, TensorView> read(Path directory) {
    SortedMap<String, TensorView> files = new TreeMap<>();
    for (String name : KNOWN) {
      Path file = directory.resolve(name);
      if (Files.isRegularFile(file)) {
        try {
          byte[] bytes = Files.readAllBytes(file);
          files.put(
              PREFIX + name,
              new TensorView(DType.U8, Shape.of(bytes.length), MemorySegment.ofArray(bytes)));
        } catch (IOException e) {
          throw new TributaryException(
              ErrorCode.FILE_UNREADABLE,
              "%s cannot be read: %s".formatted(file, e.getMessage()),
              e);
        }
      }
    }
    return files;
  }

  private record Both(TensorSource checkpoint, SortedMap<String, TensorView> files)
      implements TensorSource {
    @Override
    public SortedSet<String> names() {
      SortedSet<String> names = new TreeSet<>(checkpoint.names());
      names.addAll(files.keySet());
      return Collections.unmodifiableSortedSet(names);
    }

    @Override
    public TensorView tensor(String name) {
      TensorView file = files.get(name);
      return file != null ? file : checkpoint.tensor(name);
    }

    @Override
    public void close() {
      checkpoint.close();
    }
  }
}
