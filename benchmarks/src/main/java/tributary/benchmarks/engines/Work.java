package tributary.benchmarks.engines;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;

/** What an engine does while its tokens per second are counted; decoding is greedy. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(Work.Decode.class),
  @JsonSubTypes.Type(Work.OneBitDeltas.class),
  @JsonSubTypes.Type(Work.LoraAdapters.class),
  @JsonSubTypes.Type(Work.Prefill.class)
})
public sealed interface Work {

  /**
   * Equal sequences of the base decode side by side; prompts are not counted.
   *
   * @param batch sequences
   * @param tokens a sequence decodes, after the one that the prompt yields
   */
  @JsonTypeName("decode")
  record Decode(int batch, int tokens) implements Work {
    public Decode {
      requirePositive("batch", batch);
      requirePositive("tokens", tokens);
    }

    @Override
    public int sequences() {
      return batch;
    }

    @Override
    public String label() {
      return "batch " + batch;
    }
  }

  /**
   * Fine-tunes that differ from the base by a sign and a scale decode a sequence each, side by
   * side; prompts are not counted.
   *
   * @param fineTunes each another's
   * @param tokens a sequence decodes, after the one that the prompt yields
   */
  @JsonTypeName("one-bit-deltas")
  record OneBitDeltas(int fineTunes, int tokens) implements Work {
    public OneBitDeltas {
      requirePositive("fine-tunes", fineTunes);
      requirePositive("tokens", tokens);
    }

    @Override
    public int sequences() {
      return fineTunes;
    }

    @Override
    public String label() {
      return fineTunes + " one-bit deltas";
    }
  }

  /**
   * LoRA adapters decode a sequence each: side by side where the engine can, else one after
   * another; prompts are not counted.
   *
   * @param fineTunes each another's, the first of the model's adapters
   * @param tokens a sequence decodes, after the one that the prompt yields
   */
  @JsonTypeName("lora-adapters")
  record LoraAdapters(int fineTunes, int tokens) implements Work {
    public LoraAdapters {
      requirePositive("fine-tunes", fineTunes);
      requirePositive("tokens", tokens);
    }

    @Override
    public int sequences() {
      return fineTunes;
    }

    @Override
    public String label() {
      return fineTunes + " LoRA adapters";
    }
  }

  /**
   * One prompt is read by the base, from an empty cache to the first token.
   *
   * @param promptTokens its length, the begin token included
   */
  @JsonTypeName("prefill")
  record Prefill(int promptTokens) implements Work {
    public Prefill {
      requirePositive("prompt tokens", promptTokens);
    }

    @Override
    public int sequences() {
      return 1;
    }

    @Override
    public int tokens() {
      return 0;
    }

    @Override
    public String label() {
      return "prompt of " + promptTokens + " tokens";
    }
  }

  /** Sequences that each begin with the prompt. */
  int sequences();

  /** Tokens that each sequence decodes after the one that its prompt yields. */
  int tokens();

  /** For people, after an engine's name. */
  String label();

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + ": " + value + ", wanted at least 1");
    }
  }
}
