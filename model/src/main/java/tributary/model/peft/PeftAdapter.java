package tributary.model.peft;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import tributary.model.network.Network;
import tributary.model.network.Parameter;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.SafetensorsFile;
import tributary.tensor.container.TensorSource;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.LowRank;

/**
 * A LoRA adapter's directory as differences to a base: {@code W + scale B A} for each module that
 * it targets, with DoRA each row of that scaled to a magnitude of its own; and whole modules that
 * were trained beside it.
 */
public final class PeftAdapter implements AutoCloseable {
  /** The file of its weights. */
  public static final String WEIGHTS = "adapter_model.safetensors";

  private static final String PICKLED = "adapter_model.bin";

  private final SafetensorsFile file;
  private final SequencedMap<String, DeltaTensor> tensors;

  private PeftAdapter(SafetensorsFile file, SequencedMap<String, DeltaTensor> tensors) {
    this.file = file;
    this.tensors = tensors;
  }

  /** True for the directory of an adapter. */
  public static boolean isAdapter(Path path) {
    return Files.exists(path.resolve(AdapterConfig.FILE));
  }

  /**
   * Bytes of its tensors, which is what they take in memory.
   *
   * @throws TributaryException {@code delta_format}, {@code checkpoint_unsafe_format}
   */
  public static Bytes size(Path directory) {
    try (SafetensorsFile file = weights(directory)) {
      return file.size();
    }
  }

  /**
   * Reads an adapter of a base.
   *
   * @throws TributaryException {@code model_config}, {@code delta_format}, {@code tensor_shape},
   *     {@code checkpoint_unsafe_format}
   */
  public static PeftAdapter open(Path directory, Network network, TensorSource base) {
    AdapterConfig config = AdapterConfig.read(directory);
    SafetensorsFile file = weights(directory);
    try {
      var reading = new Reading(directory, config, network, base);
      return new PeftAdapter(file, reading.tensors(AdapterModule.of(directory, file)));
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static SafetensorsFile weights(Path directory) {
    Path weights = directory.resolve(WEIGHTS);
    if (!Files.exists(weights) && Files.exists(directory.resolve(PICKLED))) {
      throw new TributaryException(
          ErrorCode.CHECKPOINT_UNSAFE_FORMAT,
          "%s: a pickled file can run code and is not read; save the adapter as safetensors"
              .formatted(directory.resolve(PICKLED)));
    }
    return SafetensorsFile.open(weights);
  }

  /** The differences by tensor name; they live as long as this. */
  public SequencedMap<String, DeltaTensor> tensors() {
    return Collections.unmodifiableSequencedMap(tensors);
  }

  @Override
  public void close() {
    file.close();
  }

  /** What an adapter's modules are to a base. */
  private record Reading(Path directory, AdapterConfig config, Network network, TensorSource base) {
    SequencedMap<String, DeltaTensor> tensors(Map<String, AdapterModule> modules) {
      SortedMap<String, Parameter> known = new TreeMap<>();
      network.parameters().all().forEach(parameter -> known.put(parameter.name(), parameter));
      SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
      modules.forEach((name, module) -> {
        module
            .whole()
            .forEach((tensor, value) -> {
              if (!known.containsKey(tensor)) {
                throw unknown(tensor);
              }
              tensors.put(tensor, new DeltaTensor.Replaced(value));
            });
        if (module.hasFactors()) {
          if (!(known.get(name + ".weight") instanceof Parameter.Matrix matrix)) {
            throw unknown(name);
          }
          tensors.put(matrix.name(), coded(name, module, matrix));
          bias(name, module, known, tensors);
        }
      });
      keepHead(tensors);
      return tensors;
    }

    private DeltaTensor coded(String name, AdapterModule module, Parameter.Matrix matrix) {
      LowRank factors = module.factors(directory, name, (float) config.scaleOf(name));
      Shape found = Shape.of(factors.rows(), factors.columns());
      if (!found.equals(matrix.shape()) || factors.rank() != config.rankOf(name)) {
        throw new TributaryException(
            ErrorCode.TENSOR_SHAPE,
            "%s: module %s has factors of %s and rank %d; the base asks for %s and %s for rank %d"
                .formatted(
                    directory,
                    name,
                    found,
                    factors.rank(),
                    matrix.shape(),
                    AdapterConfig.FILE,
                    config.rankOf(name)));
      }
      TensorView magnitude = module.magnitude();
      return magnitude == null
          ? new DeltaTensor.Coded(factors, null, null)
          : Magnitudes.scaled(baseOf(matrix), factors, magnitude);
    }

    private TensorView baseOf(Parameter.Matrix matrix) {
      Parameter.Matrix tied = matrix.tiedTo();
      return base.names().contains(matrix.name()) || tied == null
          ? base.tensor(matrix.name())
          : baseOf(tied);
    }

    /** A bias of the upper factor is added to the module's own. */
    private void bias(
        String name,
        AdapterModule module,
        Map<String, Parameter> known,
        Map<String, DeltaTensor> tensors) {
      TensorView bias = module.bias();
      if (bias == null) {
        return;
      }
      String parameter = name + ".bias";
      if (!(known.get(parameter) instanceof Parameter.Vector vector)
          || !bias.shape().equals(vector.shape())) {
        throw unknown(parameter);
      }
      float[] values = bias.toFloats();
      float[] own = vector.inBase() ? base.tensor(parameter).toFloats() : new float[values.length];
      for (int i = 0; i < values.length; i++) {
        own[i] += (float) (config.scaleOf(name) * values[i]);
      }
      tensors.put(parameter, new DeltaTensor.Replaced(TensorView.of(vector.shape(), own)));
    }

    /** An adapter changes embeddings without the head that the base ties to them. */
    private void keepHead(Map<String, DeltaTensor> tensors) {
      Parameter.Matrix head = network.head();
      if (head.tiedTo() != null
          && tensors.containsKey(network.embedding().name())
          && !tensors.containsKey(head.name())) {
        LowRank nothing = LowRank.nothing(head.rows(), head.columns());
        tensors.put(head.name(), new DeltaTensor.Coded(nothing, null, null));
      }
    }

    private TributaryException unknown(String name) {
      return new TributaryException(
          ErrorCode.DELTA_FORMAT,
          "%s: %s is not one that the base's architecture computes with"
              .formatted(directory, name));
    }
  }
}
