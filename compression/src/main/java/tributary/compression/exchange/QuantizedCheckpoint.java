package tributary.compression.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import tributary.model.json.JsonFile;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.SafetensorsWriter;
import tributary.tensor.container.SafetensorsWriter.Pending;

/**
 * A Hugging Face directory whose linear layers were quantized by GPTQ, AWQ or compressed-tensors,
 * written out with the values that its codes stand for, so that a delta can be taken of it like of
 * any other fine-tune. One layer is in memory at a time.
 */
public final class QuantizedCheckpoint {
  private static final String CONFIGURATION = "config.json";
  private static final String KEY = "quantization_config";
  private static final Bytes CONFIGURATION_MAX = new Bytes(1 << 20);

  /** What was written. */
  public record Written(String method, int linears, int tensors) {}

  private QuantizedCheckpoint() {}

  /** Writes the weights, and the small files beside them, into {@code out}. */
  public static Written write(Path directory, Path out) {
    ObjectNode configuration =
        JsonFile.read(directory.resolve(CONFIGURATION), CONFIGURATION_MAX, ErrorCode.MODEL_CONFIG);
    if (!(configuration.get(KEY) instanceof ObjectNode quantization)) {
      throw new TributaryException(
          ErrorCode.MODEL_CONFIG,
          "%s has no %s; the checkpoint can be used as it is"
              .formatted(directory.resolve(CONFIGURATION), KEY));
    }
    DType type = floatingType(configuration);
    String method = quantization.path("quant_method").asText();
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      SortedMap<String, PackedLinear> linears = linears(checkpoint, method, quantization);
      if (linears.isEmpty()) {
        throw new TributaryException(
            ErrorCode.MISSING_TENSOR,
            "%s says %s and holds no layer of that format".formatted(directory, method));
      }
      SequencedMap<String, Pending> tensors = tensors(checkpoint, linears, type);
      Files.createDirectories(out);
      MergedCheckpoint.copySideFiles(directory, out);
      SafetensorsWriter.writePending(
          out.resolve(MergedCheckpoint.WEIGHTS), Map.of("format", "pt"), tensors);
      configuration.remove(KEY);
      Files.writeString(out.resolve(CONFIGURATION), configuration.toPrettyString());
      MergedCheckpoint.requireLoadable(out);
      return new Written(method, linears.size(), tensors.size());
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNWRITABLE, "%s: %s".formatted(out, e.getMessage()), e);
    }
  }

  /** The type that the model computes in, which is what its layers are written in. */
  private static DType floatingType(ObjectNode configuration) {
    String name =
        configuration.path("torch_dtype").asText(configuration.path("dtype").asText("float16"));
    return switch (name) {
      case "float16" -> DType.F16;
      case "bfloat16" -> DType.BF16;
      case "float32" -> DType.F32;
      default ->
          throw new TributaryException(
              ErrorCode.MODEL_CONFIG,
              "torch_dtype is %s; wanted float16, bfloat16 or float32".formatted(Quoted.of(name)));
    };
  }

  private static SortedMap<String, PackedLinear> linears(
      Checkpoint checkpoint, String method, ObjectNode settings) {
    SortedMap<String, PackedLinear> linears = new TreeMap<>();
    switch (method) {
      case "gptq" -> {
        int zeroOffset =
            switch (choice(settings, "checkpoint_format", "gptq", "gptq_v2")) {
              case "gptq_v2" -> 0;
              default -> 1;
            };
        int bits = Integer.parseInt(choice(settings, "bits", "4", "2", "3", "8"));
        for (String module : modules(checkpoint, GptqLinear.CODES)) {
          linears.put(module, GptqLinear.read(checkpoint, module, bits, zeroOffset));
        }
      }
      case "awq" -> {
        choice(settings, "version", "gemm");
        choice(settings, "bits", "4");
        for (String module : modules(checkpoint, GptqLinear.CODES)) {
          linears.put(module, AwqLinear.read(checkpoint, module));
        }
      }
      case "compressed-tensors" -> {
        String format = choice(settings, "format", "pack-quantized", "int-quantized");
        SortedSet<Integer> widths = widths(settings);
        String found =
            format.equals("pack-quantized") ? CompressedLinear.PACKED : CompressedLinear.SCALE;
        for (String module : modules(checkpoint, found)) {
          linears.put(module, CompressedLinear.read(checkpoint, module, widths));
        }
      }
      default ->
          throw new TributaryException(
              ErrorCode.MODEL_CONFIG,
              "quant_method is %s; gptq, awq and compressed-tensors are read"
                  .formatted(Quoted.of(method)));
    }
    return linears;
  }

  /** The setting, which must be one of these; the first where it is absent. */
  private static String choice(ObjectNode settings, String key, String usual, String... others) {
    JsonNode found = settings.path(key);
    String text = found.isValueNode() && !found.isNull() ? found.asText() : usual;
    List<String> wanted = new ArrayList<>(List.of(others));
    wanted.addFirst(usual);
    if (!wanted.contains(text)) {
      throw new TributaryException(
          ErrorCode.MODEL_CONFIG,
          "%s.%s is %s; read are %s".formatted(KEY, key, Quoted.of(text), wanted));
    }
    return text;
  }

  private static SortedSet<Integer> widths(ObjectNode settings) {
    SortedSet<Integer> widths = new TreeSet<>();
    for (JsonNode group : settings.path("config_groups")) {
      JsonNode weights = group.path("weights");
      if (!weights.path("type").asText("int").equals("int")) {
        throw new TributaryException(
            ErrorCode.MODEL_CONFIG,
            "%s: weights of type %s; only int is read"
                .formatted(KEY, Quoted.of(weights.path("type").asText())));
      }
      int bits = weights.path("num_bits").asInt();
      if (bits < 2 || bits > Byte.SIZE) {
        throw new TributaryException(
            ErrorCode.MODEL_CONFIG, "%s: num_bits is %d; wanted 2 to 8".formatted(KEY, bits));
      }
      widths.add(bits);
    }
    return widths;
  }

  private static List<String> modules(Checkpoint checkpoint, String suffix) {
    return checkpoint.names().stream()
        .filter(name -> name.endsWith(suffix))
        .map(name -> name.substring(0, name.length() - suffix.length()))
        .toList();
  }

  private static SequencedMap<String, Pending> tensors(
      Checkpoint checkpoint, SortedMap<String, PackedLinear> linears, DType type) {
    SequencedMap<String, Pending> tensors = new LinkedHashMap<>();
    for (String name : checkpoint.names()) {
      int dot = name.lastIndexOf('.');
      boolean packed = dot > 0 && linears.containsKey(name.substring(0, dot));
      if (!packed || name.endsWith(".bias")) {
        TensorView tensor = checkpoint.tensor(name);
        tensors.put(name, new Pending(tensor.type(), tensor.shape(), arena -> tensor));
      }
    }
    linears.forEach((module, linear) -> {
      Shape shape = Shape.of(linear.rows(), linear.columns());
      tensors.put(
          module + CompressedLinear.WHOLE,
          new Pending(type, shape, arena -> values(linear, shape, type, arena)));
    });
    return tensors;
  }

  private static TensorView values(PackedLinear linear, Shape shape, DType type, Arena arena) {
    MemorySegment data = arena.allocate(shape.elements() * type.bytes(), Long.BYTES);
    float[] row = new float[linear.columns()];
    for (int n = 0; n < linear.rows(); n++) {
      linear.readRow(n, row);
      long first = (long) n * row.length;
      if (type == DType.F32) {
        MemorySegment.copy(
            MemorySegment.ofArray(row),
            0,
            data,
            first * Float.BYTES,
            (long) row.length * Float.BYTES);
      } else {
        Narrowing.put(type, row, row.length, data, first);
      }
    }
    return new TensorView(type, shape, data);
  }
}
