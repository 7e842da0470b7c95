package tributary.compression.exchange;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import tributary.compression.DecodedModel;
import tributary.compression.lossless.SideFiles;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.BaseModel;
import tributary.model.Families;
import tributary.model.ModelConfig;
import tributary.model.json.JsonFile;
import tributary.model.network.Network;
import tributary.model.peft.PeftAdapter;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.SafetensorsWriter;
import tributary.tensor.container.TensorSource;

/**
 * A Hugging Face directory with a delta, or an adapter, merged into the base's weights. Every
 * tensor has the type that it has in the base, so what is computed differs by that rounding;
 * configuration and tokenizer are the base's but for the vocabulary's size and the head.
 */
public final class MergedCheckpoint {
  /** The file that holds the weights. */
  public static final String WEIGHTS = "model.safetensors";

  private static final String CONFIGURATION = "config.json";
  private static final Bytes CONFIGURATION_MAX = new Bytes(1 << 20);

  /** What was written. */
  public record Written(int tensors, Bytes size) {}

  private MergedCheckpoint() {}

  /**
   * Writes the checkpoint into a directory.
   *
   * @param delta a delta file, or an adapter's directory
   */
  public static Written write(Path base, Path delta, Path out) {
    try (Checkpoint checkpoint = Checkpoint.open(base);
        TensorSource merged =
            PeftAdapter.isAdapter(delta)
                ? AdapterTensors.open(base, delta)
                : DecodedModel.open(base, delta);
        Arena arena = Arena.ofShared()) {
      SequencedMap<String, TensorView> tensors = new TreeMap<>();
      long bytes = 0;
      for (String name : merged.names()) {
        TensorView tensor = merged.tensor(name);
        TensorView typed =
            checkpoint.names().contains(name)
                ? Narrowing.to(checkpoint.tensor(name).type(), tensor, arena)
                : Narrowing.to(usualType(base, checkpoint), tensor, arena);
        tensors.put(name, typed);
        bytes += typed.data().byteSize();
      }
      Files.createDirectories(out);
      writeSideFiles(base, out, tensors);
      SafetensorsWriter.write(out.resolve(WEIGHTS), Map.of("format", "pt"), tensors);
      requireLoadable(out);
      return new Written(tensors.size(), new Bytes(bytes));
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNWRITABLE, "%s: %s".formatted(out, e.getMessage()));
    }
  }

  /** The type of the embeddings, which a head of its own had better have. */
  private static DType usualType(Path base, Checkpoint checkpoint) {
    String embedding = Families.network(ModelConfig.read(base)).embedding().name();
    return checkpoint.tensor(embedding).type();
  }

  /** Copies tokenizer and the like, but not the configuration. */
  static void copySideFiles(Path from, Path to) throws IOException {
    for (String name : SideFiles.known()) {
      if (Files.exists(from.resolve(name)) && !name.equals(CONFIGURATION)) {
        Files.copy(from.resolve(name), to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private static void writeSideFiles(Path base, Path out, Map<String, TensorView> tensors)
      throws IOException {
    copySideFiles(base, out);
    Network network = Families.network(ModelConfig.read(base));
    ObjectNode config =
        JsonFile.read(base.resolve(CONFIGURATION), CONFIGURATION_MAX, ErrorCode.MODEL_CONFIG);
    TensorView embeddings = tensors.get(network.embedding().name());
    if (embeddings != null) {
      config.put("vocab_size", embeddings.shape().dimension(0));
    }
    if (network.head().tiedTo() != null && tensors.containsKey(network.head().name())) {
      config.put("tie_word_embeddings", false);
    }
    Files.writeString(out.resolve(CONFIGURATION), config.toPrettyString());
  }

  /** A tenant may have vectors, such as biases, that its configuration cannot say. */
  static void requireLoadable(Path out) {
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1)) {
      BaseModel.load(out, backend).close();
    }
  }
}
