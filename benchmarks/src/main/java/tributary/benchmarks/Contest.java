package tributary.benchmarks;

import java.util.List;
import tributary.benchmarks.engines.Work;

/** What engines can be compared in; lower case to be typed. */
enum Contest {
  /** Sequences of the base that decode side by side, by the size of the batch. */
  decode,
  /** Fine-tunes that decode a sequence each. */
  adapters,
  /** A prompt that is read. */
  prefill;

  /**
   * How much of each.
   *
   * @param batches sequences that decode side by side
   * @param fineTunes that decode a sequence each
   * @param tokens a sequence decodes
   * @param promptTokens of the prompt that is read
   */
  record Sizes(List<Integer> batches, int fineTunes, int tokens, int promptTokens) {}

  /** The kinds of work; those in one list are measured in the same rounds. */
  List<List<Work>> works(Sizes sizes) {
    return switch (this) {
      case decode ->
          sizes.batches.stream()
              .map(batch -> List.<Work>of(new Work.Decode(batch, sizes.tokens)))
              .toList();
      case adapters ->
          List.of(
              List.of(
                  new Work.OneBitDeltas(sizes.fineTunes, sizes.tokens),
                  new Work.LoraAdapters(sizes.fineTunes, sizes.tokens)));
      case prefill -> List.of(List.of(new Work.Prefill(sizes.promptTokens)));
    };
  }
}
