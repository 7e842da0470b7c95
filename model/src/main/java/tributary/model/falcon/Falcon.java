package tributary.model.falcon;

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
import tributary.model.decoder.Norm;
import tributary.model.decoder.Parts;
import tributary.model.decoder.SelfAttention;
import tributary.model.decoder.Sublayer;
import tributary.model.family.Activations;
import tributary.model.family.ConfigKeys;
import tributary.model.family.Dimensions;
import tributary.model.family.Family;
import tributary.model.family.Rotation;
import tributary.model.family.Structure;
import tributary.model.network.Network;
import tributary.model.network.Parameter;

/** Reads {@code FalconForCausalLM}. */
public final class Falcon implements Family {
  @Override
  public String architecture() {
    return "FalconForCausalLM";
  }

  @Override
  public String modelType() {
    return "falcon";
  }

  @Override
  public boolean tiedUnlessSaid() {
    return true;
  }

  @Override
  public Structure read(ConfigKeys keys) {
    if (keys.flagOr("alibi", false)) {
      throw keys.complaint("alibi", "is true; this build rotates positions");
    }
    int hidden = keys.size("hidden_size");
    int heads = keys.count("num_attention_heads");
    boolean several = keys.flagOr("new_decoder_architecture", false);
    boolean one = !several && keys.flagOr("multi_query", true);
    Dimensions dimensions =
        new Dimensions(
            hidden,
            keys.integerOr("ffn_hidden_size", 4 * hidden, 1, ConfigKeys.SIZE_MAX),
            keys.count("num_hidden_layers"),
            heads,
            one ? 1 : Dimensions.kvHeads(keys, "num_kv_heads", heads),
            Dimensions.headSize(keys, hidden, heads),
            Dimensions.context(keys));
    Rotation rotation = Rotation.read(keys, dimensions, 1);
    return new Settings(
        rotation.within(dimensions),
        keys.epsilonOr("layer_norm_epsilon", 1e-5),
        rotation.frequencies(),
        Activations.read(keys, "activation", Activation.GELU),
        new Options(keys.flagOr("bias", false), norms(keys, several)));
  }

  /** Which norms a block has. */
  private enum Norms {
    /** One before both halves, which stand side by side. */
    SHARED,
    /** One before each half; they stand side by side. */
    EACH,
    /** One before each half, one after the other. */
    SEQUENTIAL
  }

  private static Norms norms(ConfigKeys keys, boolean several) {
    if (several) {
      return keys.integerOr("num_ln_in_parallel_attn", 2, 1, 2) == 2 ? Norms.EACH : Norms.SHARED;
    }
    return keys.flagOr("parallel_attn", true) ? Norms.SHARED : Norms.SEQUENTIAL;
  }

  private record Options(boolean bias, Norms norms) {}

  private record Settings(
      Dimensions dimensions,
      float epsilon,
      Rope.Frequencies rope,
      Activation activation,
      Options options)
      implements Structure {
    @Override
    public Network network(int vocabulary, boolean tied) {
      Parts parts = new Parts(dimensions);
      Parameter.Matrix embedding = parts.vocabulary("transformer.word_embeddings", vocabulary);
      List<Block> blocks = new ArrayList<>();
      for (int layer = 0; layer < dimensions.layers(); layer++) {
        blocks.add(block(parts, "transformer.h." + layer + "."));
      }
      return new Decoder(
          parts,
          Embedding.of(embedding),
          blocks,
          Head.of(
              parts.layerNorm("transformer.ln_f", epsilon), parts.head("lm_head", embedding, tied)),
          name -> name.endsWith(".rotary_emb.inv_freq"));
    }

    private Block block(Parts parts, String prefix) {
      return switch (options.norms) {
        case SHARED -> {
          Norm shared = parts.layerNorm(prefix + "input_layernorm", epsilon);
          yield Block.parallel(
              attention(parts, prefix, shared), feedForward(parts, prefix, shared));
        }
        case EACH ->
            Block.parallel(
                attention(parts, prefix, parts.layerNorm(prefix + "ln_attn", epsilon)),
                feedForward(parts, prefix, parts.layerNorm(prefix + "ln_mlp", epsilon)));
        case SEQUENTIAL ->
            Block.sequential(
                attention(parts, prefix, parts.layerNorm(prefix + "input_layernorm", epsilon)),
                feedForward(
                    parts, prefix, parts.layerNorm(prefix + "post_attention_layernorm", epsilon)));
      };
    }

    private Sublayer<SelfAttention> attention(Parts parts, String prefix, Norm norm) {
      String attention = prefix + "self_attention.";
      return Sublayer.of(
          norm,
          new SelfAttention(
              parts.interleaved(attention + "query_key_value", options.bias),
              null,
              rope,
              Scores.scaled((float) (1 / Math.sqrt(dimensions.headSize()))),
              parts.output(attention + "dense", options.bias)));
    }

    private Sublayer<FeedForward> feedForward(Parts parts, String prefix, Norm norm) {
      String up = prefix + "mlp.dense_h_to_4h";
      String down = prefix + "mlp.dense_4h_to_h";
      return Sublayer.of(norm, parts.plain(up, down, activation, options.bias));
    }
  }
}
