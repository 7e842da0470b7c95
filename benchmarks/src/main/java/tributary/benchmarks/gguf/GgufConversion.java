package tributary.benchmarks.gguf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tributary.benchmarks.weights.ModelDirectory;
import tributary.benchmarks.weights.ModelShape;
import tributary.benchmarks.weights.Tensor;

/** Writes a Llama model directory as a bf16 GGUF file: the same weights, in llama.cpp's order. */
public final class GgufConversion {
  private static final int FILE_TYPE_MOSTLY_BF16 = 32;

  private final ModelDirectory model;

  /** A conversion of one model. */
  public GgufConversion(ModelDirectory model) {
    this.model = model;
  }

  /** Writes the file, or keeps the one that is there; it appears only when it is complete. */
  public Path writeTo(Path file) throws IOException {
    if (Files.exists(file)) {
      return file;
    }
    Files.createDirectories(file.toAbsolutePath().getParent());
    ModelShape shape = model.shape();
    List<GgufTensor> tensors =
        Tensor.all(shape).stream().map(tensor -> GgufTensor.of(tensor, shape)).toList();
    try (var weights = model.weights()) {
      return new GgufFile(metadata(shape), tensors).writeTo(file, weights);
    }
  }

  private GgufHeader metadata(ModelShape shape) throws IOException {
    GgufHeader header = new GgufHeader();
    header.put("general.architecture", "llama");
    header.put("general.name", "benchmark");
    header.put("general.alignment", GgufHeader.ALIGNMENT);
    header.put("general.file_type", FILE_TYPE_MOSTLY_BF16);
    header.put("llama.vocab_size", shape.vocabulary());
    header.put("llama.context_length", shape.positions());
    header.put("llama.embedding_length", shape.hidden());
    header.put("llama.feed_forward_length", shape.intermediate());
    header.put("llama.block_count", shape.layers());
    header.put("llama.attention.head_count", shape.heads());
    header.put("llama.attention.head_count_kv", shape.keyValueHeads());
    header.put("llama.attention.key_length", shape.headWidth());
    header.put("llama.attention.value_length", shape.headWidth());
    header.put("llama.attention.layer_norm_rms_epsilon", shape.normEpsilon());
    header.put("llama.rope.dimension_count", shape.headWidth());
    header.put("llama.rope.freq_base", (float) shape.ropeTheta());
    GgufVocabulary.of(model.tokenizer(), shape.vocabulary()).putInto(header);
    header.put("tokenizer.ggml.bos_token_id", model.beginToken());
    header.put("tokenizer.ggml.eos_token_id", model.endToken());
    return header;
  }
}
