package tributary.model.opt;

import java.util.ArrayList;
import java.util.List;
import tributary.gpu.Activation;
import tributary.gpu.Attention.Scores;
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

/** Reads {@code OPTForCausalLM}. */
public final class Opt implements Family {
  @Override
  public String architecture() {
    return "OPTForCausalLM";
  }

  @Override
  public String modelType() {
    return "opt";
  }

  @Override
  public boolean tiedUnlessSaid() {
    return true;
  }

  @Override
  public Structure read(ConfigKeys keys) {
    if (!keys.flagOr("do_layer_norm_before", true)) {
      throw keys.complaint("do_layer_norm_before", "is false; this build norms before each layer");
    }
    if (!keys.flagOr("layer_norm_elementwise_affine", true)) {
      throw keys.complaint("layer_norm_elementwise_affine", "is false; norms need weights");
    }
    if (keys.flagOr("_remove_final_layer_norm", false)) {
      throw keys.complaint("_remove_final_layer_norm", "is true; this build norms before the head");
    }
    int hidden = keys.size("hidden_size");
    if (keys.integerOr("word_embed_proj_dim", hidden, 1, Integer.MAX_VALUE) != hidden) {
      throw keys.complaint(
          "word_embed_proj_dim",
          "is not hidden_size %d; embeddings are not projected".formatted(hidden));
    }
    int heads = keys.count("num_attention_heads");
    return new Settings(
        new Dimensions(
            hidden,
            keys.size("ffn_dim"),
            keys.count("num_hidden_layers"),
            heads,
            heads,
            Dimensions.headSize(keys, hidden, heads),
            Dimensions.context(keys)),
        Activations.read(keys, "activation_function", Activation.RELU),
        keys.flagOr("enable_bias", true));
  }

  private static final float EPSILON = 1e-5f;

  /** Rows before that of the first position. */
  private static final int POSITION_OFFSET = 2;

  private record Settings(Dimensions dimensions, Activation activation, boolean bias)
      implements Structure {
    @Override
    public Network network(int vocabulary, boolean tied) {
      Parts parts = new Parts(dimensions);
      Parameter.Matrix embedding = parts.vocabulary("model.decoder.embed_tokens", vocabulary);
      Parameter.Matrix positions =
          parts
              .parameters()
              .matrix(
                  "model.decoder.embed_positions.weight",
                  dimensions.context() + POSITION_OFFSET,
                  dimensions.hidden());
      List<Block> blocks = new ArrayList<>();
      for (int layer = 0; layer < dimensions.layers(); layer++) {
        blocks.add(block(parts, "model.decoder.layers." + layer + "."));
      }
      return new Decoder(
          parts,
          new Embedding(embedding, 1, new Embedding.Positions(positions, POSITION_OFFSET)),
          blocks,
          Head.of(
              parts.layerNorm("model.decoder.final_layer_norm", EPSILON),
              parts.head("lm_head", embedding, tied)),
          _ -> false);
    }

    private Block block(Parts parts, String prefix) {
      return Block.sequential(
          Sublayer.of(
              parts.layerNorm(prefix + "self_attn_layer_norm", EPSILON),
              new SelfAttention(
                  parts.separate(prefix + "self_attn.", bias),
                  null,
                  Rotation.NONE,
                  Scores.scaled((float) (1 / Math.sqrt(dimensions.headSize()))),
                  parts.output(prefix + "self_attn.out_proj", bias))),
          Sublayer.of(
              parts.layerNorm(prefix + "final_layer_norm", EPSILON),
              parts.plain(prefix + "fc1", prefix + "fc2", activation, bias)));
    }
  }
}
