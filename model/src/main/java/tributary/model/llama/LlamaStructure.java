package tributary.model.llama;

import java.util.ArrayList;
import java.util.List;
import tributary.gpu.Activation;
import tributary.gpu.Attention.Scores;
import tributary.gpu.Rope;
import tributary.model.decoder.Block;
import tributary.model.decoder.Decoder;
import tributary.model.decoder.Embedding;
import tributary.model.decoder.Head;
import tributary.model.decoder.Parts;
import tributary.model.decoder.SelfAttention;
import tributary.model.decoder.Sublayer;
import tributary.model.family.Dimensions;
import tributary.model.family.Structure;
import tributary.model.network.Network;
import tributary.model.network.Parameter;

/** The structure of a Llama. */
public record LlamaStructure(
    Dimensions dimensions,
    float epsilon,
    Rope.Frequencies rope,
    Activation activation,
    Biases biases)
    implements Structure {
  /** Which linear layers of the base have biases. */
  public record Biases(boolean attention, boolean feedForward) {
    public static final Biases NONE = new Biases(false, false);
  }

  @Override
  public Network network(int vocabulary, boolean tied) {
    Parts parts = new Parts(dimensions);
    Parameter.Matrix embedding = parts.vocabulary("model.embed_tokens", vocabulary);
    List<Block> blocks = new ArrayList<>();
    for (int layer = 0; layer < dimensions.layers(); layer++) {
      blocks.add(block(parts, "model.layers." + layer + "."));
    }
    return new Decoder(
        parts,
        Embedding.of(embedding),
        blocks,
        Head.of(parts.rmsNorm("model.norm", epsilon), parts.head("lm_head", embedding, tied)),
        // Old checkpoints carry each layer's rotation frequencies, which the configuration gives.
        name -> name.endsWith(".rotary_emb.inv_freq"));
  }

  private Block block(Parts parts, String prefix) {
    return Block.sequential(
        Sublayer.of(
            parts.rmsNorm(prefix + "input_layernorm", epsilon),
            new SelfAttention(
                parts.separate(prefix + "self_attn.", biases.attention),
                null,
                rope,
                Scores.scaled((float) (1 / Math.sqrt(dimensions.headSize()))),
                parts.output(prefix + "self_attn.o_proj", biases.attention))),
        Sublayer.of(
            parts.rmsNorm(prefix + "post_attention_layernorm", epsilon),
            parts.gated(prefix + "mlp.", activation, biases.feedForward)));
  }
}
