package tributary.model.llama;

import tributary.model.family.ConfigKeys;
import tributary.model.family.Dimensions;
import tributary.model.family.Family;
import tributary.model.family.Structure;
import tributary.model.family.Windows;

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
    boolean attention = keys.flagOr("attention_bias", false);
    return LlamaStructure.read(
        keys,
        dimensions,
        Windows.everything(dimensions.layers()),
        new LlamaStructure.Details(
            false, attention, attention, keys.flagOr("mlp_bias", false), false));
  }
}
