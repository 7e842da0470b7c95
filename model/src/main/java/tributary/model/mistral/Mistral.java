package tributary.model.mistral;

import tributary.gpu.Attention.Scores;
import tributary.model.family.ConfigKeys;
import tributary.model.family.Dimensions;
import tributary.model.family.Family;
import tributary.model.family.Structure;
import tributary.model.family.Windows;
import tributary.model.llama.LlamaStructure;

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
    return LlamaStructure.read(
        keys,
        dimensions,
        Windows.read(keys, dimensions.layers(), Scores.EVERYTHING, _ -> true),
        LlamaStructure.Details.PLAIN);
  }
}
