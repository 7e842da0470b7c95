package tributary.model.llama;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import tributary.gpu.Activations;
import tributary.gpu.Rope;
import tributary.model.network.Dimensions;
import tributary.model.network.Network;
import tributary.model.network.Parameter;
import tributary.model.network.Parameters;
import tributary.model.network.Projection;
import tributary.model.network.Stage;
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
  private final List<Stage> stages;
  private final Parameter.Vector norm;
  private final Parameter.Matrix head;

  public Llama(Dimensions dimensions) {
    this.dimensions = dimensions;
    int vocabulary = dimensions.vocabulary();
    int hidden = dimensions.hidden();
    embedding = parameters.vocabularyMatrix("model.embed_tokens.weight", vocabulary, hidden);
    stages = new ArrayList<>();
    for (int layer = 0; layer < dimensions.layers(); layer++) {
      stages.addAll(stages(block("model.layers." + layer + "."), layer));
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
  public List<Stage> stages() {
    return Collections.unmodifiableList(stages);
  }

  @Override
  public void logits(Step step, Activations logits, Activations hidden) {
    step.rmsNorm(hidden, hidden, norm, dimensions.normEpsilon());
    step.multiply(logits, hidden, head);
  }

  /** Attention, then the gated feed-forward network. */
  private List<Stage> stages(Block block, int layer) {
    return List.of(
        new Stage(
            List.of(block.query, block.key, block.value),
            (step, hidden) -> normed(step, hidden, block.attentionNorm),
            (step, _, normed) -> queryKeyValue(step, normed, block, layer)),
        new Stage(
            List.of(block.output),
            (step, _) -> attended(step, layer),
            (step, hidden, attended) -> addProjected(step, hidden, attended, block.output)),
        new Stage(
            List.of(block.gate, block.up),
            (step, hidden) -> normed(step, hidden, block.mlpNorm),
            (step, _, normed) -> gateUp(step, normed, block)),
        new Stage(
            List.of(block.down),
            (step, _) -> gated(step),
            (step, hidden, gated) -> addProjected(step, hidden, gated, block.down)));
  }

  private Activations normed(Step step, Activations hidden, Parameter.Vector weight) {
    Activations normed = step.scratch("normed", dimensions.hidden());
    step.rmsNorm(normed, hidden, weight, dimensions.normEpsilon());
    return normed;
  }

  private void queryKeyValue(Step step, Activations normed, Block block, int layer) {
    int keyColumns = dimensions.kvHeads() * dimensions.headSize();
    Activations q = query(step);
    Activations k = step.scratch("k", keyColumns);
    Activations v = step.scratch("v", keyColumns);
    step.project(q, normed, block.query);
    step.project(k, normed, block.key);
    step.project(v, normed, block.value);
    step.rope(new Rope.Operands(q, k, v), dimensions.rope(), layer);
  }

  private Activations query(Step step) {
    return step.scratch("q", dimensions.heads() * dimensions.headSize());
  }

  private Activations attended(Step step, int layer) {
    Activations q = query(step);
    Activations attended = step.scratch("attended", q.columns());
    step.attend(attended, q, layer, (float) (1 / Math.sqrt(dimensions.headSize())));
    return attended;
  }

  private void gateUp(Step step, Activations normed, Block block) {
    step.project(step.scratch("gate", dimensions.intermediate()), normed, block.gate);
    step.project(step.scratch("up", dimensions.intermediate()), normed, block.up);
  }

  private Activations gated(Step step) {
    Activations gate = step.scratch("gate", dimensions.intermediate());
    step.siluMultiply(gate, gate, step.scratch("up", dimensions.intermediate()));
    return gate;
  }

  private void addProjected(
      Step step, Activations hidden, Activations input, Projection projection) {
    Activations projected = step.scratch("projected", dimensions.hidden());
    step.project(projected, input, projection);
    step.add(hidden, projected);
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
