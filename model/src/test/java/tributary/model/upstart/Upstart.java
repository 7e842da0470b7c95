package tributary.model.upstart;

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
import tributary.model.network.Network;
import tributary.model.network.Parameter;

/** Half of each head rotated, a feed-forward layer without a gate, norms of both kinds. */
public final class Upstart implements Family {
  @Override
  public String architecture() {
    return "UpstartForCausalLM";
  }

  @Override
  public String modelType() {
    return "upstart";
  }

  @Override
  public Structure read(ConfigKeys keys) {
    Dimensions dimensions = Dimensions.read(keys);
    Rotation rotation = Rotation.read(keys, dimensions, 0.5);
    return new Settings(
        rotation.within(dimensions),
        keys.epsilonOr("norm_eps", 1e-5),
        rotation.frequencies(),
        Activations.read(keys, "hidden_act", Activation.GELU));
  }

  private record Settings(
      Dimensions dimensions, float epsilon, Rope.Frequencies rope, Activation activation)
      implements Structure {
    @Override
    public Network network(int vocabulary, boolean tied) {
      Parts parts = new Parts(dimensions);
      Parameter.Matrix embedding = parts.vocabulary("wte", vocabulary);
      List<Block> blocks = new ArrayList<>();
      for (int layer = 0; layer < dimensions.layers(); layer++) {
        blocks.add(block(parts, "h." + layer + "."));
      }
      return new Decoder(
          parts,
          Embedding.of(embedding),
          blocks,
          Head.of(parts.layerNorm("norm", epsilon), parts.head("head", embedding, tied)),
          _ -> false);
    }

    private Block block(Parts parts, String prefix) {
      return Block.parallel(
          Sublayer.of(
              parts.rmsNorm(prefix + "norm_1", epsilon),
              new SelfAttention(
                  parts.stacked(prefix + "qkv", false),
                  null,
                  rope,
                  Scores.scaled((float) (1 / Math.sqrt(dimensions.headSize()))),
                  parts.output(prefix + "out", false))),
          Sublayer.of(
              parts.layerNorm(prefix + "norm_2", epsilon),
              parts.plain(prefix + "up", prefix + "down", activation, true)));
    }
  }
}
