package tributary.model.llama;

import java.util.ArrayList;
import java.util.List;
import tributary.gpu.Activations;
import tributary.gpu.Rope;
import tributary.model.network.Dimensions;
import tributary.model.network.Network;
import tributary.model.network.Parameter;
import tributary.model.network.Parameters;
import tributary.model.network.Projection;
import tributary.model.network.Step;

/** The structure of {@code LlamaForCausalLM}. */
public final class Llama implements Network {
  public static final String ARCHITECTURE = "LlamaForCausalLM";

  private record Block(
      Parameter.Vector attentionNorm,
      Projection query,
      Projection key,
      Projection value,
      Projection output,
      Parameter.Vector mlpNorm,
      Projection gate,
      Projection up,
      Projection down) {}

  private final Dimensions dimensions;
  private final Parameters parameters = new Parameters();
  private final Parameter.Matrix embedding;
  private final List<Block> blocks;
  private final Parameter.Vector norm;
  private final Parameter.Matrix head;

  public Llama(Dimensions dimensions) {
    this.dimensions = dimensions;
    int vocabulary = dimensions.vocabulary();
    int hidden = dimensions.hidden();
    embedding = parameters.vocabularyMatrix("model.embed_tokens.weight", vocabulary, hidden);
    blocks = new ArrayList<>(dimensions.layers());
    for (int layer = 0; layer < dimensions.layers(); layer++) {
      blocks.add(block("model.layers." + layer + "."));
    }
    norm = parameters.vector("model.norm.weight", hidden);
    head =
        dimensions.tiedEmbeddings()
            ? parameters.tied("lm_head.weight", embedding)
            : parameters.vocabularyMatrix("lm_head.weight", vocabulary, hidden);
  }

  @Override
  public Parameters parameters() {
    return parameters;
  }

  @Override
  public Parameter.Matrix embedding() {
    return embedding;
  }

  @Override
  public Parameter.Matrix head() {
    return head;
  }

  /** Old checkpoints carry each layer's rotary frequencies, which follow from the configuration. */
  @Override
  public boolean ignores(String tensor) {
    return tensor.endsWith(".rotary_emb.inv_freq");
  }

  @Override
  public Activations hidden(Step step) {
    Activations hidden = step.scratch("hidden", dimensions.hidden());
    step.embed(hidden, embedding);
    for (int layer = 0; layer < blocks.size(); layer++) {
      attention(step, hidden, layer);
      feedForward(step, hidden, blocks.get(layer));
    }
    return hidden;
  }

  @Override
  public void logits(Step step, Activations logits, Activations hidden) {
    step.rmsNorm(hidden, hidden, norm, dimensions.normEpsilon());
    step.multiply(logits, hidden, head);
  }

  private void attention(Step step, Activations hidden, int layer) {
    Block block = blocks.get(layer);
    int queryColumns = dimensions.heads() * dimensions.headSize();
    int keyColumns = dimensions.kvHeads() * dimensions.headSize();
    Activations normed = step.scratch("normed", dimensions.hidden());
    Activations q = step.scratch("q", queryColumns);
    Activations k = step.scratch("k", keyColumns);
    Activations v = step.scratch("v", keyColumns);
    step.rmsNorm(normed, hidden, block.attentionNorm, dimensions.normEpsilon());
    step.project(q, normed, block.query);
    step.project(k, normed, block.key);
    step.project(v, normed, block.value);
    step.rope(new Rope.Operands(q, k, v), dimensions.rope(), layer);

    Activations attended = step.scratch("attended", queryColumns);
    step.attend(attended, q, layer, (float) (1 / Math.sqrt(dimensions.headSize())));
    step.project(normed, attended, block.output);
    step.add(hidden, normed);
  }

  private void feedForward(Step step, Activations hidden, Block block) {
    Activations normed = step.scratch("normed", dimensions.hidden());
    Activations gate = step.scratch("gate", dimensions.intermediate());
    Activations up = step.scratch("up", dimensions.intermediate());
    step.rmsNorm(normed, hidden, block.mlpNorm, dimensions.normEpsilon());
    step.project(gate, normed, block.gate);
    step.project(up, normed, block.up);
    step.siluMultiply(gate, gate, up);
    step.project(normed, gate, block.down);
    step.add(hidden, normed);
  }

  private Block block(String prefix) {
    int hidden = dimensions.hidden();
    int intermediate = dimensions.intermediate();
    int queryRows = dimensions.heads() * dimensions.headSize();
    int keyRows = dimensions.kvHeads() * dimensions.headSize();
    boolean attentionBias = dimensions.attentionBias();
    boolean mlpBias = dimensions.mlpBias();
    String attention = prefix + "self_attn.";
    String mlp = prefix + "mlp.";
    return new Block(
        parameters.vector(prefix + "input_layernorm.weight", hidden),
        parameters.projection(attention + "q_proj", queryRows, hidden, attentionBias),
        parameters.projection(attention + "k_proj", keyRows, hidden, attentionBias),
        parameters.projection(attention + "v_proj", keyRows, hidden, attentionBias),
        parameters.projection(attention + "o_proj", hidden, queryRows, attentionBias),
        parameters.vector(prefix + "post_attention_layernorm.weight", hidden),
        parameters.projection(mlp + "gate_proj", intermediate, hidden, mlpBias),
        parameters.projection(mlp + "up_proj", intermediate, hidden, mlpBias),
        parameters.projection(mlp + "down_proj", hidden, intermediate, mlpBias));
  }
}
