package tributary.model.phi3;

import tributary.gpu.Attention.Scores;
import tributary.model.family.ConfigKeys;
import tributary.model.family.Dimensions;
import tributary.model.family.Family;
import tributary.model.family.Structure;
import tributary.model.family.Windows;
import tributary.model.llama.LlamaStructure;

/** Reads {@code Phi3ForCausalLM}. */
public final class Phi3 implements Family {
  @Override
  public String architecture() {
    return "Phi3ForCausalLM";
  }

  @Override
  public String modelType() {
    return "phi3";
  }

  @Override
  public Structure read(ConfigKeys keys) {
    Dimensions dimensions = Dimensions.read(keys);
    return LlamaStructure.read(
        keys,
        dimensions,
        Windows.read(keys, dimensions.layers(), Scores.EVERYTHING, _ -> true),
        new LlamaStructure.Details(true, false, false, false, false));
  }
}
