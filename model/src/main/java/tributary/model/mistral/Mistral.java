package tributary.model.mistral;

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

/** Reads {@code MistralForCausalLM}. */
public final class Mistral implements Family {
  @Override
  public String architecture() {
    return "MistralForCausalLM";
  }

  @Override
  public String modelType() {
    return "mistral";
  }

  @Override
  public Structure read(ConfigKeys keys) {
    Dimensions dimensions = Dimensions.read(keys);
    Rotation rotation = Rotation.read(keys, dimensions, 1);
    return new Settings(
        rotation.within(dimensions),
        keys.epsilonOr("rms_norm_eps", 1e-6),
        rotation.frequencies(),
        Activations.read(keys, "hidden_act", Activation.SILU),
        Windows.read(keys, dimensions.layers(), Scores.EVERYTHING, _ -> true));
  }

  private record Settings(
      Dimensions dimensions,
      float epsilon,
      Rope.Frequencies rope,
      Activation activation,
      List<Integer> windows)
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
          Embedding.of(embedding),
          blocks,
          Head.of(parts.rmsNorm("model.norm", epsilon), parts.head("lm_head", embedding, tied)),
          name -> name.endsWith(".rotary_emb.inv_freq"));
    }

    private Block block(Parts parts, int layer) {
      String prefix = "model.layers." + layer + ".";
      return Block.sequential(
          Sublayer.of(
              parts.rmsNorm(prefix + "input_layernorm", epsilon),
              new SelfAttention(
                  parts.separate(prefix + "self_attn.", false),
                  null,
                  rope,
                  new Scores(
                      (float) (1 / Math.sqrt(dimensions.headSize())),
                      windows.get(layer),
                      Scores.UNCAPPED),
                  parts.output(prefix + "self_attn.o_proj", false))),
          Sublayer.of(
              parts.rmsNorm(prefix + "post_attention_layernorm", epsilon),
              parts.gated(prefix + "mlp.", activation, false)));
    }
  }
}
