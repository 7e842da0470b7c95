package tributary.model.qwen3;

import tributary.model.family.ConfigKeys;
import tributary.model.family.Dimensions;
import tributary.model.family.Family;
import tributary.model.family.Structure;
import tributary.model.family.Windows;
import tributary.model.llama.LlamaStructure;

/** Reads {@code Qwen3ForCausalLM}. */
public final class Qwen3 implements Family {
  @Override
  public String architecture() {
    return "Qwen3ForCausalLM";
  }

  @Override
  public String modelType() {
    return "qwen3";
  }

  @Override
  public Structure read(ConfigKeys keys) {
    Dimensions dimensions = Dimensions.read(keys);
    boolean bias = keys.flagOr("attention_bias", false);
    return LlamaStructure.read(
        keys,
        dimensions,
        Windows.upper(keys, dimensions.layers()),
        new LlamaStructure.Details(false, bias, bias, false, true));
  }
}
