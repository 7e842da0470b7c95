package tributary.compression;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.SafetensorsWriter;

/** Small checkpoints: a base, and fine-tunes that tests shape. */
final class Models {
  static final String EMBEDDINGS = "model.embed_tokens.weight";
  static final String HEAD = "lm_head.weight";
  static final String LINEAR = "model.layers.0.mlp.up_proj.weight";
  static final String NORM = "model.norm.weight";

  private Models() {}

  /** Tied embeddings, one linear layer, one norm. */
  static SequencedMap<String, TensorView> base() {
    SequencedMap<String, TensorView> tensors = new TreeMap<>();
    tensors.put(EMBEDDINGS, random(1, 1, Shape.of(12, 70)));
    tensors.put(LINEAR, random(2, 1, Shape.of(40, 70)));
    tensors.put(NORM, random(3, 1, Shape.of(70)));
    return tensors;
  }

  /** The base with every tensor moved a little. */
  static SequencedMap<String, TensorView> tuned() {
    SequencedMap<String, TensorView> tensors = new TreeMap<>();
    base().forEach((name, tensor) -> tensors.put(name, moved(tensor)));
    return tensors;
  }

  static TensorView moved(TensorView tensor) {
    float[] values = tensor.toFloats();
    SplittableRandom random = new SplittableRandom(values.length);
    for (int i = 0; i < values.length; i++) {
      values[i] += (float) (0.05 * random.nextGaussian());
    }
    return bfloat16(tensor.shape(), values);
  }

  static TensorView random(long seed, double size, Shape shape) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[(int) shape.elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (size * random.nextGaussian());
    }
    return bfloat16(shape, values);
  }

  static TensorView bfloat16(Shape shape, float... values) {
    short[] bits = new short[values.length];
    for (int i = 0; i < values.length; i++) {
      bits[i] = (short) (Float.floatToIntBits(values[i]) >>> Short.SIZE);
    }
    return new TensorView(DType.BF16, shape, MemorySegment.ofArray(bits));
  }

  static Path write(Path directory, SequencedMap<String, TensorView> tensors) {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    SafetensorsWriter.write(directory.resolve("model.safetensors"), Map.of(), tensors);
    return directory;
  }
}
