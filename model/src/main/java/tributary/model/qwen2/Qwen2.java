package tributary.model.qwen2;

import tributary.model.family.ConfigKeys;
import tributary.model.family.Dimensions;
import tributary.model.family.Family;
import tributary.model.family.Structure;
import tributary.model.family.Windows;
import tributary.model.llama.LlamaStructure;

/** Reads {@code Qwen2ForCausalLM}. */
public final class Qwen2 implements Family {
  @Override
  public String architecture() {
    return "Qwen2ForCausalLM";
  }

  @Override
  public String modelType() {
    return "qwen2";
  }

  @Override
  public Structure read(ConfigKeys keys) {
    Dimensions dimensions = Dimensions.read(keys);
    return LlamaStructure.read(
        keys,
        dimensions,
        Windows.upper(keys, dimensions.layers()),
        new LlamaStructure.Details(false, true, false, false, false));
  }
}
