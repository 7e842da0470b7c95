package tributary.model.gptneox;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
import tributary.model.family.Activations;
import tributary.model.family.ConfigKeys;
import tributary.model.family.Dimensions;
import tributary.model.family.Family;
import tributary.model.family.RopeScaling;
import tributary.model.family.Rotation;
import tributary.model.family.Structure;
import tributary.model.network.Network;
import tributary.model.network.Parameter;

/** Reads {@code GPTNeoXForCausalLM}. */
public final class GptNeoX implements Family {
  @Override
  public String architecture() {
    return "GPTNeoXForCausalLM";
  }

  @Override
  public String modelType() {
    return "gpt_neox";
  }

  @Override
  public Structure read(ConfigKeys keys) {
    Dimensions dimensions = Dimensions.read(keys);
    double share = keys.numberOr("rotary_pct", 0.25, 0, 1);
    Optional<ConfigKeys> parameters =
        keys.object("rope_parameters").or(() -> keys.object("rope_scaling"));
    double theta = keys.numberOr("rotary_emb_base", RopeScaling.THETA_DEFAULT, 1, 1e12);
    RopeScaling scaling = RopeScaling.read(parameters, theta, keys, dimensions);
    Rotation rotation =
        Rotation.of(
            keys,
            scaling,
            dimensions.headSize(),
            parameters.orElse(keys).numberOr("partial_rotary_factor", share, 0, 1));
    return new Settings(
        rotation.within(dimensions),
        keys.epsilonOr("layer_norm_eps", 1e-5),
        rotation.frequencies(),
        Activations.read(keys, "hidden_act", Activation.GELU),
        new Options(
            keys.flagOr("attention_bias", true), keys.flagOr("use_parallel_residual", true)));
  }

  private record Options(boolean attentionBias, boolean parallel) {}

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
      Parameter.Matrix embedding = parts.vocabulary("gpt_neox.embed_in", vocabulary);
      List<Block> blocks = new ArrayList<>();
      for (int layer = 0; layer < dimensions.layers(); layer++) {
        blocks.add(block(parts, "gpt_neox.layers." + layer + "."));
      }
      return new Decoder(
          parts,
          Embedding.of(embedding),
          blocks,
          Head.of(
              parts.layerNorm("gpt_neox.final_layer_norm", epsilon),
              parts.head("embed_out", embedding, tied)),
          // Old checkpoints carry masks and frequencies, which the configuration gives.
          name ->
              name.endsWith(".rotary_emb.inv_freq")
                  || name.endsWith(".attention.bias")
                  || name.endsWith(".attention.masked_bias"));
    }

    private Block block(Parts parts, String prefix) {
      String attention = prefix + "attention.";
      return new Block(
          Sublayer.of(
              parts.layerNorm(prefix + "input_layernorm", epsilon),
              new SelfAttention(
                  parts.interleaved(attention + "query_key_value", options.attentionBias),
                  null,
                  rope,
                  Scores.scaled((float) (1 / Math.sqrt(dimensions.headSize()))),
                  parts.output(attention + "dense", options.attentionBias))),
          Sublayer.of(
              parts.layerNorm(prefix + "post_attention_layernorm", epsilon),
              parts.plain(
                  prefix + "mlp.dense_h_to_4h", prefix + "mlp.dense_4h_to_h", activation, true)),
          options.parallel ? Block.Residual.PARALLEL : Block.Residual.SEQUENTIAL);
    }
  }
}
