package tributary.benchmarks.weights;

import java.util.ArrayList;
import java.util.List;

/** A bf16 weight by its Hugging Face name; a vector has one row. */
public record Tensor(String name, int rows, int columns, boolean vector) {

  static Tensor matrix(String name, int rows, int columns) {
    return new Tensor(name, rows, columns, false);
  }

  static Tensor vector(String name, int length) {
    return new Tensor(name, 1, length, true);
  }

  /** The number of weights. */
  public long weights() {
    return (long) rows * columns;
  }

  /** The size as bf16. */
  public long sizeBytes() {
    return weights() * Short.BYTES;
  }

  /** Every weight of a Llama-architecture model, in the order of its forward pass. */
  public static List<Tensor> all(ModelShape shape) {
    int queryRows = shape.heads() * shape.headWidth();
    int keyRows = shape.keyValueHeads() * shape.headWidth();
    List<Tensor> tensors = new ArrayList<>();
    tensors.add(matrix("model.embed_tokens.weight", shape.vocabulary(), shape.hidden()));
    for (int layer = 0; layer < shape.layers(); layer++) {
      String prefix = "model.layers." + layer + ".";
      tensors.add(vector(prefix + "input_layernorm.weight", shape.hidden()));
      tensors.add(matrix(prefix + "self_attn.q_proj.weight", queryRows, shape.hidden()));
      tensors.add(matrix(prefix + "self_attn.k_proj.weight", keyRows, shape.hidden()));
      tensors.add(matrix(prefix + "self_attn.v_proj.weight", keyRows, shape.hidden()));
      tensors.add(matrix(prefix + "self_attn.o_proj.weight", shape.hidden(), queryRows));
      tensors.add(vector(prefix + "post_attention_layernorm.weight", shape.hidden()));
      tensors.add(matrix(prefix + "mlp.gate_proj.weight", shape.intermediate(), shape.hidden()));
      tensors.add(matrix(prefix + "mlp.up_proj.weight", shape.intermediate(), shape.hidden()));
      tensors.add(matrix(prefix + "mlp.down_proj.weight", shape.hidden(), shape.intermediate()));
    }
    tensors.add(vector("model.norm.weight", shape.hidden()));
    if (!shape.tiedEmbeddings()) {
      tensors.add(matrix("lm_head.weight", shape.vocabulary(), shape.hidden()));
    }
    return List.copyOf(tensors);
  }
}
