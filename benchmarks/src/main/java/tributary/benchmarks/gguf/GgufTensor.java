package tributary.benchmarks.gguf;

import java.util.List;
import tributary.benchmarks.gguf.GgufHeader.WeightType;
import tributary.benchmarks.weights.LoraFactors;
import tributary.benchmarks.weights.ModelShape;
import tributary.benchmarks.weights.Tensor;

/**
 * Where a Hugging Face weight goes in a GGUF file.
 *
 * @param rotatedHeads how many heads' rows are reordered for llama.cpp's RoPE; 0 for none
 */
record GgufTensor(Tensor source, String name, WeightType type, int rotatedHeads) {
  private static final String LAYER_PREFIX = "model.layers.";

  static GgufTensor of(Tensor source, ModelShape shape) {
    // llama.cpp wants its norms as f32; the values are the same.
    WeightType type = source.vector() ? WeightType.FLOAT32 : WeightType.BFLOAT16;
    String name = source.name();
    if (!name.startsWith(LAYER_PREFIX)) {
      return new GgufTensor(source, outsideLayers(name), type, 0);
    }
    int dot = name.indexOf('.', LAYER_PREFIX.length());
    String layer = name.substring(LAYER_PREFIX.length(), dot);
    String part = name.substring(dot + 1);
    int rotatedHeads =
        switch (part) {
          case "self_attn.q_proj.weight" -> shape.heads();
          case "self_attn.k_proj.weight" -> shape.keyValueHeads();
          default -> 0;
        };
    return new GgufTensor(source, "blk." + layer + "." + insideLayer(part), type, rotatedHeads);
  }

  /** Where the factors of an adapter to this weight go: the upper one has the weight's rows. */
  List<GgufTensor> factors(LoraFactors factors) {
    return List.of(
        new GgufTensor(factors.down(), name + ".lora_a", WeightType.BFLOAT16, 0),
        new GgufTensor(factors.up(), name + ".lora_b", WeightType.BFLOAT16, rotatedHeads));
  }

  /**
   * The source row that comes at a row of the GGUF file. Hugging Face rotates the first half of a
   * head against its second half, llama.cpp each even row against the odd row after it.
   */
  int sourceRow(int row) {
    if (rotatedHeads == 0) {
      return row;
    }
    int headWidth = source.rows() / rotatedHeads;
    int head = row / headWidth;
    int withinHead = row % headWidth;
    return head * headWidth + withinHead % 2 * (headWidth / 2) + withinHead / 2;
  }

  private static String outsideLayers(String name) {
    return switch (name) {
      case "model.embed_tokens.weight" -> "token_embd.weight";
      case "model.norm.weight" -> "output_norm.weight";
      case "lm_head.weight" -> "output.weight";
      default -> throw new IllegalArgumentException(name + ": has no place in a llama GGUF file");
    };
  }

  private static String insideLayer(String part) {
    return switch (part) {
      case "input_layernorm.weight" -> "attn_norm.weight";
      case "self_attn.q_proj.weight" -> "attn_q.weight";
      case "self_attn.k_proj.weight" -> "attn_k.weight";
      case "self_attn.v_proj.weight" -> "attn_v.weight";
      case "self_attn.o_proj.weight" -> "attn_output.weight";
      case "post_attention_layernorm.weight" -> "ffn_norm.weight";
      case "mlp.gate_proj.weight" -> "ffn_gate.weight";
      case "mlp.up_proj.weight" -> "ffn_up.weight";
      case "mlp.down_proj.weight" -> "ffn_down.weight";
      default -> throw new IllegalArgumentException(part + ": has no place in a llama GGUF file");
    };
  }
}
