package tributary.model.gemma3;

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
import tributary.model.family.Windows;
import tributary.model.network.Network;
import tributary.model.network.Parameter;

/** Reads {@code Gemma3ForCausalLM}. */
public final class Gemma3 implements Family {
  @Override
  public String architecture() {
    return "Gemma3ForCausalLM";
  }

  @Override
  public String modelType() {
    return "gemma3_text";
  }

  @Override
  public boolean tiedUnlessSaid() {
    return true;
  }

  @Override
  public Structure read(ConfigKeys keys) {
    Dimensions dimensions = Dimensions.read(keys);
    List<Integer> windows = windows(keys, dimensions.layers());
    Rotations rotations = Rotations.read(keys, dimensions);
    double scalar = keys.numberOr("query_pre_attn_scalar", 256, 1e-6, 1e6);
    float scale = (float) (1 / Math.sqrt(scalar));
    float cap = keys.capOr("attn_logit_softcapping", Scores.UNCAPPED);
    List<Reach> reaches =
        windows.stream()
            .map(window ->
                new Reach(
                    window == Scores.EVERYTHING ? rotations.global() : rotations.local(),
                    new Scores(scale, window, cap)))
            .toList();
    return new Settings(
        dimensions,
        keys.epsilonOr("rms_norm_eps", 1e-6),
        Activations.read(keys, "hidden_activation", Activation.GELU_TANH),
        reaches,
        new Options(
            keys.flagOr("attention_bias", false),
            keys.capOr("final_logit_softcapping", Head.UNCAPPED)));
  }

  /** Every sixth layer sees everything, unless said otherwise. */
  private static List<Integer> windows(ConfigKeys keys, int layers) {
    int pattern = keys.integerOr("sliding_window_pattern", 6, 1, ConfigKeys.TOKENS_MAX);
    return Windows.read(keys, layers, 4096, layer -> (layer + 1) % pattern != 0);
  }

  /** Rotation of layers that see everything, and of those that see a window. */
  private record Rotations(Rope.Frequencies global, Rope.Frequencies local) {
    private static final double GLOBAL_THETA = 1e6;
    private static final double LOCAL_THETA = 1e4;

    static Rotations read(ConfigKeys keys, Dimensions dimensions) {
      Optional<ConfigKeys> both = keys.object("rope_parameters");
      Optional<ConfigKeys> global =
          both.isPresent() ? both.get().object("full_attention") : keys.object("rope_scaling");
      double localTheta = keys.numberOr("rope_local_base_freq", LOCAL_THETA, 1, 1e12);
      return new Rotations(
          of(keys, global, RopeScaling.theta(keys, GLOBAL_THETA), dimensions),
          of(keys, both.flatMap(b -> b.object("sliding_attention")), localTheta, dimensions));
    }

    private static Rope.Frequencies of(
        ConfigKeys keys, Optional<ConfigKeys> rope, double theta, Dimensions dimensions) {
      RopeScaling scaling = RopeScaling.read(rope, theta, keys, dimensions);
      return Rotation.of(keys, scaling, dimensions.headSize(), 1).frequencies();
    }
  }

  /** How a layer sees positions. */
  private record Reach(Rope.Frequencies rope, Scores scores) {}

  private record Options(boolean bias, float logitCap) {}

  private record Settings(
      Dimensions dimensions,
      float epsilon,
      Activation activation,
      List<Reach> reaches,
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
                  parts.headNorms(prefix + "self_attn.", 1, epsilon),
                  reaches.get(layer).rope(),
                  reaches.get(layer).scores(),
                  parts.output(prefix + "self_attn.o_proj", bias)),
              parts.rmsNormPlusOne(prefix + "post_attention_layernorm", epsilon)),
          new Sublayer<>(
              parts.rmsNormPlusOne(prefix + "pre_feedforward_layernorm", epsilon),
              parts.gated(prefix + "mlp.", activation, false),
              parts.rmsNormPlusOne(prefix + "post_feedforward_layernorm", epsilon)));
    }
  }
}
