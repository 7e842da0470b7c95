package tributary.model.llama;

import tributary.gpu.Activation;
import tributary.model.family.Activations;
import tributary.model.family.ConfigKeys;
import tributary.model.family.Dimensions;
import tributary.model.family.Family;
import tributary.model.family.Rotation;
import tributary.model.family.Structure;

/** Reads {@code LlamaForCausalLM}. */
public final class Llama implements Family {
  public static final String ARCHITECTURE = "LlamaForCausalLM";

  @Override
  public String architecture() {
    return ARCHITECTURE;
  }

  @Override
  public String modelType() {
    return "llama";
  }

  @Override
  public Structure read(ConfigKeys keys) {
    Dimensions dimensions = Dimensions.read(keys);
    Rotation rotation = Rotation.read(keys, dimensions, 1);
    return new LlamaStructure(
        rotation.within(dimensions),
        keys.epsilonOr("rms_norm_eps", 1e-6),
        rotation.frequencies(),
        Activations.read(keys, "hidden_act", Activation.SILU),
        new LlamaStructure.Biases(
            keys.flagOr("attention_bias", false), keys.flagOr("mlp_bias", false)));
  }
}
