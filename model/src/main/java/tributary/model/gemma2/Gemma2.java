package tributary.model.gemma2;

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
import tributary.model.family.Activations;
import tributary.model.family.ConfigKeys;
import tributary.model.family.Dimensions;
import tributary.model.family.Family;
import tributary.model.family.Rotation;
import tributary.model.family.Structure;
import tributary.model.family.Windows;
import tributary.model.network.Network;
import tributary.model.network.Parameter;

/** Reads {@code Gemma2ForCausalLM}. */
public final class Gemma2 implements Family {
  @Override
  public String architecture() {
    return "Gemma2ForCausalLM";
  }

  @Override
  public String modelType() {
    return "gemma2";
  }

  @Override
  public boolean tiedUnlessSaid() {
    return true;
  }

  @Override
  public Structure read(ConfigKeys keys) {
    Dimensions dimensions = Dimensions.read(keys);
    Rotation rotation = Rotation.read(keys, dimensions, 1);
    double scalar = keys.numberOr("query_pre_attn_scalar", 256, 1e-6, 1e6);
    float scale = (float) (1 / Math.sqrt(scalar));
    float cap = keys.capOr("attn_logit_softcapping", Scores.UNCAPPED);
    List<Scores> scores =
        Windows.read(keys, dimensions.layers(), 4096, layer -> layer % 2 == 0).stream()
            .map(window -> new Scores(scale, window, cap))
            .toList();
    return new Settings(
        rotation.within(dimensions),
        keys.epsilonOr("rms_norm_eps", 1e-6),
        rotation.frequencies(),
        Activations.read(keys, "hidden_activation", Activation.GELU_TANH),
        scores,
        new Options(
            keys.flagOr("attention_bias", false),
            keys.capOr("final_logit_softcapping", Head.UNCAPPED)));
  }

  private record Options(boolean bias, float logitCap) {}

  private record Settings(
      Dimensions dimensions,
      float epsilon,
      Rope.Frequencies rope,
      Activation activation,
      List<Scores> scores,
      Options options)
      implements Structure {
    @Override
    public Network network(int vocabulary, boolean tied) {
      Parts parts = new Parts(dimensions);
      Parameter.Matrix embedding = parts.vocabulary("model.embed_tokens", vocabulary);
      List<Block> blocks = new ArrayList<>();
      for (int layer = 0; layer < dimensions.layers(); layer++) {
        blocks.add(block(parts, layer));
      }
      return new Decoder(
          parts,
          new Embedding(embedding, (float) Math.sqrt(dimensions.hidden()), null),
          blocks,
          new Head(
              parts.rmsNormPlusOne("model.norm", epsilon),
              parts.head("lm_head", embedding, tied),
              options.logitCap),
          name -> name.endsWith(".rotary_emb.inv_freq"));
    }

    private Block block(Parts parts, int layer) {
      String prefix = "model.layers." + layer + ".";
      boolean bias = options.bias;
      return Block.sequential(
          new Sublayer<>(
              parts.rmsNormPlusOne(prefix + "input_layernorm", epsilon),
              new SelfAttention(
                  parts.separate(prefix + "self_attn.", bias),
                  null,
                  rope,
                  scores.get(layer),
                  parts.output(prefix + "self_attn.o_proj", bias)),
              parts.rmsNormPlusOne(prefix + "post_attention_layernorm", epsilon)),
          new Sublayer<>(
              parts.rmsNormPlusOne(prefix + "pre_feedforward_layernorm", epsilon),
              parts.gated(prefix + "mlp.", activation, false),
              parts.rmsNormPlusOne(prefix + "post_feedforward_layernorm", epsilon)));
    }
  }
}
