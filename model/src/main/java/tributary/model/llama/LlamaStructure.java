package tributary.model.llama;

import java.util.ArrayList;
import java.util.List;
import tributary.gpu.Activation;
import tributary.gpu.Attention.Scores;
import tributary.gpu.Rope;
import tributary.model.decoder.Block;
import tributary.model.decoder.Decoder;
import tributary.model.decoder.Embedding;
import tributary.model.decoder.FeedForward;
import tributary.model.decoder.Head;
import tributary.model.decoder.Parts;
import tributary.model.decoder.QueryKeyValue;
import tributary.model.decoder.SelfAttention;
import tributary.model.decoder.Sublayer;
import tributary.model.family.Activations;
import tributary.model.family.ConfigKeys;
import tributary.model.family.Dimensions;
import tributary.model.family.Rotation;
import tributary.model.family.Structure;
import tributary.model.network.Network;
import tributary.model.network.Parameter;

/**
 * The structure of a Llama, and of those that depart from it only in the ways of {@link Details}.
 *
 * @param windows how many positions each layer sees
 */
public record LlamaStructure(
    Dimensions dimensions,
    float epsilon,
    Rope.Frequencies rope,
    Activation activation,
    List<Integer> windows,
    Details details)
    implements Structure {
  /**
   * What layers are made of.
   *
   * @param fused whether queries, keys and values are one matrix, and gate and up another
   * @param inputBias whether queries, keys and values have biases
   * @param outputBias whether attention's last layer has one
   * @param feedForwardBias whether the layers of the feed-forward layer have
   * @param headNorms whether each head's queries and keys are normed
   */
  public record Details(
      boolean fused,
      boolean inputBias,
      boolean outputBias,
      boolean feedForwardBias,
      boolean headNorms) {
    /** Separate matrices without biases. */
    public static final Details PLAIN = new Details(false, false, false, false, false);
  }

  public LlamaStructure {
    windows = List.copyOf(windows);
  }

  /** Reads what all of them say alike. */
  public static LlamaStructure read(
      ConfigKeys keys, Dimensions dimensions, List<Integer> windows, Details details) {
    Rotation rotation = Rotation.read(keys, dimensions, 1);
    return new LlamaStructure(
        rotation.within(dimensions),
        keys.epsilonOr("rms_norm_eps", 1e-6),
        rotation.frequencies(),
        Activations.read(keys, "hidden_act", Activation.SILU),
        windows,
        details);
  }

  @Override
  public Network network(int vocabulary, boolean tied) {
    Parts parts = new Parts(dimensions);
    Parameter.Matrix embedding = parts.vocabulary("model.embed_tokens", vocabulary);
    List<Block> blocks = new ArrayList<>();
    for (int layer = 0; layer < dimensions.layers(); layer++) {
      blocks.add(block(parts, "model.layers." + layer + ".", windows.get(layer)));
    }
    return new Decoder(
        parts,
        Embedding.of(embedding),
        blocks,
        Head.of(parts.rmsNorm("model.norm", epsilon), parts.head("lm_head", embedding, tied)),
        // Old checkpoints carry each layer's rotation frequencies, which the configuration gives.
        name -> name.endsWith(".rotary_emb.inv_freq"));
  }

  private Block block(Parts parts, String prefix, int window) {
    float scale = (float) (1 / Math.sqrt(dimensions.headSize()));
    return Block.sequential(
        Sublayer.of(
            parts.rmsNorm(prefix + "input_layernorm", epsilon),
            new SelfAttention(
                queryKeyValue(parts, prefix + "self_attn."),
                details.headNorms ? parts.headNorms(prefix + "self_attn.", 0, epsilon) : null,
                rope,
                new Scores(scale, window, Scores.UNCAPPED),
                parts.output(prefix + "self_attn.o_proj", details.outputBias))),
        Sublayer.of(
            parts.rmsNorm(prefix + "post_attention_layernorm", epsilon),
            feedForward(parts, prefix + "mlp.")));
  }

  private QueryKeyValue queryKeyValue(Parts parts, String prefix) {
    return details.fused
        ? parts.stacked(prefix + "qkv_proj", details.inputBias)
        : parts.separate(prefix, details.inputBias);
  }

  private FeedForward feedForward(Parts parts, String prefix) {
    return details.fused
        ? parts.fusedGated(prefix, activation)
        : parts.gated(prefix, activation, details.feedForwardBias);
  }
}
